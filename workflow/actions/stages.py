"""Submitting a stage, taking it back, beginning it again, and handing it over."""

from __future__ import annotations

from datetime import datetime

from workflow import rules
from workflow.actions.casework import Casework, refuse
from workflow.events import (
    Entered,
    SoftGatePassed,
    StageReapplied,
    StageSubmitted,
    StageWithdrawn,
    StepHandedOver,
)
from workflow.timing import preparation
from workflow.transaction import Tell, Transaction


def submit_stage(
    tx: Transaction, *, ref: str, stage: str, actor: int, now: datetime, turn: int | None = None
) -> int:
    """Hand in the complete file of a stage; its first step opens. Returns the project's event number.

    Refused while a paper is missing or lapsed, a fact unknown, or the actor is not the clerk.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    spec = work.spec(stage)
    work.check_turn(stage, turn)
    refuse(work.may(rules.may_submit, stage))

    papers = rules.papers_of(work.case, spec)
    authors = {who for key in papers for who in _authors(work, key)}
    entered = work.entered(stage, work.after(stage, "submit"), exclude=authors | {actor, work.on_behalf})
    clock = work.stage(stage).clock
    kept = clock if clock is not None and (clock.spans or clock.extensions) else None
    work.move(stage, StageSubmitted(stage, papers, entered, kept))
    return work.project.seq


def _authors(work: Casework, document: str) -> tuple[int, ...]:
    if document in work.project.definition.issuers:
        return ()
    return work.project.state.documents[document].authors


def withdraw_stage(
    tx: Transaction, *, ref: str, stage: str, actor: int, now: datetime, reason_given: str = ""
) -> int:
    """Take a submission back before anybody has acted on it; a new visit begins.

    Refused once somebody has: then the holder can return it.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    spec = work.spec(stage)
    refuse([*work.may(rules.may_withdraw, stage), *rules.check_text(reason_given, "reason", "理由")])

    current = work.stage(stage)
    submitted = current.acts[0]
    work.on_behalf = submitted.on_behalf if submitted.by == actor else 0
    to = work.after(stage, "withdraw")
    definition = work.project.definition  # the time already spent on the papers stays spent
    clock = preparation(definition, spec, current, on=work.day, now=now, calendar=tx.calendar)
    entered = Entered(to, work.holders(stage, to), clock)
    relieved = Tell("relieved", work.others(current.holders, *entered.holders))
    work.begin_again(stage, StageWithdrawn(stage, entered, reason_given), relieved)
    return work.project.seq


def reapply_stage(
    tx: Transaction, *, ref: str, stage: str, actor: int, now: datetime, reason_given: str
) -> int:
    """Begin a refused or lapsed stage again, or reopen an issued one, in a new visit.

    Reopening what was issued takes a chief; its reply stays valid until the new one supersedes it.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    refuse(
        [
            *work.may(rules.may_begin_again, stage),
            *rules.check_text(reason_given, "reason", "理由", required=True),
        ]
    )

    entered = work.entered(stage, work.after(stage, rules.again_trigger(work.case, stage)))
    work.begin_again(stage, StageReapplied(stage, entered, reason_given))
    return work.project.seq


def pass_soft_gate(
    tx: Transaction, *, ref: str, stage: str, requirement: str, reason_given: str, actor: int, now: datetime
) -> int:
    """Let a stage go on without a soft requirement, with reason and signer on the record."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    refuse(
        [
            *work.may(rules.may_pass_gate, stage, requirement),
            *rules.check_text(reason_given, "reason", "理由", required=True),
        ]
    )

    if requirement not in work.stage(stage).passed:
        work.record(SoftGatePassed(stage, requirement, reason_given))
        work.settle([stage])
    return work.project.seq


def hand_over_step(
    tx: Transaction,
    *,
    ref: str,
    stage: str,
    to: int,
    reason_given: str,
    actor: int,
    now: datetime,
    turn: int | None = None,
) -> int:
    """Give a step, or a preparation, to another person (转办); by its holder or a supervisor above.

    Refused if the receiver has already had a hand in this visit: nobody decides twice. `turn` is what the
    actor's page showed: Conflict if the stage has moved since.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    work.check_turn(stage, turn)
    current = work.stage(stage)
    reasons = [
        *work.may(rules.may_hand_over, stage),
        *rules.check_text(reason_given, "reason", "理由", required=True),
    ]
    refuse([*reasons, *rules.may_receive(work.case, stage, to)])

    relieved = Tell("relieved", work.others(current.holders, to))
    work.record(
        StepHandedOver(stage, current.holders, to, reason_given), Tell("handed_over", (to,)), relieved
    )
    return work.project.seq
