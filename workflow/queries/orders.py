"""督办单 as pages, mails and paper show them: what is open, and what became of the last one."""

from __future__ import annotations

from collections.abc import Sequence

from workflow import rules
from workflow.clock import local_day
from workflow.events import Event, ExplanationFiled, OrderIssued, OrderWithdrawn, kind_of
from workflow.queries.reading import Reading
from workflow.queries.record import Row, told
from workflow.queries.views import OrderPaper, OrderView
from workflow.queries.words import clock_day, clock_time, due_of
from workflow.record import instant

_MOVES = ("stage.", "step.decided", "outside.moved", "reply.lapsed")
"""How the kinds of those events begin that end an order by moving its stage on."""


def order_view(reading: Reading, key: str) -> OrderView | None:
    """The order that is open there, if there is one."""
    order = reading.state.stage(key).order
    if order is None:
        return None
    return OrderView(
        by=reading.directory.acting(order.by, order.on_behalf),
        on=clock_day(local_day(order.at), reading.day),
        to=rules.names(reading.directory, reading.state.stage(key).holders),
        wanted=order.wanted,
        due=due_of(order.clock, reading.calendar, reading.day),
        mine=rules.answers(reading.case, key),
    )


def order_paper(reading: Reading, key: str, record: Sequence[tuple[Row, Event]]) -> OrderPaper | None:
    """The last order of the stage and what ended it; `record` is the stage's, newest first."""
    later: list[tuple[Row, Event]] = []
    for row, event in record:
        if isinstance(event, OrderIssued):
            return _paper(reading, key, row, event, later)
        later.insert(0, (row, event))
    return None


def _paper(
    reading: Reading, key: str, row: Row, event: OrderIssued, later: list[tuple[Row, Event]]
) -> OrderPaper:
    directory, open_now = reading.directory, reading.state.stage(key).order
    ended = "" if open_now else _ending(reading, later)
    return OrderPaper(
        seq=row.seq,
        by=directory.acting(row.actor_id, event.on_behalf),
        title=directory.title(event.on_behalf or row.actor_id),
        at=clock_time(instant(row.at)),
        to=rules.names(directory, event.to),
        wanted=event.wanted,
        due_on=event.clock.due_on,
        ended=ended,
    )


def _ending(reading: Reading, later: list[tuple[Row, Event]]) -> str:
    """What ended the order, in the words of the record; a stop of the whole project is told there, not here."""
    for row, event in later:
        answered = isinstance(event, ExplanationFiled) and event.answers
        if answered or isinstance(event, OrderWithdrawn) or kind_of(event).startswith(_MOVES):
            line = told(reading, row, event)
            return f"{line.at} {line.text}"
    return "项目已中止或终止，督办随之了结"
