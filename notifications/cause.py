"""One notice with everything that its mail is made from, read off its event and the project. Pure.

Invariant: a cause looks nothing up; the same cause always makes the same mail.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from workflow.calendar import Calendar
from workflow.definition import Definition, Stage, Step
from workflow.events import (
    ClockChanged,
    EntryOffered,
    EntryRecorded,
    Event,
    ExplanationFiled,
    OrderIssued,
    ReplyLapsed,
    RungFired,
)
from workflow.machine import Compiled, is_outside
from workflow.people import Directory
from workflow.rules import Case
from workflow.state import ORDER, Clock, ProjectState, StageState

LATE = timedelta(minutes=15)
"""A rung that took effect this long after its time says so: the system was down."""


class Explained(NamedTuple):
    """An explanation on the record: who gave it when, for which stage and clock."""

    person: int
    at: datetime
    event: ExplanationFiled


class Cause(Struct, frozen=True):
    """One notice, and all that its mail is made from: nothing is looked up later."""

    kind: str
    person: int
    at: datetime
    event: Event
    actor: int
    told: tuple[int, ...]
    ref: str
    seq: int
    head: str
    state: ProjectState
    compiled: Compiled
    directory: Directory
    calendar: Calendar
    explanation: Explained | None = None
    """Of a deadline: what the holder has said about it so far (情况说明)."""

    @property
    def definition(self) -> Definition:
        """The definition that the project follows."""
        return self.compiled.definition

    def case(self, day: date) -> Case:
        """What rules may look at on that day."""
        return Case(self.state, self.compiled, self.directory, self.person, day)

    @property
    def stage_key(self) -> str:
        """The stage it is about; empty when it is about the project."""
        event = self.event
        found = (
            event.entry.stage
            if isinstance(event, EntryRecorded | EntryOffered)
            else getattr(event, "stage", "")
        )
        return found if found in self.definition.stages else ""

    @property
    def document(self) -> str:
        """The document it is about; empty when it is not about one."""
        found: str = getattr(self.event, "document", "")
        return found

    @property
    def is_about_validity(self) -> bool:
        """Whether it is about a reply that lapses, and not about a stage's own time."""
        return bool(self.document) and isinstance(self.event, RungFired | ReplyLapsed)

    @property
    def is_about_order(self) -> bool:
        """Whether the day it speaks of is that of a 督办单, and not of the stage's own time."""
        return isinstance(self.event, OrderIssued | RungFired) and self.event.clock.key == ORDER

    @property
    def stage(self) -> Stage | None:
        """What that stage is."""
        return self.definition.stages.get(self.stage_key)

    @property
    def standing(self) -> StageState:
        """Where that stage stands by now."""
        return self.state.stage(self.stage_key)

    @property
    def place(self) -> str:
        """Where the stage stood when the notice arose: its state then."""
        if isinstance(self.event, RungFired) and not self.is_about_validity and not self.is_about_order:
            return self.event.clock.key
        entered = getattr(self.event, "entered", None)
        return entered.state if entered else self.standing.state

    @property
    def step(self) -> Step | None:
        """The step it is about, if there is one."""
        if self.is_about_validity:
            return None
        key = self.place.partition(".")[0]
        return next((step for step in self.stage.steps if step.key == key), None) if self.stage else None

    @property
    def clock(self) -> Clock | None:
        """The clock that runs there; what an entry waits for is its check, and no clock runs for that."""
        if isinstance(self.event, EntryRecorded | EntryOffered):
            return None
        if isinstance(self.event, RungFired | ClockChanged | OrderIssued):
            return self.event.clock
        entered = getattr(self.event, "entered", None)
        return entered.clock if entered else self.standing.clock

    @property
    def holders(self) -> tuple[int, ...]:
        """Who holds it."""
        entered = getattr(self.event, "entered", None)
        return entered.holders if entered else self.standing.holders

    @property
    def is_outside(self) -> bool:
        """Whether an outside office has it."""
        return is_outside(self.place)

    @property
    def has_moved(self) -> bool:
        """Whether the stage has moved on since: the mail then says so."""
        if isinstance(self.event, EntryRecorded | EntryOffered):
            return str(self.event.entry.number) not in self.state.entries
        since = self.standing.since
        return bool(self.stage_key and since and since > self.at)


def is_late(event: Event, at: datetime) -> bool:
    """Whether a rung took effect long after its time."""
    return isinstance(event, RungFired) and at - event.due_at > LATE
