"""What the people of the simulation do: with what waits for them, on their weekly rounds, and against the rules.

They see what a page shows (the rules' own answers) and act through the public actions; each deed takes the city,
who does it, and the project as the watch has seen it. A deed may be refused, unless it says that it must be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.model.watch import Watched, compiled
from workflow import projection, rules
from workflow.actions import clocks, decisions, documents, entries, orders, outside, people, projects, stages
from workflow.clock import parse_limit
from workflow.definition import Definition, FactType, Kind, Register, StepKind
from workflow.files import StoredFile
from workflow.state import (
    ISSUED,
    LAPSED,
    ORDER,
    PASSED_STATES,
    PREPARING,
    REFUSED,
    WAITING,
    Accepted,
    Concluded,
    Corrected,
    CorrectionNotified,
    Extended,
    Filed,
    Fix,
    PaperSigned,
    Record,
    ReplyData,
    SpecialBegan,
    SpecialEnded,
)

if TYPE_CHECKING:
    from tests.model.city import City

FIXES = (Fix("补充测算依据"),)


# What waits for somebody


def attend(city: City, who: int, found: Watched, stage: str, what: str) -> None:
    """Do what a task asks for, if it is still there."""
    if (stage, what) not in {task[:2] for task in projection.tasks(found.live)}:
        return
    if what == ORDER:
        city.do(who, clocks.file_explanation, ref=found.ref, stage=stage, text="正在核实，尽快办结")
    elif what.startswith("check."):
        check(city, who, found, int(what.removeprefix("check.")))
    elif what in {PREPARING, "returned"}:
        prepare(city, who, found, stage)
    elif what == WAITING:
        supply_facts(city, who, found)
    elif what in {REFUSED, LAPSED}:
        reapply(city, who, found)
    elif "." in what:
        follow(city, who, found, stage)
    else:
        decide(city, who, found, stage)


def check(city: City, who: int, found: Watched, number: int) -> None:
    """Compare an entry with the original; what can no longer be confirmed is rejected."""
    agrees = city.happens(max(0.9, city.habit(who).approves))
    if not agrees or city.do(who, entries.confirm_entry, ref=found.ref, number=number) is None:
        city.do(who, entries.reject_entry, ref=found.ref, number=number, reason_given="与原件不符")


def prepare(city: City, who: int, found: Watched, key: str) -> None:
    """Gather papers, not always all at once, and submit; sometimes too early."""
    case = city.case(who, found)
    for need in rules.needs_of(case, case.definition.stages[key]):
        own = [paper for paper in need.options if paper not in case.definition.issuers]
        if need.problem and not need.unknown and own and (city.willing or city.happens(0.8)):
            hand_in(city, who, found, own[0])
    if not rules.may_submit(city.case(who, found), key) or (not city.willing and city.happens(0.05)):
        city.do(who, stages.submit_stage, ref=found.ref, stage=key, turn=found.live.stage(key).turn)


def hand_in(city: City, who: int, found: Watched, document: str) -> None:
    """A new version of a paper; registered where it may not be uploaded."""
    kind = found.definition.documents[document]
    if kind.register_only is Register.ALWAYS or (
        kind.register_only is Register.ALLOWED and city.happens(0.5)
    ):
        city.do(
            who, documents.register_document, ref=found.ref, document=document, number=f"纪要{city.number()}号",
            issued_on=city.today, kept_at="局档案室",
        )  # fmt: skip
        return
    text = f"{found.ref} {document} {city.number()}"
    name = f"{document}.{kind.formats[0]}"
    file = StoredFile(sha256(text.encode()).hexdigest(), name, len(text), "application/octet-stream")
    city.do(who, documents.upload_document, ref=found.ref, document=document, file=file)


def decide(city: City, who: int, found: Watched, key: str) -> None:
    """Approve, return or refuse a step, if the page offers it."""
    case, stage = city.case(who, found), found.live.stage(key)
    reasons = rules.may_decide(case, key, stage.step, "approve")
    if reasons or rules.publicity_unfinished(case, key, city.calendar):
        return
    outcome = (
        "approved"
        if city.happens(city.habit(who).approves)
        else city.pick(["returned", "returned", "refused"])
    )
    last = case.definition.stages[key].steps[-1].key == stage.step and outcome == "approved"
    city.do(
        who, decisions.decide, ref=found.ref, stage=key, step=stage.step, outcome=outcome, opinion="已阅研",
        fixes=FIXES if outcome == "returned" else (), turn=stage.turn, content=rules.content_token(stage.papers),
        replies=replies(city, found, key, city.today) if last else (),
    )  # fmt: skip


def replies(city: City, found: Watched, key: str, on: date) -> tuple[ReplyData, ...]:
    """What the stage issues, dated that day."""
    kinds = found.definition.documents
    return tuple(
        ReplyData(
            each, on, f"澴发改审〔{on.year}〕{city.number()}号", kept_at="档案柜",
            fields={field.key: value(city, field) for field in kinds[each].fields.values()},
        )
        for each in found.definition.stages[key].issues
    )  # fmt: skip


# Outside offices, and the clerk who records what they did


def follow(city: City, who: int, found: Watched, key: str) -> None:
    """Record what the outside office did, once its letter has come."""
    stage = found.live.stage(key)
    if any(entry.stage == key for entry in found.live.entries.values()):
        return
    part = "stopped" if stage.clock and stage.clock.stopped else stage.state.partition(".")[2]
    if part in {"filing", "correcting"}:
        what, on = ("filed" if part == "filing" else "corrected"), city.today
    else:
        what, on = city.letter(found.ref, key, part)
    if on <= city.today:
        city.do(who, outside.record_outside, ref=found.ref, stage=key, what=act(city, found, key, what, on))


def act(city: City, found: Watched, key: str, what: str, on: date) -> Record:
    """An act of an outside office, as it stands on its letter."""
    acts: dict[str, Callable[[], Record]] = {
        "filed": lambda: Filed(on, "收件1号"),
        "accepted": lambda: Accepted(on, "受理1号"),
        "correction": lambda: CorrectionNotified(on, FIXES),
        "corrected": lambda: Corrected(on),
        "special": lambda: SpecialBegan(on, "专家评审"),
        "special_ends": lambda: SpecialEnded(on),
        "extended": lambda: Extended(on, parse_limit("5 workdays"), "情况复杂"),
        "approved": lambda: Concluded(on, "approved", "同意", replies(city, found, key, on)),
        "returned": lambda: Concluded(on, "returned", "缺图", fixes=FIXES),
        "refused": lambda: Concluded(on, "refused", "不符合规划"),
    }
    return acts[what]()


# Facts


def value(city: City, fact: FactType) -> Any:
    """A value that the fact may have."""
    match fact.kind:
        case Kind.MONEY | Kind.DECIMAL:
            return str(Decimal(city.pick([0, 0, 40, 250, 1999])) + Decimal(city.number() % 100) / 100)
        case Kind.INTEGER:
            return str(city.number())
        case Kind.BOOL:
            return city.happens(0.35)
        case Kind.CHOICE:
            return city.pick(fact.options)
        case Kind.DATE:
            return city.today.isoformat()
        case _:
            return "见附件"


def definition_of(text: str) -> Definition:
    """The definition that a published text is."""
    return compiled(text).definition


def facts(city: City, definition: Definition) -> dict[str, Any]:
    """What is known at registration: sums that are right, and not everything else."""
    known = {key: value(city, fact) for key, fact in definition.facts.items()}
    for each in definition.sums:
        known[each.total] = str(sum(Decimal(known[part]) for part in each.parts))
    return {
        key: each for key, each in known.items() if key not in free_facts(definition) or city.happens(0.85)
    }


def free_facts(definition: Definition) -> list[str]:
    """The facts that are no part of a sum."""
    bound = {key for each in definition.sums for key in (each.total, *each.parts)}
    return [key for key in definition.facts if key not in bound]


def supply_facts(city: City, who: int, found: Watched) -> None:
    """Say what was not known."""
    unknown = [key for key in free_facts(found.definition) if key not in found.live.facts]
    if unknown:
        given = {key: value(city, found.definition.facts[key]) for key in unknown}
        city.do(who, projects.change_facts, ref=found.ref, facts=given, reason_given="补充信息")


def change_fact(city: City, who: int, found: Watched) -> None:
    """Something has turned out otherwise, or is no longer sure."""
    key = city.pick(free_facts(found.definition))
    new = None if city.happens(0.1) else value(city, found.definition.facts[key])
    city.do(who, projects.change_facts, ref=found.ref, facts={key: new}, reason_given="情况变化")


# A clerk's round


def reapply(city: City, who: int, found: Watched) -> None:
    """Begin again what was refused or has lapsed."""
    for key in in_states(found, REFUSED, LAPSED):
        city.do(who, stages.reapply_stage, ref=found.ref, stage=key, reason_given="重新申报")


def bring_minutes(city: City, who: int, found: Watched) -> None:
    """Hand in the minutes that a meeting waits for."""
    for key, step in at_steps(found):
        minutes = found.definition.stages[key].step(step).minutes
        if minutes and minutes not in found.live.documents:
            hand_in(city, who, found, minutes)


def take_over(city: City, who: int, found: Watched) -> None:
    """Enter the first stages of a project that is already under way, and leave some of them out."""
    behind = [key for key, stage in found.definition.stages.items() if stage.issues]
    for key in behind[: city.pick([4, 8, 16, 30])]:
        if city.happens(0.8):
            enter_replies(city, who, found, key)


def enter_replies(city: City, who: int, found: Watched, key: str) -> None:
    """Enter what an earlier stage issued."""
    on = city.today - timedelta(days=city.pick([20, 60, 200]))
    given = replies(city, found, key, on)
    city.do(who, projects.take_over_stage, ref=found.ref, stage=key, replies=given)


def close_take_over(city: City, who: int, found: Watched) -> None:
    """End the taking-over; afterwards enter the replies that turn out to be missing."""
    if found.live.taking_over and not found.live.entries:
        city.do(who, projects.close_take_over, ref=found.ref)
    for key in in_states(found, ISSUED):
        lacking = set(found.definition.stages[key].issues) - set(found.live.documents)
        entered = any(entry.stage == key for entry in found.live.entries.values())
        if found.live.stage(key).taken_over and lacking and not entered and not found.live.taking_over:
            enter_replies(city, who, found, key)


def replace_paper(city: City, who: int, found: Watched) -> None:
    """A better version of some paper."""
    if own := [key for key in found.live.documents if key not in found.definition.issuers]:
        hand_in(city, who, found, city.pick(own))


def withdraw(city: City, who: int, found: Watched) -> None:
    """Take a submission back."""
    for key, _ in at_steps(found):
        if not rules.may_withdraw(city.case(who, found), key):
            city.do(who, stages.withdraw_stage, ref=found.ref, stage=key)
            return


def enter_signature(city: City, who: int, found: Watched) -> None:
    """Enter what a chief signed on paper."""
    for key, step in at_steps(found):
        stage = found.live.stage(key)
        if (
            "." not in stage.state
            and stage.holders
            and not rules.may_enter_signature(city.case(who, found), key)
        ):
            token = rules.content_token(stage.papers)
            signed = PaperSigned(
                step, stage.holders[0], city.today, "approved", "同意", token, kept_at="呈批件夹"
            )
            city.do(who, decisions.enter_paper_signature, ref=found.ref, stage=key, signed=signed)
            return


def explain(city: City, who: int, found: Watched) -> None:
    """Say why something is late."""
    for key in late(city, found):
        city.do(who, clocks.file_explanation, ref=found.ref, stage=key, text="等待核价")


def draft_letter(city: City, who: int, found: Watched) -> None:
    """Ask the outside office that is late."""
    for key in late(city, found):
        if found.live.stage(key).state.endswith((".filed", ".accepted")):
            city.do(who, outside.draft_letter, ref=found.ref, stage=key, text="商请贵局予以支持。")


# A chief's round


def supervise(city: City, who: int, found: Watched) -> None:
    """Chase what is late or stands still; sometimes take it back."""
    case = city.case(who, found)
    for key, stage in found.live.stages.items():
        if not rules.may_supervise(case, key):
            days = city.pick([0, 2, 5])
            until = city.calendar.next_workday(city.today + timedelta(days=days))
            city.do(
                who, orders.issue_order, ref=found.ref, stage=key, wanted="请说明原因，尽快办结", due_on=until,
                turn=stage.turn,
            )  # fmt: skip
        elif not rules.may_withdraw_order(case, key) and city.happens(0.5):
            city.do(who, orders.withdraw_order, ref=found.ref, stage=key, reason_given="已当面答复")


def pass_gates(city: City, who: int, found: Watched) -> None:
    """Let a stage go on without a soft requirement."""
    case = city.case(who, found)
    for key in in_states(found, PREPARING):
        for need in rules.needs_of(case, case.definition.stages[key]):
            if need.requirement.soft and need.blocks and not rules.may_pass_gate(case, key, need.key):
                city.do(
                    who, stages.pass_soft_gate, ref=found.ref, stage=key, requirement=need.key, reason_given="先行审查，后补"
                )  # fmt: skip


def lead_on(city: City, who: int, found: Watched) -> None:
    """Let the project as a whole go on."""
    passed = all(found.live.stage(key).state in PASSED_STATES for key in found.definition.stages)
    following = {"planning": "start", "reserve": "start"}
    if passed:
        following |= {"active": "put_into_use", "in_use": "archive"}
    if trigger := following.get(found.live.state):
        _move(city, who, found, trigger)


def go_on(city: City, who: int, found: Watched) -> None:
    """Resume what stands still."""
    if found.live.state.endswith("_suspended"):
        _move(city, who, found, "resume")
    for key, stage in found.live.stages.items():
        if (
            stage.clock
            and stage.clock.stopped
            and not rules.may_change_clock(city.case(who, found), key, "resume")
        ):
            city.do(who, clocks.resume_clock, ref=found.ref, stage=key, reason_given="意见已回")


def replace_the_missing(city: City, who: int, found: Watched) -> None:
    """Give what people who have left had in hand to others."""
    clerk = found.live.clerk
    if not city.directory.is_active(clerk) or not city.directory.sees(
        clerk, found.live.organisation, city.today
    ):
        hand_over_project(city, who, found)
    for key, stage in found.live.stages.items():
        if stage.holders and stage.is_open and not any(map(city.directory.is_active, stage.holders)):
            _hand_over(city, who, found, key)


def stop_waiting(city: City, who: int, found: Watched) -> None:
    """Go on without the project that this one waits for."""
    for wait in found.live.waits:
        if not wait.ended:
            other = city.watch.chains[wait.project].ref
            city.do(who, projects.stop_waiting, ref=found.ref, other=other, reason_given="不再等待")


def hand_over_step(city: City, who: int, found: Watched) -> None:
    """Give something that is late to another."""
    for key in late(city, found):
        _hand_over(city, who, found, key)


def _hand_over(city: City, who: int, found: Watched, key: str) -> None:
    case = city.case(who, found)
    if able := [each for each in city.directory.people if not rules.may_receive(case, key, each)]:
        city.do(
            who, stages.hand_over_step, ref=found.ref, stage=key, to=city.pick(able), reason_given="工作调整"
        )


def hand_over_project(city: City, who: int, found: Watched) -> None:
    """Another clerk takes the project."""
    able = [
        each for each in city.holding("clerk")
        if each != found.live.clerk and city.directory.sees(each, found.live.organisation, city.today)
    ]  # fmt: skip
    if able:
        city.do(who, projects.hand_over_project, ref=found.ref, to=city.pick(able), reason_given="人员调整")


def extend_clock(city: City, who: int, found: Watched) -> None:
    """Allow more time."""
    for key in late(city, found):
        limit = parse_limit("3 workdays")
        city.do(who, clocks.extend_clock, ref=found.ref, stage=key, by=limit, reason_given="材料繁多")


def pause_clock(city: City, who: int, found: Watched) -> None:
    """Stop one clock of ours."""
    for key, stage in found.live.stages.items():
        if stage.clock and not stage.clock.outside:
            city.do(who, clocks.pause_clock, ref=found.ref, stage=key, reason_given="等待上级意见")
            return


def wait_for_another(city: City, who: int, found: Watched) -> None:
    """Let the project wait for another."""
    other = city.pick(list(city.watch.refs))
    city.do(who, projects.wait_for, ref=found.ref, other=other)


def suspend(city: City, who: int, found: Watched) -> None:
    """Suspend the project."""
    _move(city, who, found, "suspend")


def shelve(city: City, who: int, found: Watched) -> None:
    """Put the project back into the reserve."""
    _move(city, who, found, "shelve")


def terminate(city: City, who: int, found: Watched) -> None:
    """Give the project up."""
    _move(city, who, found, "terminate")


def reopen(city: City, who: int, found: Watched) -> None:
    """Begin again something that was issued."""
    if issued := in_states(found, ISSUED):
        city.do(who, stages.reapply_stage, ref=found.ref, stage=city.pick(issued), reason_given="重新办理")


def _move(city: City, who: int, found: Watched, trigger: str) -> None:
    city.do(who, projects.move_project, ref=found.ref, trigger=trigger, reason_given="局党组会决定")


# Against the rules: each of these must be refused


def overstep(city: City, who: int, found: Watched) -> None:
    """Try something that nobody in this position may do."""
    tries: list[Iterator[tuple[Callable[..., Any], dict[str, Any]]]] = [
        each(city, who, found) for each in (_own_file, _own_entry, _past_page, _future, _own_rights)
    ]
    for action, arguments in (each for tried in tries for each in tried):
        city.do(who, action, must_fail=True, **arguments)


def _own_file(city: City, who: int, found: Watched) -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Decide on what one has submitted, written or decided already."""
    for key, step in at_steps(found):
        shown = found.definition.stages[key].step(step).kind is StepKind.PUBLICITY
        if who in found.hands.get(key, ()) and not shown:
            yield decisions.decide, {
                "ref": found.ref, "stage": key, "step": step, "outcome": "approved", "opinion": "同意",
                "replies": replies(city, found, key, city.today),
            }  # fmt: skip


def _own_entry(city: City, who: int, found: Watched) -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Check what one has entered, or one's own project."""
    for entry in found.live.entries.values():
        if who in {entry.by, found.live.clerk}:
            yield entries.confirm_entry, {"ref": found.ref, "number": entry.number}


def _past_page(city: City, who: int, found: Watched) -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Decide by a page that is no longer true."""
    for key, step in at_steps(found):
        turn = found.live.stage(key).turn - 1
        yield decisions.decide, {
            "ref": found.ref, "stage": key, "step": step, "outcome": "refused", "opinion": "否", "turn": turn
        }  # fmt: skip


def _future(city: City, who: int, found: Watched) -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Record what has not happened yet."""
    for key, _ in at_steps(found):
        yield outside.record_outside, {
            "ref": found.ref, "stage": key, "what": Filed(city.today + timedelta(days=1))
        }  # fmt: skip


def _own_rights(city: City, who: int, found: Watched) -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Give oneself a post."""
    organisation = found.live.organisation
    yield people.grant_post, {"person": who, "organisation": organisation, "key": "director"}


# Where a project stands


def in_states(found: Watched, *states: str) -> list[str]:
    """Its stages in one of these states."""
    return [key for key, stage in found.live.stages.items() if stage.state in states]


def at_steps(found: Watched) -> list[tuple[str, str]]:
    """Its stages at a step, and which."""
    return [(key, stage.step) for key, stage in found.live.stages.items() if stage.step]


def late(city: City, found: Watched) -> list[str]:
    """Its stages behind their day."""
    return [
        key for key, stage in found.live.stages.items()
        if stage.clock and stage.clock.due_on and stage.clock.due_on < city.today
    ]  # fmt: skip
