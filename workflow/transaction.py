"""What an action sees: one open transaction, the projects it changes, and the snapshots it decides by.

Invariant: a project changes only by `OpenProject.record`; `flush` writes its events, its body and the
rows that differ, all guarded by the head's number, in the transaction that the store commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

from msgspec import MsgspecError
from sqlalchemy import text

from workflow import projection
from workflow.administration import ENCODER as ADMINISTRATION_ENCODER
from workflow.administration import AdministrationEvent
from workflow.calendar import Calendar
from workflow.definition import Definition
from workflow.errors import Conflict, NotFound, WorkflowError, reason
from workflow.events import DECODER, ENCODER, Event, IncidentRaised, Recorded
from workflow.evolve import evolve, fold
from workflow.failpoints import reach
from workflow.machine import Compiled
from workflow.people import Directory
from workflow.record import START, chain, instant, stamp
from workflow.snapshot import Snapshot, Snapshots
from workflow.sql import Connection, Cursor, Statement
from workflow.state import Entry, ProjectState, from_json, to_json

READ_PROJECT = """
SELECT project.id, project.ref, project.seq, project.head,
 CASE WHEN project.head = :known THEN NULL ELSE project.body END, administration.seq
FROM project, administration WHERE {key} AND administration.id = 1{lock}"""

_PROJECT_BY = {
    (key, dialect): Statement(text(READ_PROJECT.format(key=f"project.{key} = :{key}", lock=lock)))
    for key in ("ref", "id")
    for dialect, lock in (
        ("sqlite", ""),
        ("postgresql", " FOR UPDATE OF project FOR SHARE OF administration"),
    )
}
_ADMINISTRATION = Statement(text("SELECT seq, head FROM administration WHERE id = 1"))
_ADMINISTRATION_SHARED = Statement(text("SELECT seq, head FROM administration WHERE id = 1 FOR SHARE"))
_ADMINISTRATION_LOCKED = Statement(text("SELECT seq, head FROM administration WHERE id = 1 FOR UPDATE"))
_ADMINISTRATION_HEAD = Statement(
    text("UPDATE administration SET seq = :seq, head = :head WHERE id = 1 AND seq = :was")
)
_INSERT_PROJECT = Statement(
    text(
        "INSERT INTO project (ref, seq, head, digest, type, code, title, organisation_id, clerk_id, parent_id,"
        " state, phase, waits_for, updated_at, body)"
        " VALUES (:ref, 0, '', :digest, :type, '', '', 0, 0, 0, '', '', '', '', '')"
        " RETURNING id"
    )
)
_EVERY_PROJECT = Statement(text("SELECT id, seq, head, updated_at FROM project ORDER BY id"))
_HISTORY = Statement(text("SELECT at, actor_id, data FROM event WHERE project_id = :project ORDER BY seq"))
_DELETE_TASKS = Statement(text("DELETE FROM task WHERE project_id = :project"))
_UPDATE_PROJECT = Statement(
    text(
        "UPDATE project SET seq = :seq, head = :head, body = :body, updated_at = :updated_at, phase = :phase,"
        " own_warn_on = :own_warn_on, own_due_on = :own_due_on, outside_warn_on = :outside_warn_on,"
        " outside_due_on = :outside_due_on, valid_warn_on = :valid_warn_on, valid_due_on = :valid_due_on"
        " WHERE id = :id AND seq = :was"
    )
)
_UPDATE_PARTICULARS = Statement(
    text(  # apart, because these are indexed: SQLite rewrites every index of a column that is set
        "UPDATE project SET state = :state, code = :code, title = :title, clerk_id = :clerk_id,"
        " organisation_id = :organisation_id, parent_id = :parent_id, waits_for = :waits_for WHERE id = :id"
    )
)
_INSERT_EVENT = Statement(
    text(
        "INSERT INTO event (project_id, seq, at, actor_id, data, hash)"
        " VALUES (:project_id, :seq, :at, :actor_id, :data, :hash)"
    )
)
_PUT_STAGE = Statement(
    text(
        "INSERT INTO stage (project_id, key, state, turn, since, warn_on, due_on, outside, next_at, organisation_id)"
        " VALUES (:project_id, :key, :state, :turn, :since, :warn_on, :due_on, :outside, :next_at, :organisation_id)"
        " ON CONFLICT (project_id, key) DO UPDATE SET state = excluded.state, turn = excluded.turn,"
        " since = excluded.since, warn_on = excluded.warn_on, due_on = excluded.due_on,"
        " outside = excluded.outside, next_at = excluded.next_at"
    )
)
_PUT_PAPER = Statement(
    text(
        "INSERT INTO paper (project_id, document, version, sha256, name, size, media, number, by_id, at, next_at)"
        " VALUES (:project_id, :document, :version, :sha256, :name, :size, :media, :number, :by_id, :at, :next_at)"
        " ON CONFLICT (project_id, document, version) DO UPDATE SET next_at = excluded.next_at"
    )
)
_INSERT_TASK = Statement(
    text(
        "INSERT INTO task (project_id, stage, what, person_id, since, due_on, organisation_id)"
        " VALUES (:project_id, :stage, :what, :person_id, :since, :due_on, :organisation_id)"
    )
)
_DELETE_TASK = Statement(
    text(  # not `what = :what`: the index of orders is on that, so SQLite would prepare this again for each new value
        "DELETE FROM task WHERE project_id = :project_id AND stage = :stage AND what || '' = :what"
        " AND person_id = :person_id"
    )
)
_INSERT_NOTICE = Statement(
    text(
        "INSERT INTO notice (event_id, project_id, person_id, kind, at, open)"
        " VALUES ((SELECT id FROM event WHERE project_id = :project_id AND seq = :seq),"
        " :project_id, :person_id, :kind, :at, :open) ON CONFLICT DO NOTHING"
    )
)
_INSERT_INCIDENT = Statement(
    text(
        "INSERT INTO incident (project_id, stage, code, text, at, resolved_by)"
        " SELECT :project_id, :stage, :code, :text, :at, 0 WHERE NOT EXISTS"
        " (SELECT 1 FROM incident WHERE project_id = :project_id AND stage = :stage AND code = :code"
        " AND text = :text AND resolved_at IS NULL)"
    )
)
_INCIDENTS_ALONE = Statement(text("SELECT pg_advisory_xact_lock(74657)"))


class Tell(NamedTuple):
    """Who is told of an event, and what kind of notice it is for them."""

    kind: str
    people: tuple[int, ...]


class Folded(NamedTuple):
    """A state, and the head of the chain that it is the fold of."""

    head: str
    state: ProjectState


KEPT_STATES = 64
"""How many projects' states a process keeps: those in whose files somebody is working just now."""


class Caches:
    """What all transactions share: the snapshots, and the states last seen.

    A state is named by its head, which covers every event that the state is the fold of: where the database
    holds the same head, the state is the same, whoever wrote it and whatever was rolled back since; where it
    does not, it is read.
    """

    def __init__(self) -> None:
        self.snapshots = Snapshots()
        self._states: dict[str, Folded] = {}
        self._keeping = Lock()

    def known(self, ref: object) -> Folded | None:
        """The state of that project as it was last written here."""
        return self._states.get(ref)  # type: ignore[call-overload, no-any-return]

    def keep(self, ref: str, head: str, state: ProjectState) -> None:
        """Remember the newest state; the project that was changed longest ago is forgotten."""
        with self._keeping:
            self._states.pop(ref, None)
            self._states[ref] = Folded(head, state)
            if len(self._states) > KEPT_STATES:
                del self._states[next(iter(self._states))]


class Pending(NamedTuple):
    """An event that is chained but not yet written."""

    seq: int
    at: str
    actor: int
    data: str
    hash: str
    tell: tuple[Tell, ...]
    incident: IncidentRaised | None


class OpenProject:
    """A project under change: its state as this transaction leaves it, and the events not yet written."""

    __slots__ = ("_state", "before", "compiled", "head", "id", "pending", "ref", "seq", "was")

    def __init__(
        self, project: int, ref: str, seq: int, head: str, state: ProjectState | None, compiled: Compiled
    ) -> None:
        self.id = project
        self.ref = ref
        self.was = self.seq = seq
        self.head = head
        self.before = self._state = state
        self.compiled = compiled
        self.pending: list[Pending] = []

    @property
    def state(self) -> ProjectState:
        """The project as it stands in this transaction; it exists once its registration is recorded."""
        if self._state is None:
            raise ValueError("this project is not registered yet")
        return self._state

    @property
    def definition(self) -> Definition:
        """The definition version that the project follows."""
        return self.compiled.definition

    def record(self, event: Event, *, actor: int, at: datetime, tell: Iterable[Tell] = ()) -> None:
        """The only way to change the project: chain the event and evolve the state by it."""
        self._state = evolve(self._state, Recorded(event, actor, at))
        self.seq += 1
        data, when = ENCODER.encode(event).decode(), stamp(at)
        self.head = chain(self.head, self.id, self.seq, when, actor, data)
        incident = event if isinstance(event, IncidentRaised) else None
        self.pending.append(Pending(self.seq, when, actor, data, self.head, tuple(tell), incident))


class Transaction:
    """One transaction of the store, as actions see it."""

    def __init__(
        self, connection: Connection, dialect: str, caches: Caches, *, rehearsal: bool = False
    ) -> None:
        self._connection = connection
        self.dialect = dialect
        self._caches = caches
        self._rehearsal = rehearsal
        self._snapshot: Snapshot | None = None
        self._open: dict[int, OpenProject] = {}
        self._by_ref: dict[str, OpenProject] = {}
        self._administered = False

    def execute(self, statement: Statement, **parameters: Any) -> Cursor:
        """Run one prepared statement."""
        return statement.execute(self._connection, self.dialect, parameters)

    def rows(self, statement: Statement, /, **parameters: Any) -> list[Any]:
        """All rows that one prepared statement finds."""
        return self.execute(statement, **parameters).fetchall()

    # Projects

    def project(self, ref: str) -> OpenProject:
        """Load and lock the project of that reference; NotFound if there is none."""
        return self._by_ref.get(ref) or self._load("ref", ref)

    def project_by_id(self, project: int) -> OpenProject:
        """Load and lock the project of that id; NotFound if there is none."""
        return self._open.get(project) or self._load("id", project)

    def new_project(self, ref: str, compiled: Compiled) -> OpenProject:
        """A project without events yet; its first must be its registration."""
        definition = compiled.definition
        row = self.execute(
            _INSERT_PROJECT, ref=ref, digest=definition.digest, type=definition.type
        ).fetchone()
        opened = OpenProject(row[0], ref, 0, START, None, compiled)
        return self._keep(opened)

    def _load(self, key: str, value: str | int) -> OpenProject:
        known = self._caches.known(value)
        statement = _PROJECT_BY[key, self.dialect]
        row = self.execute(statement, **{key: value}, known=known.head if known else "").fetchone()
        if row is None:
            raise NotFound(reason("project-not-found"))
        project, ref, seq, head, body, administration = row
        if self._snapshot is None:
            self._snapshot = self._snapshot_at(administration)
        state = known.state if known is not None and body is None else from_json(body)
        opened = OpenProject(project, ref, seq, head, state, self.compiled(state.digest))
        return self._keep(opened)

    def _keep(self, opened: OpenProject) -> OpenProject:
        self._open[opened.id] = self._by_ref[opened.ref] = opened
        return opened

    # Snapshots

    @property
    def directory(self) -> Directory:
        """Everybody and every organisation, as of this transaction."""
        return self._current().directory

    @property
    def calendar(self) -> Calendar:
        """The calendar of working days, as of this transaction."""
        return self._current().calendar

    def compiled(self, digest: str) -> Compiled:
        """The definition of that digest with its machines; NotFound if it was never published."""
        return self._caches.snapshots.definitions.compiled(digest, self.rows)

    def _current(self) -> Snapshot:
        if self._snapshot is None:
            statement = _ADMINISTRATION if self.dialect == "sqlite" else _ADMINISTRATION_SHARED
            self._snapshot = self._snapshot_at(self.execute(statement).fetchone()[0])
        return self._snapshot

    def _snapshot_at(self, seq: int) -> Snapshot:
        snapshots = self._caches.snapshots
        return snapshots.read(seq, self.rows) if self._administered else snapshots.at(seq, self.rows)

    # Administration

    def lock_administration(self) -> None:
        """Keep everybody else from administering until this transaction ends; rights are read after that."""
        if self.dialect != "sqlite":
            self._snapshot = self._snapshot_at(self.execute(_ADMINISTRATION_LOCKED).fetchone()[0])

    def administer(self, event: AdministrationEvent, *, actor: int, at: datetime) -> None:
        """Chain an event of the administration; what it changes is read anew from here on."""
        statement = _ADMINISTRATION if self.dialect == "sqlite" else _ADMINISTRATION_LOCKED
        seq, head = self.execute(statement).fetchone()
        if self._snapshot is not None and self._snapshot.seq != seq:
            raise Conflict(reason("lost-race"))  # rights were read before somebody else changed them
        data, when = ADMINISTRATION_ENCODER.encode(event).decode(), stamp(at)
        hashed = chain(head or START, 0, seq + 1, when, actor, data)
        if self.execute(_ADMINISTRATION_HEAD, seq=seq + 1, head=hashed, was=seq).rowcount != 1:
            raise Conflict(reason("lost-race"))
        self.execute(
            _INSERT_EVENT, project_id=0, seq=seq + 1, at=when, actor_id=actor, data=data, hash=hashed
        )
        self._administered = True
        self._snapshot = None

    # Writing

    def flush(self) -> None:
        """Write what was recorded; Conflict if a project's head is not where it was read."""
        for project in self._open.values():
            self._settle(project)

    def release(self, project: OpenProject) -> None:
        """Write what was recorded of that one and let it go: for an action that passes through the whole house."""
        self._settle(project)
        del self._open[project.id], self._by_ref[project.ref]

    def _settle(self, project: OpenProject) -> None:
        if project.pending and not self._rehearsal:
            self._write(project)

    def fold_again(self) -> None:
        """Write every project's state and rows as today's rules of folding make them from its record.

        For a database or a copy of an older program. What cannot be folded stays as it is: the doctor names it.
        """
        for project, seq, head, updated_at in self.execute(_EVERY_PROJECT).fetchall():
            history = self.execute(_HISTORY, project=project).fetchall()
            try:
                state = fold(Recorded(DECODER.decode(data), who, instant(at)) for at, who, data in history)
                definition = self.compiled(state.digest).definition if state else None
            except (MsgspecError, WorkflowError, ValueError, LookupError, TypeError, AttributeError):
                continue
            if state is None or definition is None:
                continue
            self.execute(_DELETE_TASKS, project=project)
            self._write_rows(project, None, state)
            self.execute(_UPDATE_PARTICULARS, id=project, **projection.particulars(state))
            standing = projection.standing(state, definition)
            place = {"id": project, "was": seq, "seq": seq, "head": head, "updated_at": updated_at}
            self.execute(_UPDATE_PROJECT, body=to_json(state), **place, **standing)

    def _write(self, project: OpenProject) -> None:
        state = project.state
        self._write_rows(project.id, project.before, state)
        changed = self.execute(
            _UPDATE_PROJECT,
            id=project.id,
            was=project.was,
            seq=project.seq,
            head=project.head,
            body=to_json(state),
            updated_at=project.pending[-1].at,
            **projection.standing(state, project.definition),
        )
        if changed.rowcount != 1:
            raise Conflict(reason("lost-race"))
        particulars = projection.particulars(state)
        if project.before is None or particulars != projection.particulars(project.before):
            self.execute(_UPDATE_PARTICULARS, id=project.id, **particulars)
        for pending in project.pending:
            self._write_event(project.id, pending)
        reach("write.events")
        self._caches.keep(project.ref, project.head, state)
        project.was, project.before = project.seq, state
        project.pending.clear()

    def _write_event(self, project: int, pending: Pending) -> None:
        self.execute(
            _INSERT_EVENT,
            project_id=project,
            seq=pending.seq,
            at=pending.at,
            actor_id=pending.actor,
            data=pending.data,
            hash=pending.hash,
        )
        for tell in pending.tell:
            for person in tell.people:
                self.execute(
                    _INSERT_NOTICE,
                    project_id=project,
                    seq=pending.seq,
                    person_id=person,
                    kind=tell.kind,
                    at=pending.at,
                    open=True,
                )
        if pending.incident is not None:
            raised, at = pending.incident, instant(pending.at)
            self.raise_incident(
                project=project, stage=raised.stage, code=raised.code, text_=raised.text, at=at
            )

    def raise_incident(
        self, *, code: str, text_: str, at: datetime, project: int = 0, stage: str = ""
    ) -> None:
        """Put something stuck on the health page, once, until somebody says how it was put right."""
        if self.dialect != "sqlite":
            self.execute(_INCIDENTS_ALONE)  # of two who look for it at once, neither would see the other's
        self.execute(_INSERT_INCIDENT, project_id=project, stage=stage, code=code, text=text_, at=stamp(at))

    def _write_rows(self, project: int, before: ProjectState | None, after: ProjectState) -> None:
        """Write the projection rows that differ; unchanged parts of a state are the same objects."""
        old_stages = before.stages if before else {}
        old_tasks: set[Any] = set()
        new_tasks: set[Any] = set()
        for key, stage in after.stages.items():
            old = old_stages.get(key)
            if old is stage:
                continue
            row = projection.stage_row(stage, after.organisation)
            self.execute(_PUT_STAGE, project_id=project, key=key, **row)
            new_tasks |= projection.stage_tasks(key, stage)
            if old is not None:
                old_tasks |= projection.stage_tasks(key, old)
        self._write_tasks(project, after.organisation, old_tasks, new_tasks)
        if before is None or before.entries is not after.entries:
            entries_before = before.entries.values() if before else ()
            entries_now = _entry_tasks(after.entries.values())
            self._write_tasks(project, after.organisation, _entry_tasks(entries_before), entries_now)
        old_papers = before.documents if before else {}
        for key, paper in after.documents.items():
            old_paper = old_papers.get(key)
            if old_paper is paper:
                continue
            if old_paper is not None and old_paper.version != paper.version:
                superseded = {**projection.paper_row(old_paper), "next_at": None}
                self.execute(_PUT_PAPER, project_id=project, document=key, **superseded)
            self.execute(_PUT_PAPER, project_id=project, document=key, **projection.paper_row(paper))

    def _write_tasks(self, project: int, organisation: int, old: set[Any], new: set[Any]) -> None:
        for stage, what, person, _, _ in old - new:
            self.execute(_DELETE_TASK, project_id=project, stage=stage, what=what, person_id=person)
        for stage, what, person, since, due_on in new - old:
            self.execute(
                _INSERT_TASK,
                project_id=project,
                stage=stage,
                what=what,
                person_id=person,
                since=since,
                due_on=due_on,
                organisation_id=organisation,
            )


def _entry_tasks(entries: Iterable[Entry]) -> set[Any]:
    return {task for entry in entries for task in projection.entry_tasks(entry)}
