"""Looks at everything that is committed, after every step, with eyes of its own on the same database.

Folds each project itself and holds the stored state, the rows and the notices against it; counts out every rung
from the calendar; remembers whose hands were in which visit. It asks no rule and no action of the product.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from workflow import projection
from workflow.calendar import Calendar
from workflow.clock import NINE, SHANGHAI
from workflow.definition import Definition, StepKind
from workflow.events import (
    DECODER,
    DocumentUploaded,
    EntryOffered,
    OutsideMoved,
    Recorded,
    RungFired,
    StageOpened,
    StageRefused,
    StageRestarted,
    StageReturned,
    StageSubmitted,
    StageTakenOver,
    StepDecided,
    StepOffered,
    kind_of,
)
from workflow.evolve import evolve
from workflow.machine import Compiled
from workflow.record import START, chain, instant
from workflow.snapshot import compile_text
from workflow.state import ORDER, Clock, Order, ProjectState, to_json
from workflow.store import sqlite_path
from workflow.timing import VALIDITY_LADDER

Place = tuple[str, str]
"""A stage, or a document, of which a clock may run."""


@dataclass
class Ladder:
    """The instants that one clock in one epoch still has to climb, counted out when it began."""

    name: tuple[Any, ...]
    ahead: list[datetime]


@dataclass
class Watched:
    """One chain as it has been seen so far; that of the administration has no project."""

    id: int
    ref: str = ""
    head: str = START
    seq: int = 0
    state: ProjectState | None = None
    compiled: Compiled | None = None
    authors: dict[str, set[int]] = field(default_factory=dict)
    hands: dict[str, set[int]] = field(default_factory=dict)
    ladders: dict[Place, Ladder] = field(default_factory=dict)

    @property
    def live(self) -> ProjectState:
        """The project as it stands."""
        assert self.state is not None
        return self.state

    @property
    def definition(self) -> Definition:
        """What it follows."""
        assert self.compiled is not None
        return self.compiled.definition


@cache
def compiled(text: str) -> Compiled:
    """A definition with its machines, once for all years of a process."""
    return compile_text(text, "published")


def _opened(url: str) -> tuple[Any, str]:
    """A connection of its own, which sees whatever was committed, and how a value is marked in its SQL."""
    if url.startswith("sqlite"):
        return sqlite3.connect(sqlite_path(url), isolation_level=None), "?"
    import psycopg

    return psycopg.connect(url, autocommit=True), "%s"


class Watch:
    """Everything seen so far; AssertionError as soon as something is not as it must be."""

    def __init__(self, url: str, calendar: Calendar) -> None:
        self.eyes, self._mark = _opened(url)
        self.calendar = calendar
        self.seen = 0
        self.chains = {0: Watched(0)}
        self.refs: dict[str, Watched] = {}
        self.counts: Counter[str] = Counter()

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """What the database says at this moment."""
        found: list[Any] = self.eyes.execute(sql.replace("?", self._mark), values).fetchall()
        return found

    def look(self, now: datetime) -> list[str]:
        """Check all that was committed since the last look; the hashes of its events."""
        hashes: list[str] = []
        touched: dict[int, Watched] = {}
        before: dict[int, ProjectState | None] = {}
        for id_, project, seq, at, actor, data, hashed in self.rows(
            "SELECT id, project_id, seq, at, actor_id, data, hash FROM event WHERE id > ? ORDER BY id",
            self.seen,
        ):
            self.seen = id_
            found = self.chains.setdefault(project, Watched(project))
            before.setdefault(project, found.state)
            assert instant(at) <= now + timedelta(minutes=1), (
                f"entry {seq} of chain {project} is ahead of its time"
            )
            assert seq == found.seq + 1, f"entry {seq} of chain {project} follows {found.seq}"
            assert hashed == chain(found.head, project, seq, at, actor, data), "a wrong hash"
            found.seq, found.head, touched[project] = seq, hashed, found
            if project:
                self._follow(found, id_, Recorded(DECODER.decode(data), actor, instant(at)))
            hashes.append(hashed)
        for project, found in touched.items():
            if project:
                self._compare(found, before[project])
        return hashes

    def swept(self, now: datetime) -> None:
        """After a sweep no clock has a rung behind it that did not take effect."""
        for found in self.chains.values():
            for place, ladder in found.ladders.items():
                assert not ladder.ahead or ladder.ahead[0] > now, (
                    f"{place} missed its rung of {ladder.ahead[0]}"
                )

    # One event

    def _follow(self, found: Watched, id_: int, recorded: Recorded) -> None:
        event, before = recorded.event, found.state
        after = found.state = evolve(before, recorded)
        if before is None:
            [(ref, text)] = self.rows(
                "SELECT ref, text FROM project JOIN definition USING (digest) WHERE project.id = ?", found.id
            )
            found.ref, found.compiled, self.refs[ref] = ref, compiled(text), found
        self.counts[kind_of(event)] += 1
        if isinstance(event, RungFired):
            self._climb(found, event, recorded.at)
        self._mind_hands(found, recorded, before)
        self._mind_notices(recorded, id_, before, after)
        self._time(found, before, after, recorded.at)

    def _mind_hands(self, found: Watched, recorded: Recorded, before: ProjectState | None) -> None:
        """Nobody decides on what went through his hands in this visit; nobody checks what he entered himself."""
        event, people = recorded.event, {recorded.actor, getattr(recorded.event, "on_behalf", 0)} - {0}
        entry = before.entries.get(str(getattr(event, "entry", 0))) if before else None
        if entry is not None and isinstance(
            event, StepDecided | StageReturned | StageRefused | OutsideMoved | StageTakenOver
        ):
            assert before is not None
            assert not people & {entry.by, entry.on_behalf, before.clerk}, (
                f"{recorded.actor} checked an entry of his own"
            )
        match event:
            case DocumentUploaded() if not _is_the_same(before, event):
                found.authors.setdefault(event.document, set()).update(people)
            case StageSubmitted():
                found.hands[event.stage] = people | self._authors(found, event.papers)
            case StageRestarted():
                submitted = {each for act in found.live.stage(event.stage).acts for each in act.people}
                found.hands[event.stage] = submitted | self._authors(found, event.papers)
            case StepDecided() | StageReturned() | StageRefused() if not event.body:
                deciders = {event.signed_by} if event.signed_by else people
                self._mind_decider(found, event, deciders)
                found.hands.setdefault(event.stage, set()).update(deciders)
            case StepDecided():
                found.hands.setdefault(event.stage, set()).update(people | {event.entered_by})

    def _authors(self, found: Watched, papers: Iterable[str]) -> set[int]:
        return {who for paper in papers for who in found.authors.get(paper, ())}

    def _mind_decider(
        self, found: Watched, event: StepDecided | StageReturned | StageRefused, deciders: set[int]
    ) -> None:
        if found.definition.stages[event.stage].step(event.step).kind is not StepKind.PUBLICITY:
            both = deciders & found.hands.get(event.stage, set())
            assert not both, f"{both} decided {event.stage}.{event.step} with a hand in it already"

    def _mind_notices(
        self, recorded: Recorded, id_: int, before: ProjectState | None, after: ProjectState
    ) -> None:
        """Whoever has something to do by this event is told by it, and whoever issued an order that it ends, unless it
        is their own doing; of a rung, exactly those whom it names.
        """
        event = recorded.event
        own = set() if isinstance(event, StageOpened | StepOffered | EntryOffered) else {recorded.actor}
        had = {task[:3] for task in projection.tasks(before)} if before else set()
        called = {
            person for _, what, person in {task[:3] for task in projection.tasks(after)} - had
            if not what.endswith((".filed", ".accepted"))
        }  # fmt: skip
        ordered = _orders(before) if before else {}
        ended = {who for key in ordered.keys() - _orders(after).keys() for who in ordered[key].issuers}
        told = set(event.told) if isinstance(event, RungFired) else (called | ended) - own
        if not told:
            return
        noticed = [row[0] for row in self.rows("SELECT person_id FROM notice WHERE event_id = ?", id_)]
        assert told <= set(noticed), f"{kind_of(event)} gives work to {told} and tells {noticed}"
        assert not isinstance(event, RungFired) or sorted(told) == sorted(noticed)

    # Clocks

    def _time(self, found: Watched, before: ProjectState | None, after: ProjectState, at: datetime) -> None:
        """Count out the ladder of every clock that begins, or begins anew, by this event."""
        for key, stage in after.stages.items():
            if before is None or before.stages.get(key) is not stage:
                name = (stage.since, *_epoch(stage.clock)) if stage.clock else ()
                self._begin(found, ("stage", key), name, stage.clock, at)
        for key, order in _orders(after).items():
            self._begin(found, ("order", key), (order.at, *_epoch(order.clock)), order.clock, at)
        for place in [each for each in found.ladders if each[0] == "order"]:
            if place[1] not in _orders(after):
                del found.ladders[place]
        for key, paper in after.documents.items():
            if before is None or before.documents.get(key) is not paper:
                name = (paper.version, *_epoch(paper.clock)) if paper.clock else ()
                self._begin(found, ("document", key), name, paper.clock, at)

    def _begin(
        self, found: Watched, place: Place, name: tuple[Any, ...], clock: Clock | None, at: datetime
    ) -> None:
        ladder = found.ladders.get(place)
        if clock is None or clock.due_on is None:
            found.ladders.pop(place, None)
        elif ladder is None or ladder.name != name:
            rungs = (self._instant(clock, offset, place) for offset in self._offsets(found, place, clock))
            found.ladders[place] = Ladder(name, sorted(each for each in rungs if each >= at))
        elif place[0] != "stage":  # the same rungs, on the working days of a calendar loaded since
            all_ = sorted(self._instant(clock, each, place) for each in self._offsets(found, place, clock))
            ladder.ahead = all_[len(all_) - len(ladder.ahead) :]

    def _offsets(self, found: Watched, place: Place, clock: Clock) -> list[int]:
        if place[0] == "document":
            return [rung.offset for rung in VALIDITY_LADDER]
        if place[0] == "order":
            return [1]
        stage = found.definition.stages[place[1]]
        step = (
            None if clock.key.endswith(("preparing", ".filing")) else stage.step(clock.key.partition(".")[0])
        )
        return [rung.offset for rung in found.definition.ladder_of(stage, step, outside=clock.outside)]

    def _instant(self, clock: Clock, offset: int, place: Place) -> datetime:
        day = clock.due_on
        assert day is not None
        if not self.calendar.is_workday(day):
            day = (
                self.calendar.add_workdays(day, -1)
                if place[0] == "document"
                else self.calendar.next_workday(day)
            )
        day = self.calendar.add_workdays(day, offset)
        return datetime.combine(day, NINE, SHANGHAI).astimezone(UTC)

    def _climb(self, found: Watched, event: RungFired, at: datetime) -> None:
        """The next rung of that ladder, and no other; not before its instant."""
        kind = "order" if event.clock.key == ORDER else "stage"
        place = ("document", event.document) if event.document else (kind, event.stage)
        ladder = found.ladders[place]
        assert ladder.ahead, f"{place} climbs a rung that it does not have"
        assert ladder.ahead.pop(0) == event.due_at <= at, (
            f"{place}: rung {event.offset} of {event.due_at} at {at}"
        )

    # Rows

    def _compare(self, found: Watched, before: ProjectState | None) -> None:
        """The stored state is the fold, and the rows are those of the state."""
        state = found.live
        expected = {"seq": found.seq, "head": found.head, "body": to_json(state)}
        expected |= projection.project_row(state, found.definition)
        self._holds("project", "id = ?", (found.id,), [tuple(expected.values())], *expected)
        for key, stage in state.stages.items():
            if before is None or before.stages.get(key) is not stage:
                row = projection.stage_row(stage, state.organisation)
                self._holds(
                    "stage", "project_id = ? AND key = ?", (found.id, key), [tuple(row.values())], *row
                )
        for key, paper in state.documents.items():
            if before is None or before.documents.get(key) is not paper:
                row = projection.paper_row(paper)
                where = "project_id = ? AND document = ? AND version = ?"
                self._holds("paper", where, (found.id, key, paper.version), [tuple(row.values())], *row)
        columns = ("stage", "what", "person_id", "since", "due_on")
        self._holds("task", "project_id = ?", (found.id,), projection.tasks(state), *columns)

    def _holds(
        self, table: str, where: str, values: Iterable[Any], expected: Iterable[Any], *columns: str
    ) -> None:
        stored = self.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {where}", *values)
        assert sorted(map(repr, _plain(stored))) == sorted(map(repr, _plain(expected))), (
            f"rows of {table} differ"
        )


def _orders(state: ProjectState) -> dict[str, Order]:
    """Every open order, by its stage."""
    return {key: stage.order for key, stage in state.stages.items() if stage.order is not None}


def _is_the_same(before: ProjectState | None, event: DocumentUploaded) -> bool:
    """Whether what was there was handed in once more."""
    paper = before.documents.get(event.document) if before else None
    return paper is not None and paper.content == event.paper.content


def _epoch(clock: Clock) -> tuple[Any, ...]:
    return (clock.key, clock.started_on, clock.epoch, clock.due_on)


def _plain(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """As SQLite gives them back: it knows no truth values."""
    return [tuple(int(value) if isinstance(value, bool) else value for value in row) for row in rows]
