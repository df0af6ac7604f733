"""Project lists: which of a person's projects is in trouble.

Invariant: every list is scoped in its query and read by position (keyset), never by offset.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, or_, select

from workflow.definition import Definition
from workflow.errors import NotFound, reason
from workflow.machine import PROJECT_STATES
from workflow.models import DefinitionText
from workflow.queries.scope import PROJECT, columns, visible
from workflow.queries.snapshot import Snapshot, snapshot
from workflow.queries.words import LIGHTS, Light, due_words, light_on
from workflow.sql import table

PAGE = 50


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
        units=tuple(Choice(str(node), snap.directory.organisations[node].name) for node in scope),
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
