"""What leaders look at: 预警 with what was done about each, and the board of projects on one page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk
from api.web.pages import Word
from api.web.render import page, with_query
from workflow import queries
from workflow.queries.numbers import number_of

router = APIRouter(include_in_schema=False)


@router.get("/warnings")
async def warnings(
    request: Request,
    desk: AtDesk,
    light: Word = "",
    unit: Word = "",
    holder: Word = "",
    after: Word = "",
) -> Response:
    """预警: everything yellow and red, by unit and person, and what was sent to whom."""
    given = {
        "light": light if light in queries.LIGHT_FILTERS else "",
        "unit": number_of(unit) or 0,
        "holder": number_of(holder) or 0,
    }

    def with_filter(**changed: Any) -> str:
        return with_query("/warnings", {**given, **changed})

    return page(
        request,
        "warnings.html",
        desk.visitor,
        it=await desk.ask(
            queries.warnings, kind=given["light"], unit=given["unit"], holder=given["holder"], after=after
        ),
        kinds=queries.LIGHT_FILTERS,
        given=given,
        with_filter=with_filter,
        today=desk.day,
    )


@router.get("/board")
async def board(
    request: Request, desk: AtDesk, light: Word = "", unit: Word = "", after: Word = ""
) -> Response:
    """看板: fifty projects on one page, the worst first."""
    given = {"light": light, "unit": unit if number_of(unit) else ""}
    filters = queries.Filters(light=light, unit=number_of(unit) or 0)

    def with_filter(**changed: Any) -> str:
        return with_query("/board", {**given, **changed})

    return page(
        request,
        "board.html",
        desk.visitor,
        it=await desk.ask(queries.board, filters=filters, after=after),
        light=light,
        unit=number_of(unit),
        with_filter=with_filter,
        today=desk.day,
    )
