"""What an outside office did: recorded by the clerk from the paper, in force once a supervisor has checked it.

Recording is not deciding. Every record names the day on the original; clocks run from that day, not from
the day it was typed in.
"""

from __future__ import annotations

from datetime import date, datetime

from workflow import rules
from workflow.actions.casework import Casework, refuse
from workflow.actions.decisions import conclude, enter
from workflow.clock import Limit, due, local_day
from workflow.definition import Stage
from workflow.errors import Conflict, Reason, reason
from workflow.events import Entered, LetterDrafted, OutsideMoved
from workflow.files import StoredFile
from workflow.machine import FILING, TRIGGERS
from workflow.state import (
    Accepted,
    Clock,
    Completed,
    Concluded,
    Corrected,
    CorrectionNotified,
    Extended,
    Filed,
    PaperSigned,
    Record,
    Scan,
    SpecialBegan,
    SpecialEnded,
    TakenOver,
)
from workflow.timing import extend, ladder_of, resume, stop
from workflow.transaction import Transaction

RECORDED: dict[type, str] = {
    Filed: "file",
    Accepted: "accept",
    CorrectionNotified: "notify_correction",
    Corrected: "correct",
}


def record_outside(
    tx: Transaction,
    *,
    ref: str,
    stage: str,
    what: Record,
    actor: int,
    now: datetime,
    as_printed: bool = False,
    scan: StoredFile | None = None,
) -> int:
    """Enter an act of the outside office; it waits for its check. Returns the project's event number.

    `scan` is of the original that says so: the receipt of a filing, a notice.

    Refused if the stage is not with an outside office, another entry still waits, or the day cannot be.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    spec = work.spec(stage)
    current = work.stage(stage)
    reasons = work.may(rules.may_record_outside, stage)
    if "." not in current.state:
        refuse(reasons)
    reasons += outside_reasons(work, spec, what)
    if isinstance(what, Concluded) and what.outcome == "approved" and spec.steps[-1].key == current.step:
        reasons += rules.check_replies(work.case, spec, what.replies, as_printed=as_printed)
        reasons += rules.check_evidence(work.case, what.replies)
    refuse(reasons)

    kept = Scan(scan.sha256, scan.name, scan.size, scan.media, scan.marks) if scan else None
    others = {actor, work.project.state.clerk}
    enter(work, stage, what, spec.step(current.step).confirm, exclude=others, scan=kept)
    return work.project.seq


def draft_letter(tx: Transaction, *, ref: str, stage: str, text: str, actor: int, now: datetime) -> int:
    """Keep the draft of a 商请函 to the outside office on the record. People send it, never the system."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    work.spec(stage)
    refuse(
        [
            *work.may(rules.may_draft_letter, stage),
            *rules.check_text(text, "text", "函稿", required=True, longest=5000),
        ]
    )

    work.record(LetterDrafted(stage, work.stage(stage).step, text))
    return work.project.seq


def outside_reasons(work: Casework, spec: Stage, what: Record) -> list[Reason]:
    """Every reason why that act cannot have happened now: no such move, an impossible day, no such clock."""
    key = spec.key
    match what:
        case Filed() | Accepted() | CorrectionNotified() | Corrected():
            reasons = rules.may_move(work.case, key, RECORDED[type(what)])
        case Concluded():
            known = what.outcome in TRIGGERS
            reasons = (
                rules.may_move(work.case, key, TRIGGERS[what.outcome])
                if known
                else [reason("outcome-unknown", "outcome", outcome=what.outcome)]
            )
            required = known and what.outcome != "approved"
            reasons += rules.check_text(what.opinion, "opinion", "理由", required=required)
        case SpecialBegan() | SpecialEnded() | Extended():
            reasons = _clock_reasons(work, spec, what)
        case PaperSigned() | TakenOver() | Completed():
            reasons = [reason("not-outside", key, stage=spec.title, state="")]
    if isinstance(what, CorrectionNotified) and not what.fixes:
        reasons.append(reason("fixes-required", "fixes"))
    return [*reasons, *_text_reasons(what), *_day_reasons(work, key, what)]


def _text_reasons(what: Record) -> list[Reason]:
    """What is wrong with the words that were copied from the original."""
    named = (("number", "文号"), ("receipt", "回执编号"), ("basis", "依据"))
    words = [(getattr(what, field, ""), field, title) for field, title in named]
    reasons = [each for found in words for each in rules.check_text(*found, longest=200)]
    return reasons + [
        each
        for fix in getattr(what, "fixes", ())
        for each in rules.check_text(fix.text, "fixes", "需修改事项")
    ]


def _clock_reasons(work: Casework, spec: Stage, what: SpecialBegan | SpecialEnded | Extended) -> list[Reason]:
    stage = work.stage(spec.key)
    clock = stage.clock
    if clock is None or not stage.state.endswith(".accepted"):
        return [reason("no-outside-clock", spec.key, stage=spec.title)]
    if isinstance(what, SpecialEnded):
        return _resumption_reasons(spec, clock, what)
    if clock.stopped:
        return [reason("clock-stopped", spec.key)]
    if isinstance(what, SpecialBegan):
        return rules.check_text(what.procedure, "procedure", "特别程序名称", required=True, longest=100)
    reasons = rules.check_text(what.reason, "reason", "延长理由", required=True)
    longest = spec.step(stage.step).extend
    if clock.extensions:
        reasons.append(reason("extended-already", "by"))
    if longest is not None and _due(work, clock, what.by) > _due(work, clock, longest):
        reasons.append(reason("extension-too-long", "by", longest=longest))
    return reasons


def _resumption_reasons(spec: Stage, clock: Clock, what: SpecialEnded) -> list[Reason]:
    if not clock.stopped:
        return [reason("clock-not-stopped", spec.key)]
    if what.on < clock.spans[-1].start:
        return [reason("date-before-clock", "on", day=what.on, began=clock.spans[-1].start)]
    return []


def _due(work: Casework, clock: Clock, extension: Limit) -> date:
    """The due date with that extension, so that lengths in different units can be compared."""
    found = due(work.tx.calendar, clock.started_on, clock.limit, clock.spans, (extension,))
    return found.day if found else date.max


def _day_reasons(work: Casework, key: str, what: Record) -> list[Reason]:
    on: date = getattr(what, "on", work.day)
    reasons = []
    if on > work.day:
        reasons.append(reason("date-in-future", "on", title="所登记事项", day=on))
    stage = work.stage(key)
    # what was signed on paper may have been filed before the signature was entered here
    clock = None if stage.state.endswith(f".{FILING}") else stage.clock
    began = clock.started_on if clock else local_day(stage.acts[0].at) if stage.acts else on
    if on < began:
        reasons.append(reason("date-before-clock", "on", day=on, began=began))
    return reasons


def apply_outside(work: Casework, stage: str, what: Record, entry: int) -> None:
    """The change itself, once the record is checked: the stage or its clock goes on from the original's day.

    Conflict if a replaced paper has taken the stage back into the house since it was recorded.
    """
    spec = work.spec(stage)
    if "." not in work.stage(stage).state:
        raise Conflict(reason("entry-outdated", stage))
    refuse(outside_reasons(work, spec, what))
    match what:
        case Filed() | Accepted() | CorrectionNotified() | Corrected():
            _move(work, spec, what, entry)
        case SpecialBegan() | SpecialEnded() | Extended():
            _change_clock(work, spec, what, entry)
        case Concluded():
            conclude(
                work,
                spec,
                outcome=what.outcome,
                opinion=what.opinion,
                fixes=what.fixes,
                replies=what.replies,
                entry=entry,
                body=spec.step(work.stage(stage).step).body,
            )
        case _:
            raise TypeError(f"not an act of an outside office: {what!r}")


def _move(
    work: Casework, spec: Stage, what: Filed | Accepted | CorrectionNotified | Corrected, entry: int
) -> None:
    key = spec.key
    stage = work.stage(key)
    to = work.after(key, RECORDED[type(what)])
    entered = work.entered(key, to, started_on=what.on)
    fixes = what.fixes if isinstance(what, CorrectionNotified) else ()
    papers = {}
    if isinstance(what, Filed | Corrected):
        papers = rules.papers_of(work.case, spec)
    work.move(key, OutsideMoved(key, stage.step, entry, what, entered, fixes, papers))


def _change_clock(
    work: Casework, spec: Stage, what: SpecialBegan | SpecialEnded | Extended, entry: int
) -> None:
    stage = work.stage(spec.key)
    clock = stage.clock
    if clock is None:
        raise TypeError("the rules have seen a clock here")
    ladder = ladder_of(work.project.definition, spec, stage.state)
    changed: Clock
    match what:
        case SpecialBegan():
            changed = stop(clock, what.on, what.procedure)
        case SpecialEnded():
            changed = resume(clock, what.on, ladder, work.tx.calendar, work.now)
        case Extended():
            changed = extend(clock, what.by, ladder, work.tx.calendar, work.now)
    entered = Entered(stage.state, stage.holders, changed, stage.kept)
    work.record(OutsideMoved(spec.key, stage.step, entry, what, entered))
