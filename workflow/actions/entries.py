"""Checking what another person entered (an act of an outside office, a paper signature, a reply taken over), or
taking back what one entered oneself.
"""

from __future__ import annotations

from datetime import datetime

from workflow import rules
from workflow.actions.casework import Casework, refuse
from workflow.actions.decisions import conclude
from workflow.actions.outside import apply_outside
from workflow.actions.projects import apply_take_over
from workflow.actions.replies import apply_completion
from workflow.errors import Conflict, reason
from workflow.events import EntryRejected, EntryWithdrawn
from workflow.machine import TRIGGERS
from workflow.state import Completed, Entry, PaperSigned, TakenOver
from workflow.transaction import Tell, Transaction


def confirm_entry(tx: Transaction, *, ref: str, number: int, actor: int, now: datetime) -> int:
    """Confirm an entry against the original: it takes effect. Returns the project's event number.

    Refused for whoever entered it, and if what it says can no longer be.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    refuse(work.may(rules.may_confirm, str(number)))
    entry = work.project.state.entries[str(number)]

    match entry.what:
        case PaperSigned() as signed:
            _apply_signature(work, entry, signed)
        case TakenOver() as taken:
            refuse(rules.going_on(work.case))
            apply_take_over(work, entry.stage, taken, number)
        case Completed() as what:
            apply_completion(work, entry.stage, what, number)
        case what:
            refuse(rules.running(work.case))
            apply_outside(work, entry.stage, what, number)
    return work.project.seq


def reject_entry(
    tx: Transaction, *, ref: str, number: int, reason_given: str, actor: int, now: datetime
) -> int:
    """Reject an entry: it has no effect, and whoever entered it is told why."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    refuse(
        [
            *work.may(rules.may_confirm, str(number)),
            *rules.check_text(reason_given, "reason", "不予确认的理由", required=True),
        ]
    )
    entry = work.project.state.entries[str(number)]

    rejected = EntryRejected(number, entry.stage, reason_given, entry.on_behalf or entry.by)
    work.record(rejected, Tell("rejected", (entry.by,)))
    return work.project.seq


def withdraw_entry(tx: Transaction, *, ref: str, number: int, actor: int, now: datetime) -> int:
    """Take back one's own entry before it is checked: it has no effect, and its checkers hear that it is gone."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    refuse(work.may(rules.may_withdraw_entry, str(number)))
    entry = work.project.state.entries[str(number)]
    work.on_behalf = entry.on_behalf

    work.record(EntryWithdrawn(number, entry.stage), Tell("relieved", entry.checkers))
    return work.project.seq


def _apply_signature(work: Casework, entry: Entry, signed: PaperSigned) -> None:
    spec = work.spec(entry.stage)
    stage = work.stage(entry.stage)
    refuse(rules.running(work.case))
    if stage.step != signed.step or signed.content != rules.content_token(stage.papers):
        raise Conflict(reason("entry-outdated", entry.stage))
    reasons = rules.may_move(work.case, entry.stage, TRIGGERS[signed.outcome])
    reasons += rules.is_decider(work.case, entry.stage, signed.signer)
    if signed.outcome == "approved":
        reasons += rules.may_conclude(work.case, spec)
    refuse(reasons)
    conclude(
        work,
        spec,
        outcome=signed.outcome,
        opinion=signed.opinion,
        fixes=signed.fixes,
        signed_by=signed.signer,
        entry=entry.number,
    )
