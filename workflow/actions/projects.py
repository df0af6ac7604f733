"""Projects as wholes: registering, taking over (补录), facts, phases of life, waiting, handing over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select

from workflow import rules
from workflow.actions.casework import Casework, code_taken, refuse
from workflow.actions.decisions import enter
from workflow.clock import local_day
from workflow.errors import Forbidden, NotFound, Reason, reason
from workflow.events import (
    ClerkChanged,
    FactsChanged,
    ProjectMoved,
    ProjectRegistered,
    StageTakenOver,
    TakeOverClosed,
    WaitBegan,
    WaitEnded,
)
from workflow.machine import PROJECT, PROJECT_STATES
from workflow.queries.scope import namesake
from workflow.sql import Statement
from workflow.state import ENDED_STATES, ISSUED, Clock, ReplyData, TakenOver, Wait
from workflow.timing import ladder_of, resume, stop
from workflow.transaction import Tell, Transaction

_HAS_NAMESAKE = Statement(select(exists().where(namesake(bindparam("organisation"), bindparam("title")))))

SUSPENDED = "项目中止"
"""Why a clock stands still while its project is suspended."""


def register_project(
    tx: Transaction,
    *,
    ref: str,
    digest: str,
    title: str,
    organisation: int,
    clerk: int,
    actor: int,
    now: datetime,
    code: str = "",
    facts: Mapping[str, Any] | None = None,
    parent: str = "",
    taking_over: bool = False,
    same_name: bool = False,
) -> str:
    """Begin to follow a project under a published definition. Returns its reference, `ref`.

    `ref` is a new random text from the edge. With `taking_over`, nothing opens until its replies are
    entered, checked and the taking-over is closed. `same_name` says that it is meant to be another project
    than the one of its name in that unit. Refused with every wrong fact, sum and code.
    """
    compiled = tx.compiled(digest)
    definition = compiled.definition
    directory = tx.directory
    if organisation in directory.organisations and not directory.sees(actor, organisation, local_day(now)):
        raise Forbidden(reason("out-of-scope", "organisation"))
    values, reasons = rules.read_registration(
        directory,
        definition,
        title=title,
        organisation=organisation,
        clerk=clerk,
        code=code,
        facts=facts or {},
    )
    if code and not rules.check_code(code):
        reasons += code_taken(tx, code, actor=actor, now=now)
    if not same_name and not any(each.place == "title" for each in reasons):
        reasons += _title_taken(tx, organisation, title.strip())
    refuse(reasons)
    above = _another(tx, parent, "parent", actor, now).project.id if parent else 0
    project = tx.new_project(ref, compiled)
    work = Casework(tx, project, actor=actor, now=now)
    work.on_behalf = rules.registers_for(directory, actor, organisation, work.day)

    work.record(
        ProjectRegistered(
            definition=definition.type,
            version=definition.version,
            digest=digest,
            title=title.strip(),
            organisation=organisation,
            clerk=clerk,
            code=code,
            facts=values,
            parent=above,
            taking_over=taking_over,
        )
    )
    work.settle()
    return ref


def _another(tx: Transaction, ref: str, place: str, actor: int, now: datetime) -> Casework:
    """The other project that is named at that place; NotFound, for that place, if the actor does not see it."""
    try:
        return Casework.load(tx, ref, actor=actor, now=now)
    except NotFound as error:
        reasons = (Reason(each.code, each.text, each.remedy, place) for each in error.reasons)
        raise NotFound(*reasons) from None


def _title_taken(tx: Transaction, organisation: int, title: str) -> list[Reason]:
    """Two projects of one name do occur in a unit; one project registered twice is the commoner mistake."""
    taken = tx.execute(_HAS_NAMESAKE, organisation=organisation, title=title).fetchone()[0]
    return [reason("title-taken", "title", title=title)] if taken else []


def change_facts(
    tx: Transaction,
    *,
    ref: str,
    facts: Mapping[str, Any],
    reason_given: str,
    actor: int,
    now: datetime,
    code: str | None = None,
) -> int:
    """Set facts (None: unknown again) or the project code; stages open, close or wait accordingly."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    definition = work.project.definition
    values, wrong = rules.read_facts(definition.facts, facts)
    unread = dict.fromkeys(each.place for each in wrong)
    merged = {**work.project.state.facts, **values, **unread}
    reasons = [*work.may(rules.may_change_facts), *wrong, *rules.check_sums(definition, merged)]
    if code:
        reasons += rules.check_code(code) or code_taken(
            tx, code, project=work.project.id, actor=actor, now=now
        )
    refuse([*reasons, *rules.check_text(reason_given, "reason", "说明")])

    changed = {key: value for key, value in values.items() if value != work.project.state.facts.get(key)}
    if changed or (code is not None and code != work.project.state.code):
        work.record(FactsChanged(changed, reason_given, code))
        work.learned(changed)
    return work.project.seq


def move_project(
    tx: Transaction,
    *,
    ref: str,
    trigger: str,
    reason_given: str,
    actor: int,
    now: datetime,
    unfinished: bool = False,
) -> int:
    """Move the project as a whole: into the reserve, into work, into use; suspend, resume, terminate.

    `unfinished` says that it is in use though stages are left.

    Suspending stops the clocks of our own work, never a statutory one that runs at another office.
    Terminating cancels every stage that is open or was still to come.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    state = work.project.state
    refuse(
        [
            *work.may(lambda case: rules.may_move_project(case, trigger, unfinished=unfinished)),
            *rules.check_text(reason_given, "reason", "理由", required=True),
        ]
    )

    to = PROJECT.after(state.state, trigger)
    stages = work.project.definition.stages if trigger == "terminate" else ()
    cancelled = tuple(key for key in stages if _may_cancel(work, key))
    told = _concerned(work) if trigger in {"suspend", "resume", "terminate"} else ()
    begun = rules.begun_work(work.case) if trigger == "shelve" else {}
    moved = ProjectMoved(trigger, to, reason_given, _clocks_after(work, trigger), cancelled, begun)
    work.record(moved, Tell("moved", told))
    if trigger == "resume":
        work.settle()
    if to == "in_use":
        work.end_waits()
    if to in ENDED_STATES:
        work.disappoint()
    return work.project.seq


def hand_over_project(
    tx: Transaction, *, ref: str, to: int, reason_given: str, actor: int, now: datetime
) -> int:
    """Give the project, and all that its clerk had in hand, to another clerk; by the clerk or a supervisor."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    state = work.project.state
    reasons = [
        *work.may(rules.may_change_facts),
        *rules.check_text(reason_given, "reason", "理由", required=True),
    ]
    if not tx.directory.is_active(to):
        reasons.append(reason("person-not-found", "to"))
    elif not tx.directory.belongs(to, state.organisation):
        reasons.append(reason("receiver-out-of-scope", "to"))
    elif tx.directory.is_administrator(to):
        reasons.append(reason("receiver-administers", "to", name=tx.directory.name(to)))
    elif to == state.clerk:
        reasons.append(reason("receiver-is-holder", "to", name=tx.directory.name(to)))
    refuse(reasons)

    stages = tuple(key for key, stage in state.stages.items() if stage.holders == (state.clerk,))
    relieved = Tell("relieved", (state.clerk,))
    work.record(ClerkChanged(to, reason_given, stages), Tell("handed_over", (to,)), relieved)
    for entry in state.entries.values():
        work.relieve_checkers(entry)
    return work.project.seq


def wait_for(tx: Transaction, *, ref: str, other: str, actor: int, now: datetime, stage: str = "") -> int:
    """Let the project wait until another has passed `stage`, or, without one, is in use.

    By a supervisor: what waits has no clock, so it is not for the clerk to say.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    awaited = _another(tx, other, "other", actor, now).project
    reasons = [*rules.running(work.case), *work.may(rules.may_lead, rules.SUPERVISORS)]
    if work.project.id in _awaited_by(tx, awaited.id):
        reasons.append(reason("wait-in-circle", "other"))
    if stage and stage not in awaited.definition.stages:
        reasons.append(reason("stage-not-found", "stage", stage=stage))
    come = awaited.state.has_reached(stage)
    if not come and awaited.state.state in ENDED_STATES:
        reasons.append(reason("awaited-ended", "other", state=PROJECT_STATES[awaited.state.state]))
    refuse(reasons)

    wait = Wait(awaited.id, stage, ended=come)
    if wait not in work.project.state.waits:
        work.record(WaitBegan(wait))
        work.settle()
    return work.project.seq


def stop_waiting(
    tx: Transaction, *, ref: str, other: str, reason_given: str, actor: int, now: datetime
) -> int:
    """Let the project go on without the one it waits for; by a chief, with the reason on the record."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    awaited = tx.project(other)
    waits = [wait for wait in work.project.state.waits if wait.project == awaited.id and not wait.ended]
    reasons = [
        *work.may(rules.may_lead),
        *rules.check_text(reason_given, "reason", "理由", required=True),
    ]
    if not waits:
        reasons.append(reason("not-waiting", "other"))
    refuse(reasons)

    for wait in waits:
        work.record(WaitEnded(wait.project, wait.stage, reason_given))
    work.settle()
    return work.project.seq


def _awaited_by(tx: Transaction, project: int) -> set[int]:
    """The project, all that it waits for, all that those wait for, and so on."""
    found: set[int] = set()
    todo = [project]
    while todo:
        each = todo.pop()
        if each not in found:
            found.add(each)
            todo += [wait.project for wait in tx.project_by_id(each).state.waits if not wait.ended]
    return found


# Taking over (补录)


def take_over_stage(
    tx: Transaction,
    *,
    ref: str,
    stage: str,
    replies: Sequence[ReplyData],
    actor: int,
    now: datetime,
    as_printed: bool = False,
) -> int:
    """Enter a stage that was issued before the project was followed here, with its replies and evidence."""
    work = Casework.load(tx, ref, actor=actor, now=now)
    spec = work.spec(stage)
    reasons = work.may(rules.may_take_over, stage)
    reasons += rules.check_replies(
        work.case, spec, replies, as_printed=as_printed, complete=bool(spec.issues)
    )
    reasons += rules.check_evidence(work.case, replies)
    refuse(reasons)

    enter(work, stage, TakenOver(tuple(replies)), "section_chief", exclude={actor, work.project.state.clerk})
    return work.project.seq


def apply_take_over(work: Casework, stage: str, taken: TakenOver, entry: int) -> None:
    """The change itself, once the originals were checked: the stage counts as issued, marked 补录."""
    if work.stage(stage).state != ISSUED:
        work.after(stage, "take_over")
    papers = work.replies(taken.replies, _outside_body(work, stage), entry)
    issued_on = max((reply.issued_on for reply in taken.replies), default=work.day)
    code = work.new_code(papers)
    work.record(StageTakenOver(stage, papers, issued_on, entry))
    work.take_code(code)
    if not work.project.state.taking_over:
        work.passed(stage)


def close_take_over(tx: Transaction, *, ref: str, actor: int, now: datetime) -> int:
    """End the taking-over: what lies behind the entered replies counts as done, the rest opens from now on.

    No clock starts before this instant, so no rung ever fires for the past; but a reply that has expired lapses now
    if something still needs it, so that nothing waits for it in silence. Refused while an entry is unchecked.
    """
    work = Casework.load(tx, ref, actor=actor, now=now)
    state = work.project.state
    refuse(work.may(rules.may_close_take_over))

    definition = work.project.definition
    done = [key for key in definition.stages if state.stage(key).state == ISSUED]
    behind = {before for key in done for before in definition.ancestors(key)} - set(done)
    implied = tuple(key for key in definition.stages if key in behind)
    for key in implied:
        work.after(key, "take_over")
        work.record(StageTakenOver(key, issued_on=work.day))
    work.record(TakeOverClosed(implied))
    work.passed(*done, *implied)
    work.settle()
    return work.project.seq


def _outside_body(work: Casework, stage: str) -> str:
    bodies = [step.body for step in work.spec(stage).steps if step.body]
    return bodies[-1] if bodies else ""


def _concerned(work: Casework) -> tuple[int, ...]:
    """The clerk, and whoever has a stage of the project in hand."""
    state = work.project.state
    holders = (who for stage in state.stages.values() for who in stage.holders)
    return (state.clerk, *holders)


def _may_cancel(work: Casework, stage: str) -> bool:
    return not rules.may_move(work.case, stage, "cancel")


def _clocks_after(work: Casework, trigger: str) -> dict[str, Clock]:
    """How suspending, resuming or terminating leaves the clocks of our own work."""
    if trigger not in {"suspend", "resume"}:
        return {}
    clocks = {}
    for key, stage in work.project.state.stages.items():
        clock = stage.clock
        if clock is None or clock.outside:
            continue
        if trigger == "suspend" and not clock.stopped:
            clocks[key] = stop(clock, work.day, SUSPENDED)
        elif trigger == "resume" and clock.stopped and clock.spans[-1].why == SUSPENDED:
            ladder = ladder_of(work.project.definition, work.spec(key), stage.state)
            clocks[key] = resume(clock, work.day, ladder, work.tx.calendar, work.now)
    return clocks
