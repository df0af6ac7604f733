"""定义: the project types as pictures and as rules in words, with their versions and what changed between them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk
from api.door import door_of
from api.graph import definition_graph
from api.prints.sheet import Paper
from api.security import as_download
from api.web.graphs import pictured
from api.web.render import page
from workflow import queries
from workflow.difference import difference
from workflow.rulebook import fact_rules, stage_rules

router = APIRouter(include_in_schema=False)

Number = Annotated[int, Query(ge=0, le=2**31)]


@router.get("/types")
async def types(request: Request, desk: AtDesk) -> Response:
    """项目类型: what is published, and how many projects follow it."""
    return page(request, "types.html", desk.visitor, types=await desk.ask(queries.latest_versions))


@router.get("/types/{type}")
async def one_type(
    request: Request,
    desk: AtDesk,
    type: str,  # noqa: A002 - the word of the address
    version: Number = 0,
    size: Paper = "a4",
) -> Response:
    """One version of a project type as a picture and as rules; the newest if none is named."""
    versions: tuple[queries.Version, ...] = await desk.ask(queries.versions, type=type)
    door = door_of(request)
    chosen = version or versions[0].version
    definition = await door.ask(queries.definition_of, type=type, version=chosen)
    return page(
        request,
        "type.html",
        desk.visitor,
        it=definition,
        size=size,
        versions=versions,
        stages=stage_rules(definition),
        facts=fact_rules(definition),
        findings=await door.ask(queries.definition_findings, type=type, version=chosen),
        **await pictured(definition_graph(definition), desk.day),
    )


@router.get("/types/{type}/difference")
async def changed(
    request: Request,
    desk: AtDesk,
    type: str,  # noqa: A002 - as above
    old: Number = 0,
    new: Number = 0,
) -> Response:
    """What changed from one version to another; from the last but one to the last if none are named."""
    versions: tuple[queries.Version, ...] = await desk.ask(queries.versions, type=type)
    new = new or versions[0].version
    old = old or next((each.version for each in versions if each.version < new), new)
    door = door_of(request)
    before = await door.ask(queries.definition_of, type=type, version=old)
    after = await door.ask(queries.definition_of, type=type, version=new)
    return page(
        request,
        "difference.html",
        desk.visitor,
        it=after,
        versions=versions,
        old=old,
        new=new,
        sections=difference(before, after),
    )


@router.get("/types/{type}/text")
async def text(request: Request, desk: AtDesk, type: str, version: Number) -> Response:  # noqa: A002 - as above
    """The published text itself, to keep or to write the next version from."""
    del desk
    found = await door_of(request).ask(queries.definition_text, type=type, version=version)
    return Response(found, media_type="application/yaml", headers=as_download(f"{type}-{version}.yaml"))
