"""A visit that began again because what it rests on changed: what the clock that runs now does not say by itself.

Invariant: a clock begun anew hides nothing; what was late by then, and how long it is in all, is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from workflow.clock import local_day
from workflow.events import ClockChanged, Event, RungFired, StageRestarted, StageSubmitted
from workflow.machine import Compiled
from workflow.queries.reading import Reading
from workflow.queries.record import Row
from workflow.queries.words import Light, clock_day
from workflow.record import instant
from workflow.state import PREPARING, Clock, StageState

AGAIN = "重新计时"


def began_again(compiled: Compiled, key: str, stage: StageState) -> bool:
    """Whether the stage's own clock began again: it is where a submission leads to, and runs from a later day."""
    if stage.clock is None or stage.clock.outside or not stage.acts:
        return False
    first = compiled.machines[key].after(PREPARING, "submit")
    return stage.state == first and stage.clock.started_on > local_day(stage.acts[0].at)


def own_light(light: Light, compiled: Compiled, stages: Mapping[str, StageState]) -> Light:
    """The light of our own work in a list; if it is not red, and a clock began again, its word says so."""
    if light.colour == "red" or not any(began_again(compiled, *each) for each in stages.items()):
        return light
    return replace(light, word=f"{light.word}·{AGAIN}")


def restart_words(reading: Reading, record: Sequence[tuple[Row, Event]]) -> str:
    """Why the stage's clock runs from a later day than its submission; empty unless a restart began it.

    `record` is the stage's, newest first. Late are working days at every restart since the submission.
    """
    late, submitted = 0, None
    clock: Clock | None = None
    restarted: StageRestarted | None = None
    for row, event in reversed(record):
        day = local_day(instant(row.at))
        entered = getattr(event, "entered", None)
        if isinstance(event, StageSubmitted):
            late, submitted = 0, day
        if isinstance(event, StageRestarted):
            late += _late(reading, clock, day)
        if entered:
            restarted = event if isinstance(event, StageRestarted) else None
            clock = entered.clock
        elif (
            isinstance(event, ClockChanged | RungFired) and not event.document
        ):  # else it is a reply's validity
            clock = event.clock
    if restarted is None or clock is None:
        return ""
    return _words(reading, restarted, clock, late, submitted)


def _late(reading: Reading, clock: Clock | None, day: date) -> int:
    """By how many working days that clock was over on that day."""
    if clock is None or clock.due_on is None or clock.outside:
        return 0
    return max(0, reading.calendar.workdays_between(clock.due_on, day))


def _words(reading: Reading, event: StageRestarted, clock: Clock, late: int, submitted: date | None) -> str:
    documents = reading.definition.documents
    changed = f"“{documents[event.document].title}”更换" if event.document else "项目信息变更"
    words = f"因{changed}，本环节时限自{clock_day(clock.started_on, reading.day)}重新计算"
    if late:
        words += f"；此前已超 {late} 个工作日"
    if submitted:
        total = reading.calendar.workdays_between(submitted, reading.day)
        words += f"；自{clock_day(submitted, reading.day)}报送，至今共 {total} 个工作日"
    return f"{words}。"
