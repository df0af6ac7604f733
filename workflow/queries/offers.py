"""What a person may do with a project or a stage now, and every reason why not. Pure.

Invariant: an offer is what the server would accept: the same rules decide here and in actions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from workflow import rules
from workflow.definition import StepKind
from workflow.errors import Reason
from workflow.machine import ACCEPTED, CORRECTING, FILED, FILING, PROJECT, TRIGGERS, is_outside
from workflow.queries.reading import Reading
from workflow.queries.views import Offer
from workflow.state import ISSUED, LAPSED, PREPARING, REFUSED, StageState

DECISIONS = {"approved": "同意", "returned": "退回", "refused": "不予批准"}
SHOWING = {"approved": "期满办结", "returned": "退回"}
"""A publicity (公示、公告) is seen to its end, or taken back; nobody approves or refuses it."""

RECORDS = {
    FILING: ("filed", "concluded"),
    FILED: ("accepted", "correction", "concluded"),
    CORRECTING: ("corrected", "concluded"),
    ACCEPTED: ("special_ended", "concluded", "special_began", "extended"),
}
"""What may be recorded of an outside office in which part of its step, likeliest first: a special procedure
ends before anything else is said."""

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
    label = "重新办理" if stage.state == ISSUED else "重新申报"
    if rules.expiring(reading.case, key):
        label = "办理延续"
    yield _offer("reapply", label, rules.may_begin_again(reading.case, key))


def _at_step(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    if not stage.step:
        return
    spec = reading.stage(key)
    if spec.step(stage.step).kind is StepKind.EXTERNAL:
        yield from _outside(reading, key, stage)
    else:
        yield from _decisions(reading, key, stage)
    if not rules.may_move(reading.case, key, "withdraw"):
        yield _offer("withdraw", "撤回", rules.may_withdraw(reading.case, key))


def _decisions(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    case = reading.case
    words = SHOWING if rules.is_publicity(case, key) else DECISIONS
    for outcome, label in words.items():
        reasons = rules.may_decide(case, key, stage.step, TRIGGERS[outcome])
        if outcome == "approved":
            reasons += rules.publicity_unfinished(case, key, reading.calendar)
        yield _offer(f"decide-{outcome}", label, reasons)
    yield _offer("sign-paper", "代录纸质签批", rules.may_enter_signature(case, key))


def _outside(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    case = reading.case
    part = stage.state.partition(".")[2]
    base = rules.may_record_outside(case, key)
    for what in RECORDS[part]:
        if _fits_clock(what, stage):
            yield _offer(f"record-{what}", RECORD_WORDS[what], base)
    if is_outside(stage.state):
        yield _offer("letter", "起草商请函", rules.may_draft_letter(case, key))


def _fits_clock(what: str, stage: StageState) -> bool:
    """A special procedure begins while the clock runs and ends while it stands; one extension at most."""
    if what not in {"special_began", "special_ended", "extended"}:
        return True
    if stage.clock is None:
        return False
    if what == "special_ended":
        return stage.clock.stopped
    return not stage.clock.stopped and (what == "special_began" or not stage.clock.extensions)


def _soft_gates(reading: Reading, key: str) -> Iterator[Offer]:
    case, spec = reading.case, reading.stage(key)
    for need in rules.needs_of(case, spec):
        if need.requirement.soft and need.problem and not need.passed:
            yield _offer("pass-gate", "同意暂缺先行办理", rules.may_pass_gate(case, key, need.key), need.key)


def _waiting(reading: Reading, key: str, _: StageState) -> Iterator[Offer]:
    yield from _soft_gates(reading, key)


def _always(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    case = reading.case
    if stage.is_open:
        yield _offer("hand-over", "转办", rules.may_hand_over(case, key))
    if stage.is_open and stage.clock is not None:
        yield from _clock_offers(reading, key, stage)
    elif stage.order is not None:
        yield _explanation(reading, key)
    yield from _orders(case, key, stage)
    if _may_take_over(reading, key, stage):
        yield _offer("take-over", "补录批复", rules.may_take_over(case, key))
    if stage.state == ISSUED:
        yield from _completions(reading, key)


def _orders(case: rules.Case, key: str, stage: StageState) -> Iterator[Offer]:
    if stage.order is not None or (stage.holders and rules.is_pressing(case, key)):
        yield _offer("supervise", "发督办单", rules.may_supervise(case, key))
    if stage.order is not None:
        yield _offer("withdraw-order", "撤回督办", rules.may_withdraw_order(case, key))


def _completions(reading: Reading, key: str) -> Iterator[Offer]:
    for reply in reading.stage(key).issues:
        if rules.empty_fields(reading.case, reply):
            title = reading.definition.documents[reply].title
            yield _offer("complete", f"补登{title}的内容", rules.may_complete(reading.case, key), reply)


def _may_take_over(reading: Reading, key: str, stage: StageState) -> bool:
    if not (reading.state.taking_over or stage.taken_over):
        return False
    return stage.state == ISSUED or not rules.may_move(reading.case, key, "take_over")


def _explanation(reading: Reading, key: str) -> Offer:
    label = "答复督办" if rules.answers(reading.case, key) else "提交情况说明"
    return _offer("explanation", label, rules.may_explain(reading.case, key))


def _clock_offers(reading: Reading, key: str, stage: StageState) -> Iterator[Offer]:
    case, clock = reading.case, stage.clock
    if clock is None:
        return
    yield _explanation(reading, key)
    if clock.outside:
        return
    for effect, label in (("resume", "恢复时限"), ("extend", "延长时限"), ("pause", "暂停时限")):
        if clock.stopped is (effect == "resume"):
            yield _offer(effect, label, rules.may_change_clock(case, key, effect))


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


def withdrawal_offer(reading: Reading, number: int) -> Offer:
    """Taking back one's own entry."""
    return _offer(
        "withdraw-entry", "撤回录入", rules.may_withdraw_entry(reading.case, str(number)), str(number)
    )


def project_offers(reading: Reading) -> tuple[Offer, ...]:
    """What could be done with the project as a whole."""
    return tuple(_project_offers(reading))


def _project_offers(reading: Reading) -> Iterator[Offer]:
    case = reading.case
    if case.state.taking_over:
        yield _offer("close-take-over", "结束补录", rules.may_close_take_over(case))
    yield _offer("facts", "更新项目信息", rules.may_change_facts(case))
    yield _offer("hand-over-project", "移交经办", rules.may_change_facts(case))
    yield _offer("wait-for", "等待另一项目", [*rules.running(case), *rules.may_lead(case, rules.SUPERVISORS)])
    for trigger in PROJECT.triggers(case.state.state):
        reasons = rules.may_move_project(case, trigger, unfinished=True)
        yield _offer(f"move-{trigger}", rules.PROJECT_MOVES[trigger], reasons)


CALLED_FOR = {
    "reserve": "谋划阶段的事项都已办结，可以入库储备",
    "start": "后续阶段的事项已开始办理，可以转入在办",
    "put_into_use": "各事项都已办结，可以转为投用",
    "archive": "各事项都已办结，可以归档",
}
"""Why a move of the whole project is due, and which."""


def due_offer(reading: Reading) -> Offer | None:
    """The move of the whole project that its stages call for, and whether this person may make it."""
    trigger = rules.due_move(reading.case)
    if not trigger:
        return None
    return _offer(f"move-{trigger}", CALLED_FOR[trigger], rules.may_move_project(reading.case, trigger))


def stop_offer(reading: Reading, other: str) -> Offer:
    """Letting the project go on without another that it waits for."""
    return _offer("stop-waiting", "不再等待", rules.may_lead(reading.case), other)
