"""Project types: which are published, what one says, and publishing a version."""

from __future__ import annotations

from fastapi import APIRouter
from msgspec import Struct

from api.answers import Answer, answers
from api.auth import Administrator
from api.desk import AtDesk
from api.schemas import FileBody
from workflow import queries
from workflow.actions import definitions

router = APIRouter(prefix="/api/definitions", tags=["项目类型"])


class PublishedDigest(Struct, frozen=True):
    """A version is available under this digest."""

    digest: str


@router.get("", **answers(tuple[queries.Published, ...]))
async def list_published(desk: AtDesk) -> Answer:
    """The latest version of every project type."""
    return Answer(await desk.door.ask(queries.published))


@router.get("/{digest}", **answers(queries.DefinitionFile, 404))
async def show(desk: AtDesk, digest: str) -> Answer:
    """One published version."""
    return Answer(await desk.door.ask(queries.definition_file, digest=digest))


@router.post("", **answers(PublishedDigest, 409, status=201))
async def publish(desk: AtDesk, administrator: Administrator, body: FileBody) -> Answer:
    """Make a version available; running projects keep theirs."""
    del administrator
    digest = await desk.run(definitions.publish, text=body.text, name=body.name)
    return Answer(PublishedDigest(digest), 201)
