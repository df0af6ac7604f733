"""Whether the actor may do a thing to a stage or a project now: one answer each, for actions and pages alike."""

from __future__ import annotations

from datetime import date

from workflow.calendar import Calendar
from workflow.clock import due, local_day
from workflow.definition import POSTS, Definition
from workflow.errors import Reason, reason
from workflow.machine import PROJECT, PROJECT_STATES, IllegalMove, is_outside
from workflow.rules.case import Case, names, state_words, step_title
from workflow.rules.needs import minutes_of, needs_of
from workflow.rules.people import (
    SUPERVISORS,
    capacity,
    entry_pending,
    going_on,
    has_a_hand,
    is_publicity,
    leaders,
    may_lead,
    may_move,
    may_prepare,
    posts_from,
    running,
    stage_people,
)
from workflow.state import CANCELLED, ISSUED, PASSED_STATES, PREPARING, StageState

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
"""What may be done with a project as a whole, in the words of buttons and refusals."""

MOST_NAMED = 5
"""Of so many unfinished stages a refusal names each."""


# Stages


def may_withdraw(case: Case, key: str) -> list[Reason]:
    """Only the submitter, and only before anybody has acted or entered anything."""
    stage = case.state.stage(key)
    reasons = [*running(case), *may_move(case, key, "withdraw")]
    if stage.acts and case.actor not in stage.acts[0].people:
        submitter = case.directory.name(stage.acts[0].by)
        reasons.append(reason("not-the-submitter", key, submitter=submitter))
    if len(stage.acts) > 1 or entry_pending(case, key):
        reasons.append(reason("already-acted", key, holders=names(case.directory, stage.holders)))
    return reasons


def again_trigger(case: Case, key: str) -> str:
    """How a stage begins again: an issued one is reopened, any other applied for anew."""
    return "reopen" if case.state.stage(key).state == ISSUED else "reapply"


def may_begin_again(case: Case, key: str) -> list[Reason]:
    """Reopening what was issued takes a chief; renewing what soon lapses, and reapplying, is the clerk's too."""
    trigger = again_trigger(case, key)
    who = may_lead(case) if trigger == "reopen" else may_prepare(case, key)
    if who and expiring(case, key):
        who = may_prepare(case, key)
    return [*running(case), *may_move(case, key, trigger), *who]


def expiring(case: Case, key: str) -> bool:
    """Whether a reply of the issued stage is so near its end that its renewal (延续) is due."""
    spec, stage = case.stage(key)
    clocks = [paper.clock for reply in spec.issues if (paper := case.state.documents.get(reply)) is not None]
    return stage.state == ISSUED and any(
        clock is not None
        and clock.due_on is not None
        and clock.warn_on is not None
        and clock.warn_on <= case.day
        for clock in clocks
    )


def may_pass_gate(case: Case, key: str, requirement: str) -> list[Reason]:
    """A supervisor without a hand in the matter, in person or by a delegate; and only what the definition calls soft."""
    spec = case.definition.stages[key]
    needs = {need.key: need for need in needs_of(case, spec)}
    reasons = [*running(case), *may_lead(case, SUPERVISORS)]
    if requirement not in needs or not needs[requirement].requirement.soft:
        reasons.append(reason("gate-not-soft", requirement))
    if has_a_hand(case, leaders(case, SUPERVISORS), {case.state.clerk, *stage_people(case, key)}):
        reasons.append(reason("own-gate", key))
    return reasons


def may_hand_over(case: Case, key: str) -> list[Reason]:
    """Whoever holds the step, or a supervisor above; who decides is said by nobody who has a hand in it."""
    spec, stage = case.stage(key)
    reasons = running(case)
    if not stage.is_open:
        reasons.append(reason("stage-not-open", key, state=state_words(spec, stage.state)))
    above = posts_from(spec.step(stage.step).by) if decides(case, key) else SUPERVISORS
    standing = [*(each for each in case.acts_as if each in stage.holders), *leaders(case, above)]
    if not standing:
        reasons.append(reason("not-the-holder", key, holders=names(case.directory, stage.holders)))
    elif decides(case, key) and has_a_hand(case, standing, stage_people(case, key)):
        reasons.append(reason("involved-cannot-assign", key))
    return reasons


def may_receive(case: Case, key: str, person: int) -> list[Reason]:
    """Who may be given a step: somebody whose own post lets them see the project, for as long as it lasts, and, where
    it is decided, has the standing to.
    """
    spec, stage = case.stage(key)
    directory, organisation = case.directory, case.state.organisation
    if not directory.is_active(person):
        return [reason("person-not-found", "to")]
    name = directory.name(person)
    if not directory.belongs(person, organisation):
        return [reason("receiver-out-of-scope", "to")]
    if stage.holders == (person,):
        return [reason("receiver-is-holder", "to", name=name)]
    if directory.is_administrator(person):
        return [reason("receiver-administers", "to", name=name)]
    if not decides(case, key):
        return []
    if person in stage_people(case, key):
        return [reason("receiver-involved", "to", name=name)]
    by = spec.step(stage.step).by
    if not directory.has_post(person, posts_from(by), organisation):
        return [reason("receiver-without-post", "to", name=name, post=POSTS[by])]
    return []


def decides(case: Case, key: str) -> bool:
    """Whether the stage is at a step that somebody in the house decides."""
    stage = case.state.stage(key)
    return bool(stage.step) and "." not in stage.state and not is_publicity(case, key)


def may_enter_signature(case: Case, key: str) -> list[Reason]:
    """The clerk or a supervisor may enter a signed sheet; not where a reply is issued, nor for a publicity."""
    spec, stage = case.stage(key)
    reasons = [*running(case), *clerk_or_chief(case), *entry_pending(case, key)]
    if is_publicity(case, key):
        reasons.append(reason("publicity-not-signed", key, step=step_title(spec, stage.step)))
    if spec.steps[-1].key == stage.step and spec.issues:
        reasons.append(reason("paper-signature-issues", key, stage=spec.title))
    return reasons


def may_record_outside(case: Case, key: str) -> list[Reason]:
    """The clerk, while the stage is with an outside office and no other entry waits."""
    spec, stage = case.stage(key)
    reasons = [*running(case), *may_prepare(case, key)]
    if "." not in stage.state:
        return [*reasons, reason("not-outside", key, stage=spec.title, state=state_words(spec, stage.state))]
    return [*reasons, *entry_pending(case, key)]


def may_draft_letter(case: Case, key: str) -> list[Reason]:
    """The clerk or a supervisor, while the stage is with an outside office."""
    spec, stage = case.stage(key)
    reasons = [*running(case), *clerk_or_chief(case)]
    if "." not in stage.state:
        reasons.append(reason("not-outside", key, stage=spec.title, state=state_words(spec, stage.state)))
    return reasons


def publicity_unfinished(
    case: Case, key: str, calendar: Calendar, shown_on: date | None = None
) -> list[Reason]:
    """A publicity lasts at least as long as the law says before anybody concludes it.

    It lasts from `shown_on`, the day on which it was hung out, or from the day on which it could first be.
    """
    spec, stage = case.stage(key)
    step = spec.step(stage.step)
    if step.minimum is None or stage.since is None:
        return [reason("publicity-day-unwanted", "shown_on", step=step.title)] if shown_on else []
    first = local_day(stage.since)
    shown = shown_on or first
    if not first <= shown <= case.day:
        return [reason("publicity-day", "shown_on", first=first, last=case.day)]
    ends = due(calendar, shown, step.minimum)
    if ends is None or case.day > ends.day:
        return []
    return [reason("publicity-too-short", key, step=step.title, minimum=step.minimum, day=ends.day)]


# Clocks


def may_change_clock(case: Case, key: str, effect: str) -> list[Reason]:
    """A chief may extend, stop or resume our own running clock; never whoever holds it.

    A clock that is late is not stopped any more: that would only silence it.
    """
    spec, stage = case.stage(key)
    clock = stage.clock
    reasons = [*running(case), *may_lead(case)]
    if not {*stage.holders, case.state.clerk}.isdisjoint(case.acts_as):
        reasons.append(reason("own-clock", key))
    if clock is None:
        return [*reasons, reason("no-clock", key, stage=spec.title)]
    if clock.outside:
        reasons.append(reason("clock-is-outside", key, stage=spec.title))
    if clock.stopped is not (effect == "resume"):
        reasons.append(reason("clock-stopped" if clock.stopped else "clock-not-stopped", key))
    if effect == "pause" and clock.due_on is not None and clock.due_on < case.day:
        reasons.append(reason("clock-late", key, due=clock.due_on))
    return reasons


def may_explain(case: Case, key: str) -> list[Reason]:
    """Whoever holds the stage, or its clerk, may put their words on a running clock, or on an open order."""
    spec, stage = case.stage(key)
    if stage.clock is None and stage.order is None:
        return [reason("no-clock", key, stage=spec.title)]
    reasons = running(case)
    if capacity(case, (*stage.holders, case.state.clerk)) is None:
        reasons.append(reason("not-the-holder", key, holders=names(case.directory, stage.holders)))
    return reasons


# Papers and projects


def may_hand_in(case: Case, document: str) -> list[Reason]:
    """The clerk, whoever prepares a stage and, of its minutes, whoever sees to a meeting, while the project goes on.

    What a stage issues comes about there, and what an outside office has before it stays as it was filed.
    """
    definition = case.definition
    reasons, title = going_on(case), definition.documents[document].title
    if capacity(case, hands_in(case, document)) is None:
        reasons.append(reason("not-the-clerk", document, clerk=case.directory.name(case.state.clerk)))
    issuer = definition.issuers.get(document)
    if issuer is not None:
        stage_title = definition.stages[issuer].title
        reasons.append(reason("reply-not-uploaded", document, title=title, stage=stage_title))
    for key, stage in case.state.stages.items():
        if is_outside(stage.state) and document in stage.papers:
            spec = definition.stages[key]
            body = spec.step(stage.step).body
            reasons.append(reason("paper-is-outside", document, title=title, stage=spec.title, body=body))
    return reasons


def hands_in(case: Case, document: str) -> tuple[int, ...]:
    """Who hands in papers: the clerk, whoever has a preparation in hand and, of minutes, whoever sees to their meeting."""
    handing = (
        who
        for key, stage in case.state.stages.items()
        if stage.state == PREPARING or document in _minutes(case, key)
        for who in stage.holders
    )
    return (case.state.clerk, *handing)


def _minutes(case: Case, key: str) -> tuple[str, ...]:
    found = minutes_of(case, case.definition.stages[key])
    return found.options if found else ()


def unsettled_by(case: Case, document: str) -> tuple[str, ...]:
    """The stages whose running visit rests on that paper: another version of it begins their steps again."""
    return tuple(
        key
        for key, stage in case.state.stages.items()
        if document in stage.papers and "restart" in case.compiled.machines[key].triggers(stage.state)
    )


def may_take_over(case: Case, key: str) -> list[Reason]:
    """While the project is taken over; afterwards only the reply that a taken-over stage still lacks."""
    stage = case.state.stage(key)
    reasons = [*going_on(case), *clerk_or_chief(case), *entry_pending(case, key)]
    if not case.state.taking_over and not stage.taken_over:
        reasons.append(reason("not-taking-over", key))
    return reasons if stage.state == ISSUED else [*reasons, *may_move(case, key, "take_over")]


def may_complete(case: Case, key: str) -> list[Reason]:
    """The clerk or a supervisor, of an issued stage of which nothing else waits for its check."""
    spec, stage = case.stage(key)
    reasons = [*going_on(case), *clerk_or_chief(case), *entry_pending(case, key)]
    if stage.state != ISSUED:
        state = state_words(spec, stage.state)
        reasons.append(reason("illegal-move", key, stage=spec.title, state=state, move="补登"))
    return reasons


def may_close_take_over(case: Case) -> list[Reason]:
    """Once every entry was checked."""
    reasons = [*going_on(case), *clerk_or_chief(case)]
    if not case.state.taking_over:
        reasons.append(reason("not-taking-over"))
    return [*reasons, *_unchecked(case)]


def _unchecked(case: Case) -> list[Reason]:
    """What was entered and waits for its check."""
    stages = [case.definition.stages[each.stage].title for each in case.state.entries.values()]
    return [reason("entries-unchecked", stages="、".join(stages))] if stages else []


def may_change_facts(case: Case) -> list[Reason]:
    """The clerk or a supervisor, while the project is neither suspended nor ended."""
    return [*clerk_or_chief(case), *going_on(case)]


def may_move_project(case: Case, trigger: str, *, unfinished: bool = False) -> list[Reason]:
    """A chief, if the project's machine has the move. Nothing unfinished is archived; what is put into use though
    stages are left, as offices do, is said to be meant: `unfinished`.
    """
    state = case.state
    reasons = may_lead(case)
    try:
        PROJECT.after(state.state, trigger)
    except IllegalMove:
        words = PROJECT_MOVES.get(trigger, trigger)
        reasons.append(reason("illegal-project-move", state=PROJECT_STATES[state.state], move=words))
    left = unfinished_stages(case)
    if trigger == "archive":
        reasons += [reason("stages-open", stages=left)] if left else []
        reasons += _unchecked(case)
    elif trigger == "put_into_use" and left and not unfinished:
        reasons.append(reason("in-use-unfinished", "unfinished", stages=left))
    return reasons


def unfinished_stages(case: Case) -> str:
    """The stages that are neither done, not applicable nor cancelled, the first with whoever has them; empty if none."""
    found = [
        f"{spec.title}（{names(case.directory, stage.holders) or state_words(spec, stage.state)}）"
        for spec, stage in map(case.stage, case.definition.stages)
        if stage.state not in {*PASSED_STATES, CANCELLED}
    ]
    return "、".join(found[:MOST_NAMED]) + (f"等{len(found)}项" if len(found) > MOST_NAMED else "")


def due_move(case: Case) -> str:
    """The move of the whole project that its stages call for; empty if they call for none.

    What the reserve (储备) holds is planned: the first phase is done. Work (在办) has begun with a step of a later one;
    what had begun when a chief took the project back out of work calls for nothing.
    """
    state = case.state
    if state.state in {"active", "in_use"} and not unfinished_stages(case):
        return "put_into_use" if state.state == "active" else "archive"
    if state.taking_over or state.is_blocked or state.state not in {"planning", "reserve"}:
        return ""
    planning, work = _phases(case.definition)
    if begun_work(case).items() - state.shelved.items():
        return "start"
    planned = work and all(state.stage(key).state in PASSED_STATES for key in planning)
    return "reserve" if planned and state.state == "planning" else ""


def begun_work(case: Case) -> dict[str, int]:
    """The stages that work (在办) has begun with, and in which visit each: those of later phases, if there are any."""
    planning, work = _phases(case.definition)
    found = {key: case.state.stage(key) for key in sorted(work or planning)}
    return {key: stage.visit for key, stage in found.items() if _is_begun(stage)}


def _is_begun(stage: StageState) -> bool:
    return stage.state == ISSUED or (stage.is_open and stage.state != PREPARING)


def _phases(definition: Definition) -> tuple[set[str], set[str]]:
    """The stages of the first phase, and all others."""
    planning = {key for key, spec in definition.stages.items() if spec.phase == definition.phases[0]}
    return planning, definition.stages.keys() - planning


def clerk_or_chief(case: Case) -> list[Reason]:
    """The project's clerk, or a supervisor above."""
    if capacity(case, (case.state.clerk,)) is not None or not may_lead(case, SUPERVISORS):
        return []
    return [reason("not-the-clerk", clerk=case.directory.name(case.state.clerk))]
