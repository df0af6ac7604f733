"""Opening one project for reading: found only within the reader's scope, with all that rules look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, select

from workflow import flow, rules
from workflow.calendar import Calendar
from workflow.definition import Definition, Stage
from workflow.errors import NotFound, reason
from workflow.people import Directory
from workflow.queries.scope import PROJECT, columns, visible
from workflow.rules import Blocker, Case, blockers
from workflow.sentences import Teller
from workflow.snapshot import Snapshot, snapshot
from workflow.state import ProjectState, from_json


class Reading(Struct, frozen=True):
    """One project as one person reads it on one day."""

    id: int
    ref: str
    seq: int
    head: str
    case: Case
    snap: Snapshot

    @property
    def definition(self) -> Definition:
        """The definition version that the project follows."""
        return self.case.definition

    @property
    def state(self) -> ProjectState:
        """Where the project stands."""
        return self.case.state

    @property
    def directory(self) -> Directory:
        """Everybody and every organisation."""
        return self.case.directory

    @property
    def calendar(self) -> Calendar:
        """The calendar of working days."""
        return self.snap.calendar

    @property
    def day(self) -> date:
        """The day of the reading."""
        return self.case.day

    def teller(self, actor: int = 0) -> Teller:
        """What sentences about this project need."""
        return Teller(self.definition, self.directory, actor)

    def stage(self, key: str) -> Stage:
        """The definition of that stage; NotFound if the project type has none."""
        found = self.definition.stages.get(key)
        if found is None:
            raise NotFound(reason("stage-not-found", key, stage=key))
        return found

    def may_apply(self, spec: Stage) -> bool:
        """Whether the stage's condition holds, or might: an unknown fact rules nothing out."""
        return rules.applies(self.case, spec) is not False

    def blockers(self, spec: Stage) -> list[Blocker]:
        """What the stage still waits for."""
        return blockers(self.case, spec, flow.earliest_day(self.case, spec, self.calendar))


def read_project(connection: Connection, *, ref: str, person: int, day: date) -> Reading:
    """The project of that reference; NotFound unless it exists and the person may see it."""
    snap = snapshot(connection)
    statement = select(*columns("id", "ref", "seq", "head", "body")).where(
        PROJECT.c.ref == ref, visible(connection, snap.directory, person, day)
    )
    row = connection.execute(statement).first()
    if row is None:
        raise NotFound(reason("project-not-found"))
    return reading_of(connection, snap, row, person, day)


def readings(
    connection: Connection, snap: Snapshot, ids: Iterable[int], person: int, day: date
) -> dict[int, Reading]:
    """The projects of these ids, which a query has found within the person's scope."""
    statement = select(*columns("id", "ref", "seq", "head", "body")).where(PROJECT.c.id.in_(set(ids)))
    return {row.id: reading_of(connection, snap, row, person, day) for row in connection.execute(statement)}


def reading_of(connection: Connection, snap: Snapshot, row: Any, person: int, day: date) -> Reading:
    """The project of that row (id, ref, seq, head, body), which a query has found within the person's scope."""
    state = from_json(row.body)
    case = Case(state, snap.compiled(connection, state.digest), snap.directory, person, day)
    return Reading(row.id, row.ref, row.seq, row.head, case, snap)
