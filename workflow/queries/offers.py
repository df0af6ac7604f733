"""What a person may do with a project or a stage now, and every reason why not. Pure.

Invariant: an offer is what the server would accept: the same rules decide here and in actions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from workflow import rules
from workflow.clock import due, local_day
from workflow.definition import StepKind
from workflow.errors import Reason, reason
from workflow.machine import ACCEPTED, CORRECTING, FILED, FILING, PROJECT, PROJECT_STATES
from workflow.queries.reading import Reading
from workflow.queries.views import Offer
from workflow.rules import Case
from workflow.state import ISSUED, LAPSED, PREPARING, REFUSED, StageState

DECISIONS = {
    "approved": ("approve", "同意"),
    "returned": ("return", "退回"),
    "refused": ("refuse", "不予批准"),
}

RECORDS = {
    FILING: ("filed", "concluded"),
    FILED: ("accepted", "correction", "concluded"),
    CORRECTING: ("corrected", "concluded"),
    ACCEPTED: ("concluded", "special_began", "special_ended", "extended"),
}
"""What may be recorded of an outside office in which part of its step, likeliest first."""

RECORD_WORDS = {
    "filed": "登记报送",
    "accepted": "登记受理",
    "correction": "登记补正告知",
    "corrected": "登记补正完成",
    "special_began": "登记特别程序开始",
    "special_ended": "登记特别程序结束",
    "extended": "登记延长办理时限",
    "concluded": "登记办理结论",
}

PROJECT_MOVES = {
    "reserve": "入库储备",
    "start": "转入在办",
    "shelve": "退回储备",
    "put_into_use": "转为投用",
    "archive": "归档",
    "suspend": "中止",
    "resume": "恢复",
    "terminate": "终止",
}


def _offer(action: str, label: str, reasons: Iterable[Reason], target: str = "") -> Offer:
    return Offer(action, label, tuple(dict.fromkeys(reasons)), target)


def stage_offers(reading: Reading, key: str) -> tuple[Offer, ...]:
    """Everything that could be done with the stage in its present state, the main thing first."""
    stage = reading.state.stage(key)
    found = _LEADING.get(stage.state, _at_step)(reading, key, stage)
    return (*found, *_always(reading, key, stage))


def _preparing(reading: Reading, key: str, _: StageState) -> Iterator[Offer]:
    yield _offer("submit", "报送", rules.may_submit(reading.case, key))
    yield from _soft_gates(reading, key)


def _at_rest(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    case = reading.case
    reopening = stage.state == ISSUED
    trigger, label = ("reopen", "重新办理") if reopening else ("reapply", "重新申报")
    who = rules.may_lead(case) if reopening else rules.may_prepare(case, key)
    yield _offer("reapply", label, [*rules.running(case), *rules.may_move(case, key, trigger), *who])


def _at_step(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    if not stage.step:
        return
    spec = reading.stage(key)
    if spec.step(stage.step).kind is StepKind.EXTERNAL:
        yield from _outside(reading, key, stage)
    else:
        yield from _decisions(reading, key, stage)
    if not rules.may_move(reading.case, key, "withdraw"):
        yield _withdrawal(reading, key, stage)


def _decisions(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    case = reading.case
    for outcome, (trigger, label) in DECISIONS.items():
        reasons = rules.may_decide(case, key, stage.step, trigger)
        if trigger == "approve":
            reasons += publicity_reasons(reading, key, stage)
        yield _offer(f"decide-{outcome}", label, reasons)
    pending = pending_reasons(case, key)
    yield _offer(
        "sign-paper",
        "代录纸质签批",
        [*rules.running(case), *pending, *_last_step_issues(reading, key, stage)],
    )


def _last_step_issues(reading: Reading, key: str, stage: StageState) -> list[Reason]:
    spec = reading.stage(key)
    if spec.steps[-1].key == stage.step and spec.issues:
        return [reason("paper-signature-issues", key, stage=spec.title)]
    return []


def publicity_reasons(reading: Reading, key: str, stage: StageState) -> list[Reason]:
    """A publicity lasts at least as long as the law says before anybody concludes it."""
    step = reading.stage(key).step(stage.step)
    if step.minimum is None or stage.since is None:
        return []
    ends = due(reading.calendar, local_day(stage.since), step.minimum)
    if ends is None or reading.day > ends.day:
        return []
    return [reason("publicity-too-short", key, step=step.title, minimum=step.minimum, day=ends.day)]


def pending_reasons(case: Case, key: str) -> list[Reason]:
    """One entry at a time: the next would be made on a state that is about to change."""
    for entry in case.state.entries.values():
        if entry.stage == key:
            return [reason("entry-pending", key, checkers=rules.names(case.directory, entry.checkers))]
    return []


def _outside(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    case = reading.case
    part = stage.state.partition(".")[2]
    base = [*rules.running(case), *rules.may_prepare(case, key), *pending_reasons(case, key)]
    for what in RECORDS[part]:
        if _fits_clock(what, stage):
            yield _offer(f"record-{what}", RECORD_WORDS[what], base)
    if part in {FILED, ACCEPTED}:
        yield _offer("letter", "起草商请函", [])


def _fits_clock(what: str, stage: StageState) -> bool:
    """A special procedure begins while the clock runs and ends while it stands; one extension at most."""
    if what not in {"special_began", "special_ended", "extended"}:
        return True
    if stage.clock is None:
        return False
    if what == "special_ended":
        return stage.clock.stopped
    return not stage.clock.stopped and (what == "special_began" or not stage.clock.extensions)


def _withdrawal(reading: Reading, key: str, stage: StageState) -> Offer:
    case = reading.case
    reasons = rules.running(case)
    if stage.acts and case.actor not in stage.acts[0].people:
        reasons.append(reason("not-the-submitter", key, submitter=case.directory.name(stage.acts[0].by)))
    if len(stage.acts) > 1 or pending_reasons(case, key):
        reasons.append(reason("already-acted", key, holders=rules.names(case.directory, stage.holders)))
    return _offer("withdraw", "撤回", reasons)


def _soft_gates(reading: Reading, key: str) -> Iterator[Offer]:
    case, spec = reading.case, reading.stage(key)
    for need in rules.needs_of(reading.definition, reading.state, spec, reading.day):
        if need.requirement.soft and need.problem and not need.passed:
            reasons = [*rules.running(case), *rules.may_lead(case, rules.SUPERVISORS)]
            if case.actor in {case.state.clerk, *rules.stage_people(case, key)}:
                reasons.append(reason("own-gate", key))
            yield _offer("pass-gate", "同意暂缺先行办理", reasons, need.key)


def _waiting(reading: Reading, key: str, _: StageState) -> Iterator[Offer]:
    yield from _soft_gates(reading, key)


def _always(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    case = reading.case
    if stage.is_open:
        who = rules.capacity(case, stage.holders)
        hand = [*rules.running(case)]
        if who is None and rules.may_lead(case, rules.SUPERVISORS):
            hand.append(reason("not-the-holder", key, holders=rules.names(case.directory, stage.holders)))
        yield _offer("hand-over", "转办", hand)
    if stage.is_open and stage.clock is not None:
        yield from _clock_offers(reading, key, stage)
    if _may_take_over(reading, key, stage):
        yield _offer("take-over", "补录批复", [*clerk_or_chief(case), *pending_reasons(case, key)])


def _may_take_over(reading: Reading, key: str, stage: StageState) -> bool:
    if not (reading.state.taking_over or stage.taken_over):
        return False
    return stage.state == ISSUED or not rules.may_move(reading.case, key, "take_over")


def _clock_offers(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    case, clock = reading.case, stage.clock
    if clock is None:
        return
    explain = []
    if rules.capacity(case, (*stage.holders, case.state.clerk)) is None:
        explain.append(reason("not-the-holder", key, holders=rules.names(case.directory, stage.holders)))
    yield _offer("explanation", "提交情况说明", explain)
    if clock.outside:
        return
    base = [*rules.running(case), *rules.may_lead(case)]
    if case.actor in stage.holders:
        base.append(reason("own-clock", key))
    if clock.stopped:
        yield _offer("resume", "恢复时限", base)
        return
    late = clock.due_on is not None and clock.due_on < reading.day
    yield _offer("extend", "延长时限", base)
    yield _offer(
        "pause", "暂停时限", [*base, *([reason("clock-late", key, due=clock.due_on)] if late else [])]
    )


_LEADING: dict[str, Callable[[Reading, str, StageState], Iterator[Offer]]] = {
    PREPARING: _preparing,
    ISSUED: _at_rest,
    REFUSED: _at_rest,
    LAPSED: _at_rest,
    "waiting": _waiting,
}


def entry_offer(reading: Reading, number: int) -> Offer:
    """Checking an entry against the original."""
    return _offer("confirm", "核对无误", rules.may_confirm(reading.case, str(number)), str(number))


def paper_reasons(reading: Reading) -> list[Reason]:
    """Why the actor may not hand in papers: it is for the clerk, and for whoever prepares a stage."""
    case = reading.case
    state = case.state
    reasons = [] if state.is_running else rules.running(case)
    preparing = {
        person for each in state.stages.values() if each.state == PREPARING for person in each.holders
    }
    if rules.capacity(case, (state.clerk, *preparing)) is None:
        reasons.append(reason("not-the-clerk", clerk=case.directory.name(state.clerk)))
    return reasons


def clerk_or_chief(case: Case) -> list[Reason]:
    """The project's clerk, or a supervisor above."""
    if rules.capacity(case, (case.state.clerk,)) is not None or not rules.may_lead(case, rules.SUPERVISORS):
        return []
    return [reason("not-the-clerk", clerk=case.directory.name(case.state.clerk))]


def project_offers(reading: Reading) -> tuple[Offer, ...]:
    """What could be done with the project as a whole."""
    return tuple(_project_offers(reading))


def _project_offers(reading: Reading) -> Iterator[Offer]:
    case = reading.case
    clerk = clerk_or_chief(case)
    if case.state.taking_over:
        reasons = list(clerk)
        if case.state.entries:
            titles = "、".join(reading.stage(each.stage).title for each in case.state.entries.values())
            reasons.append(reason("entries-unchecked", stages=titles))
        yield _offer("close-take-over", "结束补录", reasons)
    stopped = [] if case.state.is_running else [
        reason("project-not-running", state=PROJECT_STATES[case.state.state])
    ]  # fmt: skip
    yield _offer("facts", "更新项目信息", [*clerk, *stopped])
    yield _offer("hand-over-project", "移交经办", clerk)
    yield _offer("wait-for", "等待另一项目", clerk)
    for trigger in PROJECT.triggers(case.state.state):
        yield _offer(
            f"move-{trigger}", PROJECT_MOVES[trigger], [*rules.may_lead(case), *_unfinished(reading, trigger)]
        )


def _unfinished(reading: Reading, trigger: str) -> list[Reason]:
    """What still has to end before a project is archived."""
    titles = [reading.stage(key).title for key, stage in reading.state.stages.items() if stage.is_open]
    return [reason("stages-open", stages="、".join(titles))] if trigger == "archive" and titles else []


def stop_offer(reading: Reading, other: str) -> Offer:
    """Letting the project go on without another that it waits for."""
    return _offer("stop-waiting", "不再等待", rules.may_lead(reading.case), other)
