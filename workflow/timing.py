"""Clocks of stages and replies: starting, stopping, resuming, extending them, and climbing their ladders.

Pure: each function takes a `Clock` and gives the next one. Invariant: whatever moves the due date opens
a new epoch, whose ladder begins with the first rung that does not lie in the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import ceil

from msgspec.structs import replace

from workflow.calendar import Calendar
from workflow.clock import Limit, Span, Unit, deadline_at, due, renew_from, rung_at
from workflow.definition import Definition, DocumentType, Rung, Stage, StepKind
from workflow.machine import ACCEPTED, CORRECTING, FILED, FILING, is_outside
from workflow.state import ORDER, PREPARING, Clock, StageState

VALIDITY_LADDER = tuple(Rung(offset, ("clerk", "section_chief")) for offset in (-60, -20, -5, 0))
"""When people hear that a reply will lapse, in working days before its last day."""

VALIDITY = "valid"
"""The key of every validity clock."""

ORDER_RUNG = 1
"""How many working days after the day on which a 督办单 was to be answered its issuer hears that it was not."""

HELD = "事项暂缓"
"""Why a preparation's clock stands still while its stage does not apply or waits for another."""

YELLOW_SHARE = 0.2
"""A clock is yellow in the last fifth of its time, and at least on the last working day before."""


def clock_of(
    definition: Definition, stage: Stage, state: str, *, started_on: date, now: datetime, calendar: Calendar
) -> Clock | None:
    """The clock that runs while `stage` is in that state, or None if the definition sets no limit there.

    Promised and statutory limits start at the outside body's acceptance (行政许可法第42条, by analogy for
    decisions between offices); before that only the wait for acceptance is timed.
    """
    found = _limits(stage, state)
    if found is None:
        return None
    limit, statutory, outside = found
    ladder = ladder_of(definition, stage, state)
    clock = Clock(state, started_on, limit, statutory, outside=outside)
    return retime(clock, ladder, calendar, now)


def preparation(
    definition: Definition, spec: Stage, stage: StageState, *, on: date, now: datetime, calendar: Calendar
) -> Clock | None:
    """The clock of a preparation that begins on that day, or goes on in the same visit from where it first began.

    What a chief has stopped stays stopped.
    """
    clock = stage.kept
    if clock is None:
        since = stage.prepared_from or on
        return clock_of(definition, spec, PREPARING, started_on=since, now=now, calendar=calendar)
    ladder = ladder_of(definition, spec, PREPARING)
    if not clock.stopped:
        return retime(clock, ladder, calendar, now)
    return resume(clock, on, ladder, calendar, now) if clock.spans[-1].why == HELD else clock


def ladder_of(definition: Definition, stage: Stage, state: str) -> tuple[Rung, ...]:
    """The ladder that the clock of that state climbs."""
    key, _, part = state.partition(".")
    gathering = state == PREPARING or part == FILING  # the clerk's own, whatever ladder the outside step has
    step = None if gathering else stage.step(key)
    return definition.ladder_of(stage, step, outside=is_outside(state))


def _limits(stage: Stage, state: str) -> tuple[Limit, Limit | None, bool] | None:
    if state == PREPARING:
        return (stage.prepare, None, False) if stage.prepare else None
    key, _, part = state.partition(".")
    step = stage.step(key)
    if step.kind is not StepKind.EXTERNAL:
        return (step.within, None, False) if step.within else None
    limit = {
        FILING: step.file,
        FILED: step.accept,
        CORRECTING: step.correct,
        ACCEPTED: step.promised or step.statutory,
    }[part]
    if limit is None:
        return None
    return limit, step.statutory if part == ACCEPTED else None, is_outside(state)


def retime(clock: Clock, ladder: Sequence[Rung], calendar: Calendar, now: datetime) -> Clock:
    """The clock with its dates worked out anew; a new epoch if the due date moved."""
    found = due(calendar, clock.started_on, clock.limit, clock.spans, clock.extensions)
    if found is None:
        return replace(clock, due_on=None, warn_on=None, statutory_on=None, next_at=None)
    legal = (
        due(calendar, clock.started_on, clock.statutory, clock.spans, clock.extensions)
        if clock.statutory
        else None
    )
    moved = clock.due_on is not None and clock.due_on != found.day
    timed = replace(
        clock,
        due_on=found.day,
        warn_on=_warn_on(clock, found.day, calendar),
        statutory_on=legal.day if legal else None,
        provisional=found.provisional,
        statutory_provisional=bool(legal and legal.provisional),
        epoch=clock.epoch + 1 if moved else clock.epoch,
    )
    for number, rung in enumerate(ladder):
        at = rung_at(calendar, found.day, rung.offset)
        if at >= now:
            return replace(timed, rung=number, next_at=at)
    return replace(timed, rung=len(ladder), next_at=None)


def at_rung(clock: Clock, number: int, ladder: Sequence[Rung], calendar: Calendar) -> Clock:
    """The clock waiting for rung `number` of its ladder; past the last one it waits for nothing."""
    if clock.due_on is None or number >= len(ladder):
        return replace(clock, rung=number, next_at=None)
    return replace(clock, rung=number, next_at=rung_at(calendar, clock.due_on, ladder[number].offset))


def stop(clock: Clock, on: date, why: str) -> Clock:
    """Stopped on that day; it has no due date until it resumes."""
    span = Span(on, None, why)
    return replace(
        clock,
        spans=(*clock.spans, span),
        due_on=None,
        warn_on=None,
        statutory_on=None,
        next_at=None,
        epoch=clock.epoch + 1,
    )


def resume(clock: Clock, on: date, ladder: Sequence[Rung], calendar: Calendar, now: datetime) -> Clock:
    """Running again on that day, which counts."""
    closed = replace(clock.spans[-1], end=on)
    return retime(replace(clock, spans=(*clock.spans[:-1], closed)), ladder, calendar, now)


def hold(clock: Clock | None, on: date) -> Clock | None:
    """A preparation's clock, if there is one, standing still from that day because its stage is held."""
    return clock if clock is None or clock.stopped else stop(clock, on, HELD)


def extend(clock: Clock, by: Limit, ladder: Sequence[Rung], calendar: Calendar, now: datetime) -> Clock:
    """The limit made longer by `by`."""
    return retime(replace(clock, extensions=(*clock.extensions, by)), ladder, calendar, now)


def validity_clock(
    document: DocumentType, issued_on: date, until: date, calendar: Calendar, now: datetime
) -> Clock:
    """The clock of a reply's validity: yellow from the day its renewal is due, or 20 working days before."""
    limit = document.valid or Limit(max((until - issued_on).days, 1), Unit.DAYS)
    warn_on = _renew_on(document, until, calendar)
    clock = Clock(VALIDITY, issued_on, limit, due_on=until, warn_on=warn_on)
    rungs = [_validity_rung(calendar, until, rung.offset) for rung in VALIDITY_LADDER]
    reached = next((number for number, at in enumerate(rungs) if at >= now), len(rungs))
    return at_validity_rung(clock, reached, calendar)


def recount_validity(document: DocumentType, clock: Clock, calendar: Calendar) -> Clock:
    """The validity clock waiting for the same rung, on the working day that it is on in this calendar."""
    if clock.due_on is None:
        return clock
    warned = replace(clock, warn_on=_renew_on(document, clock.due_on, calendar))
    return at_validity_rung(warned, clock.rung, calendar)


def _renew_on(document: DocumentType, until: date, calendar: Calendar) -> date:
    return (
        renew_from(until, document.renew, calendar) if document.renew else calendar.add_workdays(until, -20)
    )


def at_validity_rung(clock: Clock, number: int, calendar: Calendar) -> Clock:
    """The validity clock waiting for that rung, or, past the last one, for the moment of lapse."""
    if clock.due_on is None:
        return replace(clock, rung=number, next_at=None)
    if number >= len(VALIDITY_LADDER):
        return replace(clock, rung=number, next_at=deadline_at(clock.due_on))
    at = _validity_rung(calendar, clock.due_on, VALIDITY_LADDER[number].offset)
    return replace(clock, rung=number, next_at=at)


def _validity_rung(calendar: Calendar, until: date, offset: int) -> datetime:
    """A paper lapses on its last day, working or not, so its rungs count from the working day on or before it."""
    last = until if calendar.is_workday(until) else calendar.add_workdays(until, -1)
    return rung_at(calendar, last, offset)


def order_clock(until: date, on: date, calendar: Calendar) -> Clock:
    """The clock of a 督办单 issued on that day: `until` is the day that was named, however days off come to lie."""
    limit = Limit(calendar.workdays_between(on, until), Unit.WORKDAYS)
    return recount_order(Clock(ORDER, on, limit, due_on=until), calendar)


def recount_order(clock: Clock, calendar: Calendar) -> Clock:
    """The clock of an order waiting for its rung, on the working day that it is on in this calendar."""
    if clock.due_on is None or clock.rung:
        return clock
    warn_on = _warn_on(clock, clock.due_on, calendar)
    return replace(clock, warn_on=warn_on, next_at=rung_at(calendar, clock.due_on, ORDER_RUNG))


def _warn_on(clock: Clock, due_on: date, calendar: Calendar) -> date:
    length = calendar.workdays_between(clock.started_on, due_on)
    return calendar.add_workdays(due_on, -max(1, ceil(length * YELLOW_SHARE)))
