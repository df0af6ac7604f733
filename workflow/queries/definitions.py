"""Project types as they were published: their versions, their texts, and how many projects follow each.

Invariant: a definition is everybody's to read; projects are counted only where the person may see them.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from msgspec import Struct
from sqlalchemy import Connection, func, select

from workflow.clock import SHANGHAI
from workflow.definition import Definition
from workflow.errors import NotFound, reason
from workflow.loader import Finding, load
from workflow.models import DefinitionText
from workflow.queries.scope import PROJECT, visible
from workflow.record import instant
from workflow.snapshot import snapshot
from workflow.sql import table
from workflow.state import ENDED_STATES

ROW = table(DefinitionText).c


class Version(Struct, frozen=True):
    """One published version, and how many of the person's projects follow it."""

    type: str
    version: int
    title: str
    digest: str
    published_on: date
    projects: int


class DefinitionFile(Struct, frozen=True):
    """One published version: its text, for ever."""

    digest: str
    type: str
    version: int
    title: str
    text: str
    published_at: str


class Running(Struct, frozen=True):
    """One published version, and how many projects of the whole house are under way by it."""

    type: str
    version: int
    title: str
    digest: str
    published_at: str
    running: int


def definition_file(connection: Connection, *, digest: str) -> DefinitionFile:
    """The version of that digest; NotFound if it was never published."""
    found = select(ROW.digest, ROW.type, ROW.version, ROW.title, ROW.text, ROW.published_at)
    row = connection.execute(found.where(ROW.digest == digest)).one_or_none()
    if row is None:
        raise NotFound(reason("definition-not-found", type=digest[:12]))
    return DefinitionFile(*row)


def every_version(connection: Connection) -> tuple[Running, ...]:
    """Every version of every project type, the newest of each first: for whoever publishes the next."""
    counting = select(PROJECT.c.digest, func.count().label("running"))
    running = counting.where(PROJECT.c.state.not_in(ENDED_STATES)).group_by(PROJECT.c.digest).subquery()
    statement = select(
        ROW.type, ROW.version, ROW.title, ROW.digest, ROW.published_at, func.coalesce(running.c.running, 0)
    )
    joined = statement.outerjoin_from(table(DefinitionText), running, running.c.digest == ROW.digest)
    rows = connection.execute(joined.order_by(ROW.type, ROW.version.desc()))
    return tuple(Running(*row) for row in rows)


def versions(connection: Connection, *, type: str, person: int, day: date) -> tuple[Version, ...]:  # noqa: A002
    """Every version of a project type, newest first; NotFound if none was published."""
    found = _versions(connection, person, day, type)
    if not found:
        raise NotFound(reason("definition-not-found", type=type))
    return found


def latest_versions(connection: Connection, *, person: int, day: date) -> tuple[Version, ...]:
    """The newest version of every type by title, with the projects of all its versions."""
    newest: dict[str, Version] = {}
    for each in _versions(connection, person, day):
        first = newest.get(each.type, each)
        count = each.projects + (first.projects if each.type in newest else 0)
        newest[each.type] = Version(
            first.type, first.version, first.title, first.digest, first.published_on, count
        )
    return tuple(sorted(newest.values(), key=lambda each: each.title))


def definition_of(connection: Connection, *, type: str, version: int) -> Definition:  # noqa: A002
    """That version of a project type; NotFound if it was never published."""
    digest = connection.execute(
        select(ROW.digest).where(ROW.type == type, ROW.version == version)
    ).scalar_one_or_none()
    if digest is None:
        raise NotFound(reason("definition-not-found", type=f"{type} {version}"))
    return snapshot(connection).compiled(connection, digest).definition


def definition_text(connection: Connection, *, type: str, version: int) -> str:  # noqa: A002
    """The very text that was published."""
    text = connection.execute(
        select(ROW.text).where(ROW.type == type, ROW.version == version)
    ).scalar_one_or_none()
    if text is None:
        raise NotFound(reason("definition-not-found", type=f"{type} {version}"))
    return str(text)


def definition_findings(connection: Connection, *, type: str, version: int) -> tuple[Finding, ...]:  # noqa: A002
    """What `check` says of the published text today: warnings, for errors are never published."""
    return _findings(definition_text(connection, type=type, version=version), f"{type}.yaml")


@lru_cache(maxsize=64)
def _findings(content: str, name: str) -> tuple[Finding, ...]:
    """Kept under the whole text: a function of nothing else, and reading it takes longer than all of its page."""
    return load(content, name).findings


def _versions(connection: Connection, person: int, day: date, type: str = "") -> tuple[Version, ...]:  # noqa: A002
    directory = snapshot(connection).directory
    counting = select(PROJECT.c.digest, func.count().label("projects")).where(
        visible(connection, directory, person, day)
    )
    rows = connection.execute(counting.group_by(PROJECT.c.digest))
    counted = {row.digest: int(row.projects) for row in rows}
    statement = select(ROW.type, ROW.version, ROW.title, ROW.digest, ROW.published_at)
    if type:
        statement = statement.where(ROW.type == type)
    return tuple(
        Version(
            row.type,
            row.version,
            row.title,
            row.digest,
            instant(row.published_at).astimezone(SHANGHAI).date(),
            counted.get(row.digest, 0),
        )
        for row in connection.execute(statement.order_by(ROW.type, ROW.version.desc()))
    )
