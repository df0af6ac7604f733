"""From a project's state to its rows: what lists, work lists and the sweep look at.

Pure. Invariant: the rows are a function of (state, definition) and nothing else, so that `doctor`
can recompute every one of them; only what changed between two states is written.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from workflow.clock import SHANGHAI
from workflow.definition import Definition
from workflow.record import stamp
from workflow.state import ORDER, PREPARING, Clock, Entry, Paper, ProjectState, StageState

Row = dict[str, Any]

CHECK = "check."
"""How the task of a checker begins; the number of the entry follows."""

RETURNED = "returned"
"""What a task says of a preparation that has something to put right."""


REJECTED = "rejected"
"""What it says of an entry that its author is to make again, where the stage is not in their hands anyway."""


def project_row(state: ProjectState, definition: Definition) -> Row:
    """The columns of the project row that are not its head: what lists sort and filter by."""
    return {**particulars(state), **standing(state, definition)}


def particulars(state: ProjectState) -> Row:
    """What a project is, and which others it waits for: seldom changed."""
    return {
        "state": state.state,
        "code": state.code,
        "title": state.title,
        "organisation_id": state.organisation,
        "clerk_id": state.clerk,
        "parent_id": state.parent,
        "waits_for": "".join(f",{wait.project}," for wait in state.waits if not wait.ended),
    }


def standing(state: ProjectState, definition: Definition) -> Row:
    """How far a project has come, and the nearest of its clocks: changed by nearly every move."""
    clocks = [stage.clock for stage in state.stages.values() if stage.clock is not None]
    own_warn_on, own_due_on = _nearest([clock for clock in clocks if not clock.outside])
    outside_warn_on, outside_due_on = _nearest([clock for clock in clocks if clock.outside])
    valid_warn_on, valid_due_on = _nearest(
        [paper.clock for paper in state.documents.values() if paper.clock is not None]
    )
    return {
        "phase": _phase(state, definition),
        "own_warn_on": own_warn_on,
        "own_due_on": own_due_on,
        "outside_warn_on": outside_warn_on,
        "outside_due_on": outside_due_on,
        "valid_warn_on": valid_warn_on,
        "valid_due_on": valid_due_on,
    }


def stage_row(stage: StageState, organisation: int) -> Row:
    """The row of one stage of a project of that organisation."""
    clock = stage.clock
    return {
        "state": stage.state,
        "turn": stage.turn,
        "since": stamp(stage.since) if stage.since else None,
        "warn_on": _day(clock.warn_on) if clock else None,
        "due_on": _day(clock.due_on) if clock else None,
        "outside": bool(clock and clock.outside),
        "next_at": _next_at(stage),
        "organisation_id": organisation,
    }


def stage_tasks(key: str, stage: StageState) -> set[tuple[str, str, int, str, str | None]]:
    """(stage, what, person, since, due) for each person that the stage, or an order about it, waits for."""
    if stage.since is None:
        return set()
    due = _day(stage.clock.due_on) if stage.clock else None
    what = RETURNED if stage.state == PREPARING and stage.fixes else stage.state
    found = {(key, what, person, stamp(stage.since), due) for person in stage.holders}
    if order := stage.order:
        day = _day(order.clock.due_on)
        found |= {(key, ORDER, person, stamp(order.at), day) for person in stage.holders}
    sent_back = stage.rejected
    if sent_back is not None and not ("." in stage.state and sent_back.entered_by in stage.holders):
        found.add((key, REJECTED, sent_back.entered_by, stamp(sent_back.at), None))
    return found


def entry_tasks(entry: Entry) -> set[tuple[str, str, int, str, str | None]]:
    """The same for an entry that waits for its check."""
    return {
        (entry.stage, f"{CHECK}{entry.number}", person, stamp(entry.at), None) for person in entry.checkers
    }


def paper_row(paper: Paper) -> Row:
    """The row of one version of a document."""
    return {
        "version": paper.version,
        "sha256": paper.sha256,
        "name": paper.name,
        "size": paper.size,
        "media": paper.media,
        "number": paper.number,
        "by_id": paper.by,
        "at": stamp(paper.at),
        "next_at": stamp(paper.clock.next_at) if paper.clock and paper.clock.next_at else None,
    }


def tasks(state: ProjectState) -> set[tuple[str, str, int, str, str | None]]:
    """Every task of the project."""
    found = set()
    for key, stage in state.stages.items():
        found |= stage_tasks(key, stage)
    for entry in state.entries.values():
        found |= entry_tasks(entry)
    return found


def _phase(state: ProjectState, definition: Definition) -> str:
    found = {definition.stages[key].phase for key, stage in state.stages.items() if stage.in_hand}
    return next((phase for phase in reversed(definition.phases) if phase in found), "")


def _next_at(stage: StageState) -> str | None:
    at = stage.clock.next_at if stage.clock is not None else None
    if at is None and stage.opens_on is not None:
        at = datetime.combine(stage.opens_on, time(), SHANGHAI)
    asked = stage.order.clock.next_at if stage.order is not None else None
    instants = [each for each in (at, asked) if each is not None]
    return stamp(min(instants)) if instants else None


def _nearest(clocks: list[Clock]) -> tuple[str | None, str | None]:
    """The first yellow day and the first due day of several clocks."""
    if not clocks:
        return None, None
    warn_on = min([clock.warn_on for clock in clocks if clock.warn_on is not None], default=None)
    due_on = min([clock.due_on for clock in clocks if clock.due_on is not None], default=None)
    return _day(warn_on), _day(due_on)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
