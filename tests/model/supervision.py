"""督办 as it ought to be: a chase goes down, one at a time, and ends with an answer, the work or its issuer.

Whatever moves its stage, or stops or ends the project, ends it too: the reference does so where that happens.
"""

from __future__ import annotations

from datetime import date

from tests.model.places import Order
from tests.model.reference import Reference

ANSWERED_WITHIN = 2
LONGEST = 60


def issue_order(expected: Reference, actor: str, key: str, until: date | None) -> bool:
    """Whoever stands above all holders of what is yellow, red or stands still asks them for an answer."""
    stage = expected.stages[key]
    if not expected.works(actor) or not is_to_be_chased(expected, key):
        return False
    standing = expected.stands_for(
        actor, lambda people: any(expected.is_above(who, stage.holders) for who in people)
    )
    until = until or expected.workday(expected.today, ANSWERED_WITHIN)
    if standing is None or set(stage.holders) <= expected.acts_as(actor) or not is_fit(expected, until):
        return False
    stage.order = Order(actor, standing, until)
    return True


def is_to_be_chased(expected: Reference, key: str) -> bool:
    """Whether somebody has it, nobody chases it yet, and its time is nearly over or it stands still without any."""
    stage = expected.stages[key]
    if not stage.holders or stage.order:
        return False
    if not stage.is_open:
        return True
    return stage.clock is not None and stage.clock.is_pressing(expected.today, expected.is_workday)


def is_fit(expected: Reference, until: date) -> bool:
    """An answer is due on a working day, from today on and within sixty of them."""
    furthest = expected.workday(expected.today, LONGEST)
    return expected.is_workday(until) and expected.today <= until <= furthest


def explain(expected: Reference, actor: str, key: str) -> bool:
    """The holder or the clerk says why it takes so long; only the words of a holder answer an order."""
    stage = expected.stages[key]
    stands = expected.capacity(actor, [*stage.holders, expected.clerk])
    if not expected.works(actor) or stands is None or not (stage.clock or stage.order):
        return False
    if expected.capacity(actor, stage.holders) is not None:
        stage.order = None
    return True


def withdraw_order(expected: Reference, actor: str, key: str) -> bool:
    """Whoever issued it, or in whose standing it was issued, takes it back."""
    order = expected.stages[key].order
    if order is None or not expected.sees(actor):
        return False
    if expected.capacity(actor, [order.by, order.standing]) is None:
        return False
    expected.stages[key].order = None
    return True


def miss_answers(expected: Reference) -> None:
    """On the first working day after the one that was named, the sweep brings what was not answered to its issuer."""
    for stage in expected.stages.values():
        if stage.order and expected.workday(stage.order.until, 1) <= expected.today:
            stage.order.missed = True
