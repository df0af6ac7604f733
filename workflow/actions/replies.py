"""Filling in what was left empty when a reply was entered (补登): entered by one, checked by another.

Invariant: a value that is on the record is never overwritten.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from workflow import rules
from workflow.actions.casework import Casework, refuse
from workflow.actions.decisions import enter
from workflow.events import ReplyCompleted
from workflow.state import Completed
from workflow.transaction import Transaction


def complete_reply(
    tx: Transaction, *, ref: str, stage: str, what: Completed, actor: int, now: datetime
) -> int:
    """Enter fields of a reply that are still empty; they count once another has compared the original.

    Returns the project's event number. Refused for a field that is filled in.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    spec = work.spec(stage)
    refuse([*work.may(rules.may_complete, stage), *rules.check_completion(work.case, spec, what)])

    values, _ = rules.read_facts(work.project.definition.documents[what.document].fields, what.fields)
    said = {key: value for key, value in values.items() if value is not None}
    others = {actor, work.project.state.clerk}
    enter(work, stage, replace(what, fields=said), "section_chief", exclude=others)
    return work.project.seq


def apply_completion(work: Casework, stage: str, what: Completed, entry: int) -> None:
    """The change itself, once the original was compared: whatever waited for these fields goes on."""
    refuse(rules.going_on(work.case))
    work.record(ReplyCompleted(stage, what.document, what.fields, what.basis, entry))
    work.learned(f"{what.document}.{key}" for key in what.fields)
