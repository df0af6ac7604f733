"""What forms choose from: published project types, and the units and clerks that a new project can be given to."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from sqlalchemy import Connection, select

from workflow.definition import Definition
from workflow.errors import NotFound, reason
from workflow.models import DefinitionText
from workflow.snapshot import snapshot
from workflow.sql import table


class Choice(Struct, frozen=True):
    """One thing to choose: its value in the form and its words."""

    value: str
    words: str


class Choices(Struct, frozen=True):
    """To whom a new project of this person can be given: units and clerks within their scope."""

    types: tuple[Choice, ...]
    units: tuple[Choice, ...]
    clerks: tuple[Choice, ...]


def choices(connection: Connection, *, person: int, day: date) -> Choices:
    """The units and clerks within the person's scope, and the types that are published."""
    snap = snapshot(connection)
    scope = sorted(snap.directory.scope(person, day))
    posts = {held.person: None for held in snap.directory.posts if held.organisation in scope}
    return Choices(
        types=tuple(Choice(each.type, each.title) for each in published(connection)),
        units=tuple(
            Choice(str(node), snap.directory.organisations[node].name)
            for node in scope
            if snap.directory.organisations[node].active
        ),
        clerks=tuple(
            Choice(str(who), snap.directory.in_full(who))
            for who in sorted(posts, key=snap.directory.name)
            if snap.directory.is_active(who)
        ),
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
