"""Work lists and project lists: what waits for a person, and which of their projects is in trouble.

Invariant: every list is scoped in its query and read by position (keyset), never by offset.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, case, or_, select

from workflow.definition import Definition, Stage
from workflow.errors import NotFound, reason
from workflow.machine import PROJECT_STATES
from workflow.models import DefinitionText, StageRow
from workflow.projection import CHECK, RETURNED
from workflow.queries.scope import PROJECT, TASK, columns, people, visible
from workflow.queries.snapshot import Snapshot, snapshot
from workflow.queries.words import LIGHTS, Due, Light, due_words, light_on, since_words
from workflow.record import instant
from workflow.rules import state_words
from workflow.sql import table

STAGE = table(StageRow)

PAGE = 50
MOST_TASKS = 200
"""More open tasks than one person can read: the rest shows as soon as some are done."""


class WorkItem(Struct, frozen=True):
    """One thing that waits for a person: what, where, since when, until when, and for whom they would act."""

    ref: str
    project: str
    stage: str
    stage_title: str
    what: str
    words: str
    action: str
    since: str
    due: Due | None
    outside: bool
    for_whom: str = ""
    entry: str = ""


class Worklist(Struct, frozen=True):
    """What waits for a person: theirs to do, and theirs to follow while an outside office has it."""

    mine: tuple[WorkItem, ...]
    elsewhere: tuple[WorkItem, ...]

    @property
    def late(self) -> int:
        """How many of the person's own are past their day."""
        return sum(item.due is not None and item.due.light.colour == "red" for item in self.mine)


def worklist(connection: Connection, *, person: int, day: date) -> Worklist:
    """What waits for the person, or for whom they act for, most urgent first."""
    snap = snapshot(connection)
    who = people(snap.directory, person, day)
    statement = (
        select(
            *columns("ref", "title", "digest", "state"),
            *(TASK.c[name] for name in ("stage", "what", "person_id", "since", "due_on")),
            STAGE.c.warn_on,
            STAGE.c.outside,
        )
        .join_from(TASK, PROJECT, PROJECT.c.id == TASK.c.project_id)
        .join(STAGE, and_(STAGE.c.project_id == TASK.c.project_id, STAGE.c.key == TASK.c.stage), isouter=True)
        .where(TASK.c.person_id.in_(who))
        .order_by(_urgency(day), case((TASK.c.due_on.is_(None), 1), else_=0), TASK.c.due_on, TASK.c.since)
        .limit(MOST_TASKS)
    )
    found = list(
        _once(_work_item(connection, snap, row, person, day) for row in connection.execute(statement))
    )
    mine = tuple(item for item in found if not item.what.endswith((".filed", ".accepted")))
    return Worklist(mine, tuple(item for item in found if item.what.endswith((".filed", ".accepted"))))


def _urgency(day: date) -> ColumnElement[int]:
    """What is late comes first, then what came back and what others wait for, then by due date."""
    waits_for_a_word = or_(TASK.c.what == RETURNED, TASK.c.what.startswith(CHECK))
    return case((TASK.c.due_on < day.isoformat(), 0), (waits_for_a_word, 1), else_=2)


def _once(items: Iterator[WorkItem]) -> Iterator[WorkItem]:
    """A task that is somebody's own is not shown again on behalf of another."""
    seen: dict[tuple[str, str, str], WorkItem] = {}
    for item in items:
        key = (item.ref, item.stage, item.what)
        if key not in seen or not item.for_whom:
            seen[key] = item
    yield from seen.values()


def _work_item(connection: Connection, snap: Snapshot, row: Any, person: int, day: date) -> WorkItem:
    definition = snap.compiled(connection, row.digest).definition
    spec = definition.stages[row.stage]
    checks = row.what.startswith(CHECK)
    words = task_words(spec, row.what)
    return WorkItem(
        ref=row.ref,
        project=row.title,
        stage=row.stage,
        stage_title=spec.title,
        what=row.what,
        words=words,
        action=_action(row.what),
        since=since_words(instant(row.since), day),
        due=_row_due(snap, row, day),
        outside=bool(row.outside),
        for_whom=snap.directory.name(row.person_id) if row.person_id != person else "",
        entry=row.what.removeprefix(CHECK) if checks else "",
    )


def task_words(spec: Stage, what: str) -> str:
    """What a task asks for: 科室审核, 核对原件, 已退回，请按意见修改."""
    if what.startswith(CHECK):
        return "核对原件"
    return "已退回，请按意见修改" if what == RETURNED else state_words(spec, what)


def _action(what: str) -> str:
    """What the person is asked to do, as a verb."""
    if what.startswith(CHECK):
        return "核对"
    if what in {"preparing", RETURNED}:
        return "备齐材料并报送"
    part = what.partition(".")[2]
    return {
        "": "审批",
        "filing": "报送外部门",
        "filed": "跟进受理",
        "accepted": "跟进办理",
        "correcting": "补正",
    }[part]


def _row_due(snap: Snapshot, row: Any, day: date) -> Due | None:
    if row.due_on is None:
        return None
    due_on, warn_on = date.fromisoformat(row.due_on), _date(row.warn_on)
    provisional = snap.calendar.is_provisional(due_on)
    words = due_words(snap.calendar, due_on, day, provisional=provisional)
    return Due(due_on, words, light_on(warn_on, due_on, day), provisional, bool(row.outside))


# Projects


class ProjectItem(Struct, frozen=True):
    """One project in a list, its three lights apart: our own work, outside offices, validity of replies."""

    ref: str
    title: str
    code: str
    type: str
    type_title: str
    unit: str
    clerk: str
    state: str
    phase: str
    own: Light
    outside: Light
    validity: Light
    due: str
    position: int


class Filters(Struct, frozen=True):
    """How a project list is narrowed. Empty means all; `light` names a light of one of the three kinds."""

    light: str = ""
    state: str = ""
    type: str = ""
    unit: int = 0
    clerk: int = 0
    text: str = ""


class ProjectPage(Struct, frozen=True):
    """One page of projects, newest first; `after` is the position to go on from, 0 at the end."""

    items: tuple[ProjectItem, ...]
    after: int


LIGHT_FILTERS = {
    "own-red": "本局超期",
    "own-yellow": "本局临期",
    "outside-red": "外部门超期",
    "validity": "有效期临近",
}


def projects(
    connection: Connection, *, person: int, day: date, filters: Filters | None = None, before: int = 0
) -> ProjectPage:
    """The projects that the person may see, newest first, one page from `before` (a position) on."""
    snap = snapshot(connection)
    filters = filters or Filters()
    conditions = [visible(snap.directory, person, day), *_conditions(snap, filters, day)]
    if before:
        conditions.append(PROJECT.c.id < before)
    statement = select(*_ITEM).where(*conditions).order_by(PROJECT.c.id.desc()).limit(PAGE + 1)
    rows = list(connection.execute(statement))
    items = tuple(_project_item(connection, snap, row, day) for row in rows[:PAGE])
    return ProjectPage(items, items[-1].position if len(rows) > PAGE else 0)


_ITEM = columns(
    "id", "ref", "title", "code", "digest", "type", "organisation_id", "clerk_id", "state", "phase",
    "own_warn_on", "own_due_on", "outside_warn_on", "outside_due_on", "valid_warn_on", "valid_due_on",
)  # fmt: skip


def _conditions(snap: Snapshot, filters: Filters, day: date) -> Iterator[ColumnElement[bool]]:
    if filters.light in LIGHT_FILTERS:
        yield _light_condition(filters.light, day.isoformat())
    if filters.state:
        yield PROJECT.c.state == filters.state
    if filters.type:
        yield PROJECT.c.type == filters.type
    if filters.unit:
        below = [
            node for node in snap.directory.organisations if snap.directory.is_within(node, filters.unit)
        ]
        yield PROJECT.c.organisation_id.in_(below)
    if filters.clerk:
        yield PROJECT.c.clerk_id == filters.clerk
    if filters.text:
        yield or_(
            PROJECT.c.title.contains(filters.text, autoescape=True),
            PROJECT.c.code.startswith(filters.text, autoescape=True),
        )


def _light_condition(light: str, today: str) -> ColumnElement[bool]:
    own, outside = PROJECT.c.own_due_on, PROJECT.c.outside_due_on
    match light:
        case "own-red":
            return own < today
        case "own-yellow":
            return and_(own >= today, PROJECT.c.own_warn_on <= today)
        case "outside-red":
            return outside < today
        case _:
            return PROJECT.c.valid_warn_on <= today


def _project_item(connection: Connection, snap: Snapshot, row: Any, day: date) -> ProjectItem:
    definition: Definition = snap.compiled(connection, row.digest).definition
    nearest = min((each for each in (row.own_due_on, row.outside_due_on) if each), default=None)
    due = _date(nearest)
    return ProjectItem(
        ref=row.ref,
        title=row.title,
        code=row.code,
        type=row.type,
        type_title=definition.title,
        unit=organisation_name(snap, row.organisation_id),
        clerk=snap.directory.name(row.clerk_id),
        state=PROJECT_STATES[row.state],
        phase=row.phase,
        own=_light(row.own_warn_on, row.own_due_on, day),
        outside=_light(row.outside_warn_on, row.outside_due_on, day),
        validity=_light(row.valid_warn_on, row.valid_due_on, day),
        due=due_words(snap.calendar, due, day, provisional=snap.calendar.is_provisional(due)) if due else "",
        position=row.id,
    )


def organisation_name(snap: Snapshot, organisation: int) -> str:
    """The organisation's name; empty for one that is not there."""
    found = snap.directory.organisations.get(organisation)
    return found.name if found else ""


def _light(warn_on: str | None, due_on: str | None, day: date) -> Light:
    return light_on(_date(warn_on), _date(due_on), day) if due_on else LIGHTS["none"]


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# What filters and forms choose from


class Choice(Struct, frozen=True):
    """One thing to choose: its value in the form and its words."""

    value: str
    words: str


class Choices(Struct, frozen=True):
    """What the filters of a project list offer this person."""

    types: tuple[Choice, ...]
    states: tuple[Choice, ...]
    units: tuple[Choice, ...]
    clerks: tuple[Choice, ...]
    lights: tuple[Choice, ...]


def choices(connection: Connection, *, person: int, day: date) -> Choices:
    """The units and clerks within the person's scope, and the types that are published."""
    snap = snapshot(connection)
    scope = sorted(snap.directory.scope(person, day))
    posts = {held.person: None for held in snap.directory.posts if held.organisation in scope}
    return Choices(
        types=tuple(Choice(each.type, each.title) for each in published(connection)),
        states=tuple(Choice(key, words) for key, words in PROJECT_STATES.items()),
        units=tuple(
            Choice(str(node), snap.directory.organisations[node].name)
            for node in scope
            if snap.directory.organisations[node].active
        ),
        clerks=tuple(
            Choice(str(who), f"{snap.directory.name(who)}（{snap.directory.title(who)}）")
            for who in sorted(posts, key=snap.directory.name)
            if snap.directory.is_active(who)
        ),
        lights=tuple(Choice(key, words) for key, words in LIGHT_FILTERS.items()),
    )


class Published(Struct, frozen=True):
    """The latest version of a project type."""

    type: str
    version: int
    title: str
    digest: str


def published(connection: Connection) -> tuple[Published, ...]:
    """The latest version of every project type, by title."""
    row = table(DefinitionText).c
    statement = select(row.type, row.version, row.title, row.digest).order_by(row.type, row.version)
    latest = {each.type: Published(*each) for each in connection.execute(statement)}
    return tuple(sorted(latest.values(), key=lambda each: each.title))


def latest_definition(connection: Connection, *, type: str) -> Definition:  # noqa: A002 - the column's name
    """The latest version of that project type; NotFound if none is published."""
    for each in published(connection):
        if each.type == type:
            return snapshot(connection).compiled(connection, each.digest).definition
    raise NotFound(reason("definition-not-found", type=type))
