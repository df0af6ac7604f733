"""督办: chasing a stage inside the house. It is answered by a 情况说明, or ends with the work itself.

Invariant: at most one order is open where a stage is; it decides nothing and moves nothing.
"""

from __future__ import annotations

from datetime import date, datetime

from workflow import rules
from workflow.actions.casework import Casework, refuse
from workflow.events import OrderIssued, OrderWithdrawn
from workflow.timing import order_clock
from workflow.transaction import Tell, Transaction


def issue_order(
    tx: Transaction,
    *,
    ref: str,
    stage: str,
    wanted: str,
    actor: int,
    now: datetime,
    due_on: date | None = None,
    turn: int | None = None,
) -> int:
    """Ask whoever holds the stage for an answer by that day, else within two working days (督办单).

    Whoever checks what was entered there is told with them: the check may be what everybody waits for.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    work.check_turn(stage, turn)
    until = due_on or tx.calendar.add_workdays(work.day, rules.ANSWERED_WITHIN)
    refuse(
        [
            *work.may(rules.may_supervise, stage),
            *rules.check_text(wanted, "wanted", "督办要求", required=True),
            *rules.check_answer_day(until, work.day, tx.calendar),
        ]
    )

    entries = (entry for entry in work.project.state.entries.values() if entry.stage == stage)
    asked = (*work.stage(stage).holders, *(who for entry in entries for who in entry.checkers))
    clock = order_clock(until, work.day, tx.calendar)
    to = work.others(asked)
    work.record(OrderIssued(stage, wanted.strip(), to, clock), Tell("supervised", to))
    return work.project.seq


def withdraw_order(
    tx: Transaction, *, ref: str, stage: str, reason_given: str, actor: int, now: datetime
) -> int:
    """Take back an order that is still open; those it went to need not answer any more."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    refuse(
        [
            *work.may(rules.may_withdraw_order, stage),
            *rules.check_text(reason_given, "reason", "理由", required=True),
        ]
    )

    holders = work.stage(stage).holders
    work.record(OrderWithdrawn(stage, reason_given.strip()), Tell("order_ended", holders))
    return work.project.seq
