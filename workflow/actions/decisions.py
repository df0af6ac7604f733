"""Deciding a step: approve, return or refuse, in person, as a delegate, or by a signature on paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from workflow import rules
from workflow.actions.casework import Casework, refuse
from workflow.definition import Stage
from workflow.errors import Conflict, Reason, Refused, reason
from workflow.events import EntryRecorded, StageRefused, StageReturned, StepDecided
from workflow.machine import TRIGGERS
from workflow.state import ISSUED, Fix, PaperSigned, ReplyData, Scan
from workflow.transaction import Tell, Transaction


def decide(
    tx: Transaction,
    *,
    ref: str,
    stage: str,
    step: str,
    outcome: str,
    opinion: str,
    actor: int,
    now: datetime,
    turn: int | None = None,
    content: str = "",
    fixes: Sequence[Fix] = (),
    replies: Sequence[ReplyData] = (),
    as_printed: bool = False,
    shown_on: date | None = None,
) -> int:
    """Record what the actor concluded about a step, and move the stage on. Returns the event number.

    `turn` and `content` are what the actor's page showed: Conflict if the stage or its papers have
    changed since. `replies` are what the last step of a stage issues, `shown_on` is when a publicity was hung
    out. Refused with every reason.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    spec = work.spec(stage)
    _check_content(work, stage, content, turn)
    work.check_turn(stage, turn)
    trigger = _trigger(outcome)
    approves = trigger == "approve" and step != "" and work.stage(stage).step == step
    refuse(
        [
            *work.may(rules.may_decide, stage, step, trigger),
            *_opinion_reasons(outcome, opinion, fixes),
            *(rules.publicity_unfinished(work.case, stage, tx.calendar, shown_on) if approves else ()),
            *(_reply_reasons(work, spec, replies, as_printed=as_printed) if approves else ()),
        ]
    )

    conclude(
        work,
        spec,
        outcome=outcome,
        opinion=opinion,
        fixes=tuple(fixes),
        replies=replies,
        shown_on=shown_on,
    )
    return work.project.seq


def enter_paper_signature(
    tx: Transaction, *, ref: str, stage: str, signed: PaperSigned, actor: int, now: datetime
) -> int:
    """Enter what a chief signed on paper (代录纸质签批); it takes effect once another has checked the original.

    Refused if the signer could not decide this step himself, or is the one who enters it.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    spec = work.spec(stage)
    current = work.stage(stage)
    _check_content(work, stage, signed.content)
    reasons = [
        *work.may(rules.may_enter_signature, stage),
        *rules.may_move(work.case, stage, _trigger(signed.outcome)),
        *_opinion_reasons(signed.outcome, signed.opinion, signed.fixes),
        *_evidence_reasons(work, signed.on, signed.sha256, signed.kept_at),
    ]
    if current.step != signed.step or "." in current.state:
        reasons.append(_not_open(spec, signed.step, current.state))
    elif not tx.directory.is_active(signed.signer):
        reasons.append(reason("person-not-found", "signer"))
    else:
        about = rules.is_decider(work.case, stage, signed.signer)
        reasons += [Reason(each.code, each.text, each.remedy, "signer") for each in about]
    if signed.signer == actor:
        reasons.append(reason("own-paper-signature", "signer"))
    refuse(reasons)

    involved = {actor, signed.signer, work.project.state.clerk, *rules.submitters(work.case, stage)}
    enter(work, stage, signed, "section_chief", exclude=involved)
    return work.project.seq


def conclude(
    work: Casework,
    spec: Stage,
    *,
    outcome: str,
    opinion: str,
    fixes: tuple[Fix, ...] = (),
    replies: Sequence[ReplyData] = (),
    signed_by: int = 0,
    entry: int = 0,
    body: str = "",
    shown_on: date | None = None,
) -> None:
    """The change itself, whoever concluded and by whichever route; the rules have been asked."""
    key = spec.key
    stage = work.stage(key)
    to = work.after(key, TRIGGERS[outcome])
    source = work.project.state.entries.get(str(entry))
    entered_by, entered_for = (source.by, source.on_behalf) if source else (0, 0)
    marks: dict[str, Any] = {
        "signed_by": signed_by,
        "entry": entry,
        "entered_by": entered_by,
        "entered_for": entered_for,
        "body": body,
    }
    if outcome == "returned":
        work.begin_again(
            key,
            StageReturned(key, stage.step, opinion, fixes, work.entered(key, to), **marks),
            Tell("returned", (work.project.state.clerk,)),
        )
        return
    if outcome == "refused":
        asked = (work.project.state.clerk,)
        work.move(key, StageRefused(key, stage.step, opinion, **marks, asked=asked), Tell("refused", asked))
        return
    token = rules.content_token(stage.papers)
    if to != ISSUED:
        # who only compared a signed sheet, or typed it in, decided nothing
        hands = {signed_by} if signed_by else {work.actor, work.on_behalf, entered_by, entered_for}
        entered = work.entered(key, to, exclude=rules.stage_people(work.case, key) | hands)
        work.move(key, StepDecided(key, stage.step, opinion, token, entered, **marks, shown_on=shown_on))
        return
    issued = work.replies(replies, body, entry)
    code = work.new_code(issued)
    issued_on = max((paper.issued_on for paper in issued.values() if paper.issued_on), default=work.day)
    event_ = StepDecided(
        key,
        stage.step,
        opinion,
        token,
        work.entered(key, to),
        **marks,
        issued=issued,
        issued_on=issued_on,
        shown_on=shown_on,
    )
    work.move(key, event_, Tell("issued", (work.project.state.clerk,)))
    work.take_code(code)
    work.passed(key)


def enter(
    work: Casework, stage: str, what: Any, post: str, *, exclude: set[int], scan: Scan | None = None
) -> None:
    """Record an entry that waits for its check by another person."""
    checkers = work.checkers(post, exclude)
    work.record(EntryRecorded(work.entry(stage, what, checkers, scan)), Tell("check", checkers))


def _check_content(work: Casework, stage: str, content: str, turn: int | None = None) -> None:
    current = work.stage(stage)
    if content and content != rules.content_token(current.papers):
        if not current.papers:
            work.check_turn(stage, turn)
            raise Conflict(reason("stale-page", stage, stage=work.spec(stage).title))
        papers = work.project.state.documents
        newest = max(current.papers, key=lambda key: papers[key].at)
        title = work.project.definition.documents[newest].title
        raise Conflict(reason("content-changed", stage, title=title, version=papers[newest].version))


def _trigger(outcome: str) -> str:
    trigger = TRIGGERS.get(outcome)
    if trigger is None:
        raise Refused(reason("outcome-unknown", "outcome", outcome=outcome))
    return trigger


def _reply_reasons(
    work: Casework, spec: Stage, replies: Sequence[ReplyData], *, as_printed: bool
) -> list[Reason]:
    if spec.steps[-1].key != work.stage(spec.key).step:
        return []
    return rules.check_replies(work.case, spec, replies, as_printed=as_printed)


def _opinion_reasons(outcome: str, opinion: str, fixes: Sequence[Fix]) -> list[Reason]:
    reasons = rules.check_text(opinion, "opinion", "意见", required=outcome != "approved")
    if outcome == "returned" and not fixes:
        reasons.append(reason("fixes-required", "fixes"))
    return reasons + [
        each for fix in fixes for each in rules.check_text(fix.text, "fixes", "需修改事项", required=True)
    ]


def _evidence_reasons(work: Casework, on: date, sha256: str, kept_at: str) -> list[Reason]:
    reasons = [] if sha256 or kept_at.strip() else [reason("evidence-missing", "file")]
    reasons += rules.check_text(kept_at, "kept_at", "存放处", longest=200)
    if on > work.day:
        reasons.append(reason("date-in-future", "on", title="签批", day=on))
    return reasons


def _not_open(spec: Stage, step: str, state: str) -> Reason:
    return reason(
        "step-not-open", spec.key, step=rules.step_title(spec, step), state=rules.state_words(spec, state)
    )
