"""预警: everything yellow and red in a person's scope, and what was done about each.

Invariant: our own lateness, an outside office's and validities running out are three different things,
never added up and never in one list; an outside office's lateness is nobody's here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    String,
    and_,
    cast,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
)

from workflow import rules
from workflow.clock import local_day
from workflow.definition import Rung
from workflow.events import DECODER, Event, ExplanationFiled, LetterDrafted, RungFired
from workflow.models import EventRow, StageRow
from workflow.people import Directory
from workflow.queries.numbers import number_of
from workflow.queries.orders import order_view
from workflow.queries.portfolio import LIGHT_FILTERS, below, organisation_name
from workflow.queries.reading import Reading, readings
from workflow.queries.record import Row
from workflow.queries.restarts import AGAIN, began_again
from workflow.queries.scope import PROJECT, TASK, Sees, sight
from workflow.queries.stages import held_since, holder_words
from workflow.queries.views import OrderView
from workflow.queries.words import Due, clock_day, due_of
from workflow.record import instant
from workflow.snapshot import Snapshot, snapshot
from workflow.sql import table
from workflow.state import ORDER, Clock, Paper, StageState
from workflow.timing import VALIDITY_LADDER, ladder_of

STAGE, EVENT = table(StageRow), table(EventRow)

IS_ORDER = TASK.c.what == literal_column(f"'{ORDER}'")
"""When a task is to answer an order; spelled out, since SQLite uses the index of orders for nothing else."""

PAGE = 50
GLANCE = 10
"""How many of each kind the page shows before one kind is chosen."""
FIRST_GLANCE = 3
"""How many of each red kind a leader sees as soon as they sign in."""

MOST_UNITS = 30
"""In more units than these there are more people than a leader reads one by one: a unit is asked for first."""


KINDS = {**LIGHT_FILTERS, "order": "督办未了结"}


class Alert(Struct, frozen=True):
    """One thing that is yellow or red: where, with whom, since when, until when, and what was done about it.

    `told` are the rungs that took effect, `next` the one to come; `said` what its holder or clerk said; `order` is
    the 督办单 that is open there, `supervise` whether this reader may issue one.
    """

    ref: str
    project: str
    stage: str
    title: str
    unit: str
    holder: str
    state: str
    since: str
    due: Due | None
    told: tuple[str, ...]
    next: str
    said: tuple[str, ...]
    letter: str
    outside: bool
    position: str
    order: OrderView | None = None
    supervise: bool = False


class Kind(Struct, frozen=True):
    """All warnings of one kind: how many there are, and one page of them. `after` is empty at the end."""

    key: str
    title: str
    count: int
    items: tuple[Alert, ...]
    after: str = ""


class UnitCount(Struct, frozen=True):
    """One unit's numbers, kind by kind."""

    id: int
    name: str
    counts: dict[str, int]


class PersonCount(Struct, frozen=True):
    """What one person has in hand that is late or nearly so; never what an outside office has."""

    id: int
    name: str
    title: str
    red: int
    yellow: int


class Warnings(Struct, frozen=True):
    """The page: the numbers by unit and, unless the scope is too `wide`, by person; the warnings of each kind."""

    kinds: tuple[Kind, ...]
    units: tuple[UnitCount, ...]
    people: tuple[PersonCount, ...]
    wide: bool
    unit: str
    holder: str


class Trouble(Struct, frozen=True):
    """The numbers alone, for a first glance."""

    counts: dict[str, int]

    @property
    def any(self) -> bool:
        """Whether there is anything at all."""
        return any(self.counts.values())

    @property
    def words(self) -> tuple[tuple[str, str, int], ...]:
        """(kind, words, number) for each kind that there is."""
        return tuple((key, KINDS[key], count) for key, count in self.counts.items() if count)


def trouble(connection: Connection, *, person: int, day: date) -> Trouble:
    """How much is yellow and red in the person's scope."""
    units = _by_unit(_asked(connection, person, day))
    return Trouble({kind: sum(counts.get(kind, 0) for counts in units.values()) for kind in KINDS})


def worst(connection: Connection, *, person: int, day: date) -> tuple[Alert, ...]:
    """The longest overdue in the person's scope, a few of our own and then a few of outside offices."""
    asked = _asked(connection, person, day)
    kinds = [_kind(asked, key, 0, "", FIRST_GLANCE) for key in ("own-red", "outside-red")]
    return tuple(each for kind in kinds for each in kind.items)


def warnings(
    connection: Connection,
    *,
    person: int,
    day: date,
    kind: str = "",
    unit: int = 0,
    holder: int = 0,
    after: str = "",
) -> Warnings:
    """Everything yellow and red in the person's scope; only of one kind, of one unit or in one holder's hands
    if they are named.

    With a kind, one page of it from the position `after` on; otherwise the first few of each.
    """
    asked = _asked(connection, person, day, unit, holder)
    snap = asked.snap
    units = _by_unit(asked)
    counts = {key: sum(each.get(key, 0) for each in units.values()) for key in KINDS}
    wide = len(units) > MOST_UNITS
    people = () if wide else _by_person(asked)
    chosen = [kind] if kind in KINDS else [key for key in KINDS if counts[key]]
    size = PAGE if kind in KINDS else GLANCE
    return Warnings(
        kinds=tuple(_kind(asked, key, counts[key], after, size) for key in chosen),
        units=_units(snap.directory, units),
        people=people,
        wide=wide,
        unit=organisation_name(snap, unit),
        holder=next((each.name for each in people if each.id == holder), ""),
    )


class _Asked(NamedTuple):
    """Who asks on which day, what they see, of which unit, and in whose hands a place must be; 0 is any."""

    connection: Connection
    snap: Snapshot
    person: int
    day: date
    sees: Sees
    unit: int
    holder: int

    def _scope(
        self, organisation: ColumnElement[int], project: ColumnElement[int]
    ) -> Iterator[ColumnElement[bool]]:
        yield self.sees(organisation, project)
        if self.unit:
            yield organisation.in_(below(self.snap.directory, self.unit))

    def late(self) -> list[ColumnElement[bool]]:
        """When a place is yellow or red, and with the holder if one is named."""
        found = [STAGE.c.due_on.is_not(None), STAGE.c.warn_on <= self.day.isoformat()]
        found += self._scope(STAGE.c.organisation_id, STAGE.c.project_id)
        if self.holder:
            task = TASK.alias()
            found.append(exists().where(task.c.person_id == self.holder, _in_hand(task)))
        return found

    def lapsing(self) -> list[ColumnElement[bool]]:
        """When a reply of a project will soon lapse; that is in nobody's hands."""
        found = [PROJECT.c.valid_warn_on <= self.day.isoformat()]
        found += self._scope(PROJECT.c.organisation_id, PROJECT.c.id)
        return [*found, false()] if self.holder else found

    def ordered(self) -> list[ColumnElement[bool]]:
        """When a task is to answer an order, and by the holder if one is named."""
        found = [IS_ORDER, *self._scope(TASK.c.organisation_id, TASK.c.project_id)]
        return [*found, TASK.c.person_id == self.holder] if self.holder else found


def _asked(connection: Connection, person: int, day: date, unit: int = 0, holder: int = 0) -> _Asked:
    snap = snapshot(connection)
    sees = sight(connection, snap.directory, person, day)
    return _Asked(connection, snap, person, day, sees, unit, holder)


def _in_hand(task: FromClause) -> ColumnElement[bool]:
    """When a task is what its person has in hand of a place: never what an outside office has."""
    return and_(
        STAGE.c.outside.is_(False),
        task.c.what != ORDER,
        task.c.project_id == STAGE.c.project_id,
        task.c.stage == STAGE.c.key,
        task.c.due_on == STAGE.c.due_on,
    )


# Numbers


def _stage_condition(kind: str, today: str) -> ColumnElement[bool]:
    ours = STAGE.c.outside.is_(kind.startswith("outside"))
    if kind.endswith("red"):
        return and_(ours, STAGE.c.due_on < today)
    return and_(ours, STAGE.c.due_on >= today, STAGE.c.warn_on <= today)


def _by_unit(asked: _Asked) -> dict[int, dict[str, int]]:
    """How many of each kind each organisation has."""
    late = func.count().filter(STAGE.c.due_on < asked.day.isoformat())
    stages = (
        select(STAGE.c.organisation_id, STAGE.c.outside, late, func.count())
        .where(*asked.late())
        .group_by(STAGE.c.organisation_id, STAGE.c.outside)
    )
    papers = (
        select(PROJECT.c.organisation_id, func.count())
        .where(*asked.lapsing())
        .group_by(PROJECT.c.organisation_id)
    )
    # One place may wait for several people. Of places told apart as rows, SQLite would read every task there is.
    place = cast(TASK.c.project_id, String) + "." + TASK.c.stage
    ordered = (
        select(TASK.c.organisation_id, func.count(place.distinct()))
        .where(*asked.ordered())
        .group_by(TASK.c.organisation_id)
    )
    found: dict[int, dict[str, int]] = {}
    for organisation, outside, red, count in asked.connection.execute(stages):
        side = "outside" if outside else "own"
        found.setdefault(organisation, {}).update({f"{side}-red": red, f"{side}-yellow": count - red})
    for others, statement in (("validity", papers), ("order", ordered)):
        for organisation, count in asked.connection.execute(statement):
            found.setdefault(organisation, {})[others] = count
    return found


def _units(directory: Directory, counts: dict[int, dict[str, int]]) -> tuple[UnitCount, ...]:
    """The units that have any, in the order of the tree."""
    lines = {
        node: [directory.organisations[each].name for each in directory.upwards(node)][::-1]
        for node in counts
    }
    return tuple(
        UnitCount(node, lines[node][-1], {kind: counts[node].get(kind, 0) for kind in KINDS})
        for node in sorted(counts, key=lambda node: lines[node])
        if lines[node]
    )


def _by_person(asked: _Asked) -> tuple[PersonCount, ...]:
    """Who has what in hand that is late or nearly so, by name: this is no ranking."""
    late = func.count().filter(STAGE.c.due_on < asked.day.isoformat())
    statement = (
        select(TASK.c.person_id, late, func.count())
        .join_from(STAGE, TASK, _in_hand(TASK))
        .where(*asked.late())
        .group_by(TASK.c.person_id)
    )
    directory = asked.snap.directory
    found = [
        PersonCount(person, directory.name(person), directory.title(person), red, count - red)
        for person, red, count in asked.connection.execute(statement)
    ]
    return tuple(sorted(found, key=lambda each: (each.name, each.id)))


# One kind


def _kind(asked: _Asked, key: str, count: int, after: str, size: int) -> Kind:
    rows = list(asked.connection.execute(_rows(asked, key, after).limit(size + 1)))
    shown = rows[:size]
    found = readings(asked.connection, asked.snap, (row.id for row in shown), asked.person, asked.day)
    record = _record(asked.connection, found)
    view = _validity if key == "validity" else _stage
    items = tuple(view(found[row.id], row, record.get(row.id, [])) for row in shown)
    return Kind(key, KINDS[key], count, items, items[-1].position if len(rows) > size else "")


def _rows(asked: _Asked, kind: str, after: str) -> Any:
    """The places of that kind: (project, due date) and, for a stage, its key."""
    today = asked.day.isoformat()
    if kind == "validity":
        papers = select(PROJECT.c.id, PROJECT.c.valid_due_on.label("due_on")).where(*asked.lapsing())
        return _from(papers, (PROJECT.c.valid_due_on, PROJECT.c.id), after)
    if kind == "order":
        tasks = select(TASK.c.project_id.label("id"), TASK.c.stage.label("key"), TASK.c.due_on)
        order = (TASK.c.due_on, TASK.c.project_id, TASK.c.stage)
        return _from(tasks.where(*asked.ordered()).distinct(), order, after)
    place = (STAGE.c.project_id.label("id"), STAGE.c.key, STAGE.c.due_on)
    stages = select(*place).where(*asked.late(), _stage_condition(kind, today))
    return _from(stages, (STAGE.c.due_on, STAGE.c.project_id, STAGE.c.key), after)


def _from(statement: Any, order: tuple[ColumnElement[Any], ...], after: str) -> Any:
    """By due date, from behind the position `after` on: 2026-11-13.17.budget_review."""
    due, _, rest = after.partition(".")
    project, _, stage = rest.partition(".")
    number = number_of(project)
    if due and number is not None:
        beyond = [order[0] > due, and_(order[0] == due, order[1] > number)]
        if stage and len(order) > 2:
            beyond.append(and_(order[0] == due, order[1] == number, order[2] > stage))
        statement = statement.where(or_(*beyond))
    return statement.order_by(*order)


_TOLD = ("rung.fired", "explanation.filed", "letter.drafted")


def _record(
    connection: Connection, projects: Iterable[int]
) -> dict[int, list[tuple[Row, RungFired | ExplanationFiled | LetterDrafted]]]:
    """What these projects' records say of reminders, explanations and letters, oldest first."""
    kinds = or_(*(EVENT.c.data.contains(f'"type":"{kind}"') for kind in _TOLD))
    statement = (
        select(EVENT.c.project_id, EVENT.c.seq, EVENT.c.at, EVENT.c.actor_id, EVENT.c.data)
        .where(EVENT.c.project_id.in_(list(projects)), kinds)
        .order_by(EVENT.c.project_id, EVENT.c.seq)
    )
    found: dict[int, list[tuple[Row, Any]]] = {}
    for project, *row, data in connection.execute(statement):
        event: Event = DECODER.decode(data)
        if isinstance(event, RungFired | ExplanationFiled | LetterDrafted):
            found.setdefault(project, []).append((Row(*row), event))
    return found


def _stage(reading: Reading, row: Any, record: list[tuple[Row, Any]]) -> Alert:
    spec, stage = reading.stage(row.key), reading.state.stage(row.key)
    own = [(at, event) for at, event in record if _concerns(event, row.key, "") and _is_of(stage, at)]
    ladder = ladder_of(reading.definition, spec, stage.state) if stage.clock else ()
    again = began_again(reading.case.compiled, row.key, stage)
    return Alert(
        ref=reading.ref,
        project=reading.state.title,
        stage=row.key,
        title=spec.title,
        unit=organisation_name(reading.snap, reading.state.organisation),
        holder=holder_words(reading, spec, stage),
        state=rules.state_words(spec, stage.state) + (f"，{AGAIN}" if again else ""),
        since=held_since(reading, spec, stage),
        due=due_of(stage.clock, reading.calendar, reading.day),
        told=_told(reading, own),
        next=_next(reading, stage.clock, ladder, stage.holders),
        said=_said(reading, own),
        letter=_letter(reading, own),
        outside=bool(stage.clock and stage.clock.outside),
        position=f"{row.due_on}.{row.id}.{row.key}",
        order=order_view(reading, row.key),
        supervise=not rules.may_supervise(reading.case, row.key),
    )


def _is_of(stage: StageState, row: Row) -> bool:
    """Whether it happened since the stage is where it is now: what was told before was of another clock."""
    return stage.since is not None and instant(row.at) >= stage.since


def _validity(reading: Reading, row: Any, record: list[tuple[Row, Any]]) -> Alert:
    """The reply of the project that lapses next."""
    papers = {key: paper for key, paper in reading.state.documents.items() if _lapses(paper, row.due_on)}
    document, paper = next(iter(papers.items()))
    stage = reading.definition.issuers.get(document, "")
    own = [(at, event) for at, event in record if _concerns(event, stage, document)]
    return Alert(
        ref=reading.ref,
        project=reading.state.title,
        stage=stage,
        title="、".join(reading.definition.documents[key].title for key in papers),
        unit=organisation_name(reading.snap, reading.state.organisation),
        holder=reading.directory.name(reading.state.clerk),
        state=paper.number,
        since=clock_day(paper.issued_on, reading.day) if paper.issued_on else "",
        due=due_of(paper.clock, reading.calendar, reading.day),
        told=_told(reading, own),
        next=_next(reading, paper.clock, VALIDITY_LADDER, ()),
        said=(),
        letter="",
        outside=False,
        position=f"{row.due_on}.{row.id}",
    )


def _lapses(paper: Paper, due_on: str) -> bool:
    return bool(paper.clock and paper.clock.due_on and paper.clock.due_on.isoformat() == due_on)


def _concerns(event: RungFired | ExplanationFiled | LetterDrafted, stage: str, document: str) -> bool:
    return event.stage == stage and getattr(event, "document", "") == document


# Words


def _told(reading: Reading, record: list[tuple[Row, Any]]) -> tuple[str, ...]:
    """11月16日已提醒陈文娟, for each rung that took effect."""
    return tuple(
        f"{_on(reading, row.at)}已提醒{rules.names(reading.directory, event.told) or '系统管理员'}"
        for row, event in record
        if isinstance(event, RungFired)
    )


def _said(reading: Reading, record: list[tuple[Row, Any]]) -> tuple[str, ...]:
    """What was said to explain it, and by whom."""
    return tuple(
        f"{_on(reading, row.at)}{reading.directory.acting(row.actor_id, event.on_behalf)}说明：{event.text}"
        for row, event in record
        if isinstance(event, ExplanationFiled)
    )


def _letter(reading: Reading, record: list[tuple[Row, Any]]) -> str:
    """Whether a letter to the outside office has been drafted; the last one counts."""
    found = [row for row, event in record if isinstance(event, LetterDrafted)]
    return f"{_on(reading, found[-1].at)}已拟商请函（未发）" if found else ""


def _next(reading: Reading, clock: Clock | None, ladder: tuple[Rung, ...], holders: tuple[int, ...]) -> str:
    """11月24日将提醒周建平: the next rung of the ladder, and whom it will reach as things stand."""
    if clock is None or clock.next_at is None or clock.rung >= len(ladder):
        return ""
    people = dict.fromkeys(
        person for listener in ladder[clock.rung].tell for person in _listeners(reading, listener, holders)
    )
    day = clock_day(local_day(clock.next_at), reading.day)
    return f"{day}将提醒{rules.names(reading.directory, people) or '（该岗位无人）'}"


def _listeners(reading: Reading, listener: str, holders: tuple[int, ...]) -> tuple[int, ...]:
    if listener == "holder":
        return holders
    if listener == "clerk":
        return (reading.state.clerk,)
    return reading.directory.holders(listener, reading.state.organisation)


def _on(reading: Reading, at: str) -> str:
    return clock_day(local_day(instant(at)), reading.day)
