"""定义: the project types as pictures and as rules in words, with their versions and what changed between them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk
from api.door import door_of
from api.graph import definition_graph, outline
from api.web.graphs import pictured
from api.web.render import page
from workflow import queries

router = APIRouter(include_in_schema=False)


@router.get("/types")
async def types(request: Request, desk: AtDesk) -> Response:
    """项目类型: what is published."""
    return page(request, "types.html", desk.visitor, types=await door_of(request).ask(queries.published))


@router.get("/types/{type}")
async def one_type(request: Request, desk: AtDesk, type: str) -> Response:  # noqa: A002 - the word of the address
    """One project type as a picture and as rules."""
    definition = await door_of(request).ask(queries.latest_definition, type=type)
    drawn = await pictured(definition_graph(definition), desk.day)
    return page(request, "type.html", desk.visitor, it=definition, **drawn, outline=outline(definition))
