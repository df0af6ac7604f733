"""The stage graph on pages: both of its pictures, and a page of its own to look at and print."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk
from api.graph import Graph, project_graph, strip, svg
from api.prints.sheet import Paper
from api.web.render import markup, page
from workflow import queries
from workflow.queries.whole import Overview

router = APIRouter(include_in_schema=False)


async def pictured(graph: Graph, day: date) -> dict[str, Any]:
    """What `figure.html` shows of a graph: for wide and for narrow screens, and the day it was drawn."""
    drawn, line = await asyncio.to_thread(lambda: (svg(graph), strip(graph)))
    return {
        "picture": markup(drawn),
        "strip": markup(line),
        "folded": bool(graph.folded),
        "drawn_on": f"{day.year}年{day.month}月{day.day}日",
    }


@router.get("/projects/{ref}/graph")
async def whole_graph(request: Request, desk: AtDesk, ref: str, size: Paper = "a4") -> Response:
    """流程图: the whole picture of a project with nothing folded away, for paper of that size."""
    found: Overview = await desk.ask(queries.overview, ref=ref, recent=1)
    it = found.project
    graph = project_graph(found.definition, it.stages, it.title, f"/projects/{ref}/stages/", whole=True)
    return page(request, "graph.html", desk.visitor, it=it, size=size, **await pictured(graph, desk.day))
