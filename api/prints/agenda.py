"""A person's days as an iCalendar file. Pure.

Invariant: the same thing keeps its UID whatever its day becomes, and a file carries no amounts; what is
only provisional, or another office's to keep, says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from workflow.clock import SHANGHAI
from workflow.queries.dates import Dated

if TYPE_CHECKING:
    from icalendar import Event

REFRESH: Final = timedelta(hours=1)


def agenda(items: Iterable[Dated], *, name: str, address: str, day: date) -> bytes:
    """The file: whole days only. `address` is where the desk is, `day` the day on which it is read."""
    from icalendar import Calendar  # here, because it takes long to load and few ask for it

    calendar = Calendar()
    calendar.add("prodid", "-//Shenpi//审批//CN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"审批时限（{name}）")
    calendar.add("x-wr-timezone", str(SHANGHAI))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    stamped = datetime.combine(day, time(), SHANGHAI)
    for item in items:
        calendar.add_component(_event(item, address, stamped))
    content: bytes = calendar.to_ical()
    return content


def _event(item: Dated, address: str, stamped: datetime) -> Event:
    from icalendar import Event

    event = Event()
    stage = f"/stages/{item.stage}" if item.stage else ""
    marks = [word for word, holds in (("暂定", item.provisional), ("本局推算", item.outside)) if holds]
    marks += [f"代{item.for_whom}"] if item.for_whom else []
    event.add("uid", f"{item.key}@shenpi")
    event.add("dtstamp", stamped)
    event.add("dtstart", item.day)
    event.add("dtend", item.day + timedelta(days=1))
    event.add("summary", item.words + (f"（{'，'.join(marks)}）" if marks else ""))
    event.add("description", "\n".join([*_remarks(item), "详情以系统页面为准。"]))
    event.add("url", f"{address}/projects/{item.ref}{stage}")
    event.add("transp", "TRANSPARENT")
    return event


def _remarks(item: Dated) -> Iterable[str]:
    if item.provisional:
        yield "暂定：当年放假安排尚未公布，公布后自动重算。"
    if item.outside:
        yield "本局推算，以对方单位为准。"
