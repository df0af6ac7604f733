"""What opens, passes or closes by itself once papers, facts and days are as they are. Pure.

Going forward is never an arrow in the definition: a stage's turn comes when the replies it needs exist
and are valid and its `after` has passed. Everything else is parallel (并联审批).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from workflow.calendar import Calendar
from workflow.clock import due
from workflow.conditions import Unknown
from workflow.definition import Stage
from workflow.events import Entered, Event, StageHeld, StageOpened, StageSkipped, StepOffered
from workflow.rules import ENTRY, FACT, Case, applies, blockers, condition_words
from workflow.state import ISSUED, LAPSED, NOT_APPLICABLE, PREPARING, REFUSED, WAITING
from workflow.timing import hold, preparation


def reconsider(case: Case, key: str, calendar: Calendar, now: datetime) -> Event | None:
    """The event by which that stage opens, passes, goes back to waiting or is offered to its clerk now; None if it
    stays as it is.
    """
    spec, stage = case.stage(key)
    if not case.state.is_running or case.state.taking_over:
        return None
    if stage.state in {REFUSED, LAPSED}:  # an event of an older program asked nobody
        return None if stage.holders else StepOffered(key, (case.state.clerk,))
    if stage.state not in {WAITING, PREPARING, NOT_APPLICABLE}:
        return None
    holds = applies(case, spec)
    earliest = earliest_day(case, spec, calendar)
    waiting_for = blockers(case, spec, earliest)
    if holds is False:  # what does not apply needs no reply either that only has to be entered
        waiting_for = [each for each in waiting_for if each.kind != ENTRY]
    should_wait = bool(waiting_for) or isinstance(holds, Unknown)
    opens_on = earliest if _still_ahead(earliest, case.day) else None
    is_asked = should_wait and {each.kind for each in waiting_for} <= {FACT, ENTRY}
    asked = (case.state.clerk,) if is_asked else ()
    if stage.state == WAITING and should_wait:
        stays = (opens_on, asked) == (stage.opens_on, stage.holders)
        return None if stays else StageHeld(key, opens_on, asked=asked)
    if stage.state == WAITING:
        return _from_waiting(case, spec, calendar, now)
    changed_sides = not should_wait and bool(holds) is not (stage.state == PREPARING)
    if should_wait or changed_sides:
        clock = stage.clock if stage.state == PREPARING else stage.kept
        # a fact to be said, or a reply to be entered, is the clerk's to supply: the time goes on
        return StageHeld(key, opens_on, kept=clock if asked else hold(clock, case.day), asked=asked)
    return None


def _from_waiting(case: Case, spec: Stage, calendar: Calendar, now: datetime) -> Event:
    """What becomes of a stage whose turn has come, and of which it is known whether it applies."""
    stage = case.state.stage(spec.key)
    if spec.when is not None and not applies(case, spec):
        words = condition_words(case.definition, spec.when)
        return StageSkipped(spec.key, words, hold(stage.kept, case.day))
    clock = preparation(case.definition, spec, stage, on=case.day, now=now, calendar=calendar)
    return StageOpened(spec.key, max(1, stage.visit), Entered(PREPARING, (case.state.clerk,), clock))


def earliest_day(case: Case, spec: Stage, calendar: Calendar) -> date | None:
    """The first day after every minimum wait of the stage's `after`; None without a wait that has begun."""
    days = []
    for order in spec.after:
        before = case.state.stage(order.stage)
        if order.wait is not None and before.state == ISSUED and before.issued_on is not None:
            ends = due(calendar, before.issued_on, order.wait)
            if ends is not None:
                days.append(ends.day + timedelta(days=1))
    return max(days, default=None)


def _still_ahead(day: date | None, today: date) -> bool:
    return day is not None and day > today
