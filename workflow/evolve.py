"""`evolve(state, recorded)`: the only function that changes a project's state.

Invariant: folding all events of a project from nothing gives exactly its stored state (brief §3.5, 3).
It decides nothing and looks nothing up: whatever was decided is in the event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from msgspec.structs import replace

from workflow import events as ev
from workflow.state import (
    CANCELLED,
    CLOSED_STATES,
    ENDED_STATES,
    ISSUED,
    LAPSED,
    NOT_APPLICABLE,
    ORDER,
    PREPARING,
    REFUSED,
    RUNNING_STATES,
    WAITING,
    Act,
    CorrectionNotified,
    Filed,
    Order,
    Paper,
    ProjectState,
    StageState,
)


def evolve(state: ProjectState | None, recorded: ev.Recorded) -> ProjectState:
    """The state after the event. `state` is None only before a project's registration."""
    event = recorded.event
    if isinstance(event, ev.ProjectRegistered):
        return _registered(event)
    if state is None:
        raise ValueError(f"a project begins with its registration, not with {ev.kind_of(event)}")
    return _CHANGES[type(event)](state, event, recorded)


def fold(history: Iterable[ev.Recorded]) -> ProjectState | None:
    """The state that the whole history leaves; None for an empty one."""
    state: ProjectState | None = None
    for recorded in history:
        state = evolve(state, recorded)
    return state


def _registered(event: ev.ProjectRegistered) -> ProjectState:
    return ProjectState(
        definition=event.definition,
        version=event.version,
        digest=event.digest,
        title=event.title,
        organisation=event.organisation,
        clerk=event.clerk,
        state="planning",
        code=event.code,
        facts=event.facts,
        parent=event.parent,
        taking_over=event.taking_over,
    )


def _put(state: ProjectState, key: str, stage: StageState) -> ProjectState:
    return replace(state, stages={**state.stages, key: stage})


def _moved(stage: StageState, entered: ev.Entered, recorded: ev.Recorded, **changes: Any) -> StageState:
    return replace(
        stage,
        state=entered.state,
        holders=entered.holders,
        clock=entered.clock,
        turn=stage.turn + 1,
        since=recorded.at,
        last=_last(recorded),
        prepared_from=_prepared_from(stage, entered),
        **{"kept": entered.kept, "not_confirmed": "", "order": None, "rejected": None, **changes},
    )


def _rested(
    stage: StageState, state: str, recorded: ev.Recorded, asked: tuple[int, ...] = (), **changes: Any
) -> StageState:
    return _moved(stage, ev.Entered(state, asked), recorded, **changes)


def _prepared_from(stage: StageState, entered: ev.Entered) -> date | None:
    """Day 0 of the current preparation, kept while its steps run, so that a withdrawal does not begin it anew."""
    if entered.state == PREPARING:
        return entered.clock.started_on if entered.clock else None
    return stage.prepared_from if entered.state not in CLOSED_STATES else None


def _last(recorded: ev.Recorded) -> Act:
    """Who moved the stage last and by what: the winner whom a loser is told of."""
    signer: int = getattr(recorded.event, "signed_by", 0)
    return Act(ev.kind_of(recorded.event), signer or recorded.actor, recorded.at)


def _act(what: str, recorded: ev.Recorded, *, on_behalf: int = 0) -> Act:
    return Act(what, recorded.actor, recorded.at, on_behalf)


def _decision(event: ev.StepDecided | ev.StageRefused, recorded: ev.Recorded) -> Act:
    if event.signed_by:
        return Act(event.step, event.signed_by, recorded.at)
    entered = event.entered_by, event.entered_for
    return Act(event.step, recorded.actor, recorded.at, event.on_behalf, event.body, *entered)


def _without_entry(state: ProjectState, number: int) -> ProjectState:
    if not number:
        return state
    return replace(state, entries={k: v for k, v in state.entries.items() if v.number != number})


def _with_papers(state: ProjectState, papers: dict[str, Paper]) -> ProjectState:
    return replace(state, documents={**state.documents, **papers}) if papers else state


def _facts_changed(state: ProjectState, event: ev.FactsChanged, _: ev.Recorded) -> ProjectState:
    facts = {k: v for k, v in {**state.facts, **event.facts}.items() if v is not None}
    return replace(state, facts=facts, code=state.code if event.code is None else event.code)


def _project_moved(state: ProjectState, event: ev.ProjectMoved, recorded: ev.Recorded) -> ProjectState:
    stages = dict(state.stages)
    for key, clock in event.clocks.items():
        stages[key] = replace(stages[key], clock=clock)
    for key in event.cancelled:
        stages[key] = _rested(state.stage(key), CANCELLED, recorded, opens_on=None)
    if event.to not in RUNNING_STATES:
        stages = {
            key: replace(stage, opens_on=None, order=None) if stage.opens_on or stage.order else stage
            for key, stage in stages.items()
        }
    if event.to in ENDED_STATES:
        stages = {
            key: replace(stage, holders=(), rejected=None) if stage.holders or stage.rejected else stage
            for key, stage in stages.items()
        }
    entries = {} if event.to == "terminated" else state.entries
    shelved = event.begun or state.shelved
    state = replace(state, state=event.to, stages=stages, entries=entries, shelved=shelved)
    return _with_papers(state, _forgotten(state) if event.to in ENDED_STATES else {})


def _forgotten(state: ProjectState) -> dict[str, Paper]:
    """The replies that have lapsed, without the clock that says so: nobody waits for new ones."""
    return {
        key: replace(paper, clock=None)
        for key, paper in state.documents.items()
        if paper.lapsed and paper.clock
    }


def _clerk_changed(state: ProjectState, event: ev.ClerkChanged, recorded: ev.Recorded) -> ProjectState:
    stages = dict(state.stages)
    for key in event.stages:
        turn = stages[key].turn + 1
        stages[key] = replace(stages[key], holders=(event.clerk,), turn=turn, last=_last(recorded))
    return replace(state, clerk=event.clerk, stages=stages)


def _wait_began(state: ProjectState, event: ev.WaitBegan, _: ev.Recorded) -> ProjectState:
    return replace(state, waits=(*state.waits, event.wait))


def _wait_ended(state: ProjectState, event: ev.WaitEnded, _: ev.Recorded) -> ProjectState:
    waits = tuple(
        replace(wait, ended=True) if (wait.project, wait.stage) == (event.project, event.stage) else wait
        for wait in state.waits
    )
    return replace(state, waits=waits)


def _take_over_closed(state: ProjectState, _: ev.TakeOverClosed, __: ev.Recorded) -> ProjectState:
    return replace(state, taking_over=False)


def _stage_opened(state: ProjectState, event: ev.StageOpened, recorded: ev.Recorded) -> ProjectState:
    stage = _moved(
        state.stage(event.stage), event.entered, recorded, visit=event.visit, acts=(), opens_on=None
    )
    return _put(state, event.stage, stage)


def _stage_skipped(state: ProjectState, event: ev.StageSkipped, recorded: ev.Recorded) -> ProjectState:
    stage = _rested(state.stage(event.stage), NOT_APPLICABLE, recorded, opens_on=None, kept=event.kept)
    return _put(state, event.stage, stage)


def _stage_held(state: ProjectState, event: ev.StageHeld, recorded: ev.Recorded) -> ProjectState:
    stage = state.stage(event.stage)
    if stage.state == WAITING:
        since = recorded.at if event.asked else stage.since
        order = stage.order if event.asked else None
        held = replace(stage, opens_on=event.opens_on, holders=event.asked, since=since, order=order)
        return _put(state, event.stage, held)
    rested = _rested(stage, WAITING, recorded, event.asked, opens_on=event.opens_on, kept=event.kept)
    return _put(state, event.stage, replace(rested, prepared_from=event.prepared_from))


def _stage_submitted(state: ProjectState, event: ev.StageSubmitted, recorded: ev.Recorded) -> ProjectState:
    stage = _moved(
        state.stage(event.stage),
        event.entered,
        recorded,
        acts=(_act("submit", recorded, on_behalf=event.on_behalf),),
        papers=event.papers,
        fixes=(),
        kept=event.kept,
    )
    return _put(state, event.stage, stage)


def _step_decided(state: ProjectState, event: ev.StepDecided, recorded: ev.Recorded) -> ProjectState:
    before = state.stage(event.stage)
    act = _decision(event, recorded)
    stage = _moved(
        before,
        event.entered,
        recorded,
        acts=(*before.acts, act),
        issued_on=event.issued_on or before.issued_on,
    )
    return _without_entry(_with_papers(_put(state, event.stage, stage), event.issued), event.entry)


def _new_visit(
    state: ProjectState, key: str, entered: ev.Entered, recorded: ev.Recorded, fixes: tuple[Any, ...] = ()
) -> ProjectState:
    before = state.stage(key)
    stage = _moved(
        before, entered, recorded, visit=before.visit + 1, acts=(), papers={}, fixes=fixes, issued_on=None
    )
    entries = {k: entry for k, entry in state.entries.items() if entry.stage != key}
    return replace(_put(state, key, stage), entries=entries)


def _stage_returned(state: ProjectState, event: ev.StageReturned, recorded: ev.Recorded) -> ProjectState:
    return _new_visit(state, event.stage, event.entered, recorded, event.fixes)


def _stage_refused(state: ProjectState, event: ev.StageRefused, recorded: ev.Recorded) -> ProjectState:
    before = state.stage(event.stage)
    act = _decision(event, recorded)
    stage = _rested(before, REFUSED, recorded, event.asked, acts=(*before.acts, act))
    return _without_entry(_put(state, event.stage, stage), event.entry)


def _stage_withdrawn(state: ProjectState, event: ev.StageWithdrawn, recorded: ev.Recorded) -> ProjectState:
    return _new_visit(state, event.stage, event.entered, recorded)


def _stage_reapplied(state: ProjectState, event: ev.StageReapplied, recorded: ev.Recorded) -> ProjectState:
    return _new_visit(state, event.stage, event.entered, recorded)


def _stage_restarted(state: ProjectState, event: ev.StageRestarted, recorded: ev.Recorded) -> ProjectState:
    before = state.stage(event.stage)
    acts = tuple(act for act in before.acts if act.what == "submit")
    stage = _moved(before, event.entered, recorded, acts=acts, papers=event.papers, kept=before.kept)
    return _put(state, event.stage, stage)


def _stage_taken_over(state: ProjectState, event: ev.StageTakenOver, recorded: ev.Recorded) -> ProjectState:
    stage = _rested(
        state.stage(event.stage),
        ISSUED,
        recorded,
        taken_over=True,
        issued_on=event.issued_on,
        opens_on=None,
    )
    return _without_entry(_with_papers(_put(state, event.stage, stage), event.replies), event.entry)


def _reply_completed(state: ProjectState, event: ev.ReplyCompleted, _: ev.Recorded) -> ProjectState:
    paper = state.documents[event.document]
    said = {key: value for key, value in paper.fields.items() if value is not None}
    paper = replace(paper, fields={**event.fields, **said})
    return _without_entry(_with_papers(state, {event.document: paper}), event.entry)


def _reply_lapsed(state: ProjectState, event: ev.ReplyLapsed, recorded: ev.Recorded) -> ProjectState:
    paper = replace(state.documents[event.document], lapsed=True, clock=event.clock)
    state = _with_papers(state, {event.document: paper})
    stage = state.stage(event.stage)
    if stage.state != ISSUED:
        return state
    return _put(state, event.stage, _rested(stage, LAPSED, recorded, event.asked))


def _entry_recorded(state: ProjectState, event: ev.EntryRecorded, _: ev.Recorded) -> ProjectState:
    stage = state.stage(event.entry.stage)
    if stage.not_confirmed:
        state = _put(state, event.entry.stage, replace(stage, not_confirmed="", rejected=None))
    return replace(state, entries={**state.entries, str(event.entry.number): event.entry})


def _entry_offered(state: ProjectState, event: ev.EntryOffered, _: ev.Recorded) -> ProjectState:
    return replace(state, entries={**state.entries, str(event.entry.number): event.entry})


def _entry_rejected(state: ProjectState, event: ev.EntryRejected, recorded: ev.Recorded) -> ProjectState:
    state = _without_entry(state, event.entry)
    rejected = Act(ev.kind_of(event), recorded.actor, recorded.at, event.on_behalf, entered_by=event.author)
    stage = replace(
        state.stage(event.stage), not_confirmed=event.reason, rejected=rejected if event.author else None
    )
    return _put(state, event.stage, stage)


def _entry_withdrawn(state: ProjectState, event: ev.EntryWithdrawn, _: ev.Recorded) -> ProjectState:
    return _without_entry(state, event.entry)


def _outside_moved(state: ProjectState, event: ev.OutsideMoved, recorded: ev.Recorded) -> ProjectState:
    before = state.stage(event.stage)
    fixes = event.fixes if isinstance(event.what, CorrectionNotified) else before.fixes
    if isinstance(event.what, Filed):
        fixes = ()
    stage = _moved(before, event.entered, recorded, fixes=fixes, papers=event.papers or before.papers)
    return _without_entry(_put(state, event.stage, stage), event.entry)


def _document_uploaded(state: ProjectState, event: ev.DocumentUploaded, _: ev.Recorded) -> ProjectState:
    return _with_papers(state, {event.document: event.paper})


def _soft_gate_passed(state: ProjectState, event: ev.SoftGatePassed, _: ev.Recorded) -> ProjectState:
    stage = state.stage(event.stage)
    return _put(state, event.stage, replace(stage, passed=(*stage.passed, event.requirement)))


def _step_handed_over(state: ProjectState, event: ev.StepHandedOver, recorded: ev.Recorded) -> ProjectState:
    stage = state.stage(event.stage)
    handed = replace(stage, holders=(event.to,), turn=stage.turn + 1, last=_last(recorded))
    return _put(state, event.stage, handed)


def _step_offered(state: ProjectState, event: ev.StepOffered, recorded: ev.Recorded) -> ProjectState:
    stage = state.stage(event.stage)
    last = _last(recorded) if event.afresh else stage.last
    return _put(state, event.stage, replace(stage, holders=event.holders, turn=stage.turn + 1, last=last))


def _clock_changed(
    state: ProjectState, event: ev.ClockChanged | ev.RungFired, _: ev.Recorded
) -> ProjectState:
    if event.document:
        paper = replace(state.documents[event.document], clock=event.clock)
        return _with_papers(state, {event.document: paper})
    stage = state.stage(event.stage)
    if event.clock.key == ORDER and stage.order is not None:
        return _put(state, event.stage, replace(stage, order=replace(stage.order, clock=event.clock)))
    return _put(state, event.stage, replace(stage, clock=event.clock))


def _explained(state: ProjectState, event: ev.ExplanationFiled, _: ev.Recorded) -> ProjectState:
    return _without_order(state, event.stage) if event.answers else state


def _order_issued(state: ProjectState, event: ev.OrderIssued, recorded: ev.Recorded) -> ProjectState:
    order = Order(recorded.actor, recorded.at, event.wanted, event.clock, event.on_behalf)
    return _put(state, event.stage, replace(state.stage(event.stage), order=order))


def _order_withdrawn(state: ProjectState, event: ev.OrderWithdrawn, _: ev.Recorded) -> ProjectState:
    return _without_order(state, event.stage)


def _without_order(state: ProjectState, key: str) -> ProjectState:
    return _put(state, key, replace(state.stage(key), order=None))


def _unchanged(state: ProjectState, _: ev.Event, __: ev.Recorded) -> ProjectState:
    return state


_CHANGES: dict[type, Callable[[ProjectState, Any, ev.Recorded], ProjectState]] = {
    ev.FactsChanged: _facts_changed,
    ev.ProjectMoved: _project_moved,
    ev.ClerkChanged: _clerk_changed,
    ev.WaitBegan: _wait_began,
    ev.WaitEnded: _wait_ended,
    ev.TakeOverClosed: _take_over_closed,
    ev.StageOpened: _stage_opened,
    ev.StageSkipped: _stage_skipped,
    ev.StageHeld: _stage_held,
    ev.StageSubmitted: _stage_submitted,
    ev.StepDecided: _step_decided,
    ev.StageReturned: _stage_returned,
    ev.StageRefused: _stage_refused,
    ev.StageWithdrawn: _stage_withdrawn,
    ev.StageReapplied: _stage_reapplied,
    ev.StageRestarted: _stage_restarted,
    ev.StageTakenOver: _stage_taken_over,
    ev.ReplyCompleted: _reply_completed,
    ev.ReplyLapsed: _reply_lapsed,
    ev.EntryRecorded: _entry_recorded,
    ev.EntryOffered: _entry_offered,
    ev.EntryRejected: _entry_rejected,
    ev.EntryWithdrawn: _entry_withdrawn,
    ev.OutsideMoved: _outside_moved,
    ev.DocumentUploaded: _document_uploaded,
    ev.SoftGatePassed: _soft_gate_passed,
    ev.StepHandedOver: _step_handed_over,
    ev.StepOffered: _step_offered,
    ev.ClockChanged: _clock_changed,
    ev.RungFired: _clock_changed,
    ev.ExplanationFiled: _explained,
    ev.OrderIssued: _order_issued,
    ev.OrderWithdrawn: _order_withdrawn,
    ev.LetterDrafted: _unchanged,
    ev.StopReviewed: _unchanged,
    ev.IncidentRaised: _unchanged,
}
