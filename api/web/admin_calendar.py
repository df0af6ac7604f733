"""管理·工作日历: the years that are known, and loading one: first the difference, then, on a second word, the change."""

from __future__ import annotations

import asyncio
from datetime import date

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.desk import AtDesk, Desk
from api.operations import rehearse_year
from api.schemas import Id
from api.web.admin import ADMINISTRATOR, admin_page, done_at, file_or_text, placed, refused
from api.web.forms import Sent, run
from api.web.pages import Done
from api.web.render import Failure
from workflow import queries
from workflow.actions import calendar
from workflow.calendar import STATUS_WORDS, Calendar, Year, weekday
from workflow.errors import NotFound, WorkflowError, reason
from workflow.snapshot import CALENDAR_DIRECTORY

router = APIRouter(prefix="/admin/calendar", include_in_schema=False, dependencies=list(ADMINISTRATOR))

NAME, TITLE = "calendar.yaml", "日历文件"
RECENT = 4
"""How many years are listed at once: the next, this, and what may still be asked about; earlier ones are folded."""

TEMPLATE = """\
# 周一至周五上班、周六周日休息；这里只写与此不同的日子，照国务院办公厅的通知填写。
#   off   放假：写起止两日，周末一并算在内；只放一天的，写 days: {year}-01-01
#   work  调休上班的周六、周日：一天写一行
year: {year}
status: official  # official 已公布，provisional 暂定
source: 国务院办公厅关于{year}年部分节假日安排的通知（国办发明电〔{before}〕  号）
off:
  - {{days: [{year}-01-01, {year}-01-03], why: 元旦}}
work:
  - {{day: {year}-01-04, why: 元旦调休}}
"""
"""How a year's file looks, for a year that nobody has written yet."""


@router.get("")
async def years(request: Request, desk: AtDesk, year: Id = 0, done: Done = "") -> Response:
    """工作日历: the years, where they come from, and one of them to edit."""
    return await _page(request, desk, year=year, done=done)


async def _page(
    request: Request,
    desk: Desk,
    *,
    year: Id = 0,
    failure: Failure | None = None,
    done: str = "",
    proposed: calendar.Loaded | None = None,
    content: str = "",
) -> Response:
    known: Calendar = (await desk.door.ask(queries.snapshot)).calendar
    chosen = next((each for each in known.years if each.year == year), None)
    if year and chosen is None and year != _next(known):
        raise NotFound(reason("not-found"))
    return admin_page(
        request,
        "admin_calendar.html",
        desk.visitor,
        failure=failure,
        done=done,
        years=[
            (each, STATUS_WORDS[each.status], known.workdays_in(each.year)) for each in reversed(known.years)
        ],
        recent=RECENT,
        words=STATUS_WORDS,
        was=next(
            (STATUS_WORDS[each.status] for each in known.years if proposed and each.year == proposed.year), ""
        ),
        chosen=chosen,
        writing=bool(year or content),
        days=_days(known, chosen),
        year=year,
        next=_next(known),
        proposed=proposed,
        content=content or (await _text_of(desk, year, chosen) if year else ""),
        today=desk.day,
        weekday=weekday,
    )


def _next(known: Calendar) -> int:
    """The first year that nobody has written; the product never comes without years."""
    return known.years[-1].year + 1


def _days(known: Calendar, year: Year | None) -> list[tuple[date, str]]:
    """The days of the year that differ from an ordinary week."""
    return [(day, known.why(day)) for day in sorted({**year.off, **year.work})] if year else []


async def _text_of(desk: Desk, year: int, known: Year | None) -> str:
    """The text that the year was loaded from; a beginning for one that nobody has written."""
    stored: str | None = await desk.door.ask(queries.year_text, year=year)
    if stored is not None:
        return stored
    if known is None:
        return TEMPLATE.format(year=year, before=year - 1)
    return await asyncio.to_thread((CALENDAR_DIRECTORY / f"{year}.yaml").read_text, encoding="utf-8")


@router.post("/check")
async def check(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Show what a file would change; nothing is changed."""
    content = await file_or_text(form, TITLE)
    try:
        form.check()
        found = await asyncio.to_thread(rehearse_year, desk.door.store, content, NAME, desk.now)
    except WorkflowError as error:
        failure = refused("calendar", placed(error, "text"), form)
        return await _page(request, desk, failure=failure, content=content)
    return await _page(request, desk, proposed=found, content=content)


@router.post("")
async def load(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Load what was shown."""
    content = await file_or_text(form, TITLE)
    try:
        await run(desk, form, calendar.load_year, text=content, name=NAME)
    except WorkflowError as error:
        failure = refused("calendar", placed(error, "text"), form)
        return await _page(request, desk, failure=failure, content=content)
    return done_at("/admin/calendar", "calendar-loaded")
