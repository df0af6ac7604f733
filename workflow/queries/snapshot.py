"""What every query decides by: the directory, the calendar and the definitions, as of one read.

Invariant: a snapshot is as old as the administration's chain says; it is loaded anew once that moved on.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, text

from workflow.calendar import Calendar
from workflow.calendar_file import parse_year
from workflow.errors import NotFound, reason
from workflow.machine import Compiled
from workflow.people import Directory
from workflow.sql import Statement
from workflow.transaction import compile_text, read_directory, shipped_calendar

_SEQ = text("SELECT seq FROM administration WHERE id = 1")
_YEARS = text("SELECT year, text FROM calendar_year")
_DEFINITION = text("SELECT type, text FROM definition WHERE digest = :digest")


class Snapshot:
    """People, organisations and working days at one moment, and every definition ever asked for."""

    def __init__(
        self, seq: int, directory: Directory, calendar: Calendar, definitions: dict[str, Compiled]
    ) -> None:
        self.seq = seq
        self.directory = directory
        self.calendar = calendar
        self._definitions = definitions

    def compiled(self, connection: Connection, digest: str) -> Compiled:
        """The definition of that digest with its machines; NotFound if it was never published."""
        found = self._definitions.get(digest)
        if found is None:
            row = connection.execute(_DEFINITION, {"digest": digest}).first()
            if row is None:
                raise NotFound(reason("definition-not-found", type=digest[:12]))
            found = self._definitions[digest] = compile_text(row[1], row[0])
        return found

    def renewed(self, seq: int, directory: Directory, calendar: Calendar) -> Snapshot:
        """A newer moment; definitions never change, so they are kept."""
        return Snapshot(seq, directory, calendar, self._definitions)


_LATEST: WeakKeyDictionary[Engine, Snapshot] = WeakKeyDictionary()


def snapshot(connection: Connection) -> Snapshot:
    """The snapshot that holds for this read, from memory if the administration has not moved since."""
    seq = connection.execute(_SEQ).scalar() or 0
    found = _LATEST.get(connection.engine)
    if found is not None and found.seq == seq:
        return found
    directory, calendar = read_people(connection), read_calendar(connection)
    fresh = found.renewed(seq, directory, calendar) if found else Snapshot(seq, directory, calendar, {})
    _LATEST[connection.engine] = fresh
    return fresh


def latest_snapshot(engine: Engine) -> Snapshot | None:
    """What the last read of this database went by; it holds for whoever finds its number in the database."""
    return _LATEST.get(engine)


def read_people(connection: Connection) -> Directory:
    """The directory as it stands in this read."""

    def rows(statement: Statement) -> list[Any]:
        return list(connection.exec_driver_sql(statement.compiled(connection.dialect.name)[0]))

    return read_directory(rows)


def read_calendar(connection: Connection) -> Calendar:
    """The working days as they stand in this read."""
    loaded = [parse_year(content, f"{year}.yaml") for year, content in connection.execute(_YEARS)]
    return Calendar((*shipped_calendar().years, *loaded))
