"""管理·类型发布: a definition is checked, compared with the version in force, and then, on a second word, published."""

from __future__ import annotations

import asyncio
import re

from fastapi import APIRouter
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk, Desk
from api.door import Door
from api.web.admin import ADMINISTRATOR, admin_page, done_at, file_or_text, placed, refused
from api.web.forms import Sent, run
from api.web.pages import Done, Word
from api.web.render import Failure
from workflow import queries
from workflow.actions import definitions
from workflow.definition import Definition
from workflow.difference import Section, difference
from workflow.errors import NotFound, WorkflowError
from workflow.loader import Finding, load

router = APIRouter(prefix="/admin/types", include_in_schema=False, dependencies=list(ADMINISTRATOR))

NAME, TITLE = "definition.yaml", "定义文件"

_NUMBER = re.compile(r"^(version:\s*)(\d+)", re.MULTILINE)


class Proposal(Struct, frozen=True):
    """A file as it was checked: what is wrong with it, and what it would change."""

    definition: Definition | None
    findings: tuple[Finding, ...]
    before: Definition | None
    changes: tuple[Section, ...]
    is_published: bool


@router.get("")
async def types(request: Request, desk: AtDesk, type: Word = "", done: Done = "") -> Response:  # noqa: A002 - the word in the address
    """类型发布: every version, and a place for the next one."""
    content = ""
    if type:
        latest: Definition = await desk.door.ask(queries.latest_definition, type=type)
        found = await desk.door.ask(queries.definition_text, type=type, version=latest.version)
        content = _NUMBER.sub(lambda each: f"{each[1]}{int(each[2]) + 1}", found, count=1)
    return await _page(request, desk, content=content, done=done)


async def _page(
    request: Request,
    desk: Desk,
    *,
    failure: Failure | None = None,
    done: str = "",
    proposal: Proposal | None = None,
    content: str = "",
) -> Response:
    return admin_page(
        request,
        "admin_types.html",
        desk.visitor,
        failure=failure,
        done=done,
        versions=await desk.door.ask(queries.every_version),
        proposal=proposal,
        content=content,
        lines=content.split("\n"),
    )


@router.post("/check")
async def check(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Say what is wrong with a file, or what it would change; nothing is published."""
    content = await file_or_text(form, TITLE)
    try:
        form.check()
    except WorkflowError as error:
        return await _page(request, desk, failure=refused("definition", error, form), content=content)
    proposal = await _propose(desk.door, content)
    return await _page(request, desk, proposal=proposal, content=content)


@router.post("")
async def publish(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Publish what was checked; running projects keep their version."""
    content = await file_or_text(form, TITLE)
    try:
        await run(desk, form, definitions.publish, text=content, name=NAME)
    except WorkflowError as error:
        failure = refused("definition", placed(error, "text"), form)
        return await _page(request, desk, failure=failure, content=content)
    return done_at("/admin/types", "published")


async def _propose(door: Door, content: str) -> Proposal:
    loaded = await asyncio.to_thread(load, content, NAME)
    found = loaded.definition
    if found is None:
        return Proposal(None, loaded.findings, None, (), is_published=False)
    try:
        before: Definition | None = await door.ask(queries.latest_definition, type=found.type)
    except NotFound:
        before = None
    changes = difference(before, found) if before else ()
    known = {(each.type, each.version): each for each in await door.ask(queries.every_version)}
    same = known.get((found.type, found.version))
    return Proposal(found, loaded.findings, before, changes, same is not None)
