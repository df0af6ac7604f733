"""What is decided by and shown: everybody, the working days and the definitions, as of one read.

Invariant: a shared snapshot holds what was committed under its number of the administration's chain, for whoever finds
that number in the database; what a transaction changes itself is read again by that transaction alone.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, text

from workflow.calendar import Calendar
from workflow.calendar_file import load_calendar, parse_year
from workflow.errors import NotFound, reason
from workflow.loader import load
from workflow.machine import Compiled
from workflow.people import DelegationView, Directory, OrganisationView, PersonView, PostView
from workflow.sql import Statement

CALENDAR_DIRECTORY = Path(__file__).parent.parent / "definitions" / "calendar"

_DEFINITION = Statement(text("SELECT type, text FROM definition WHERE digest = :digest"))
_PEOPLE = Statement(text("SELECT id, name, staff_number, email, active FROM person ORDER BY id"))
_ORGANISATIONS = Statement(
    text("SELECT id, parent_id, name, path, region, active FROM organisation ORDER BY id")
)
_POSTS = Statement(text("SELECT person_id, organisation_id, key, title FROM post ORDER BY id"))
_DELEGATIONS = Statement(
    text("SELECT from_id, to_id, starts_on, ends_on, reason FROM delegation WHERE NOT ended ORDER BY id")
)
_SEQ = Statement(text("SELECT seq FROM administration WHERE id = 1"))
_YEARS = Statement(text("SELECT year, text FROM calendar_year"))


class Rows(Protocol):
    """Runs a statement on some connection, a reader's or a transaction's, and gives all its rows."""

    def __call__(self, statement: Statement, /, **parameters: Any) -> list[Any]:
        """The rows, as the driver gives them."""


class Definitions:
    """Every definition ever used, with its machines. One is named by its digest and never changes."""

    def __init__(self) -> None:
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, digest: str, rows: Rows) -> Compiled:
        """The definition of that digest; NotFound if it was never published."""
        found = self._compiled.get(digest)
        if found is None:
            kept = rows(_DEFINITION, digest=digest)
            if not kept:
                raise NotFound(reason("definition-not-found", type=digest[:12]))
            found = self._compiled[digest] = compile_text(kept[0][1], kept[0][0])
        return found


class Snapshot(NamedTuple):
    """Everybody, every organisation and the working days at one number of the administration's chain."""

    seq: int
    directory: Directory
    calendar: Calendar
    definitions: Definitions

    def compiled(self, connection: Connection, digest: str) -> Compiled:
        """The definition of that digest with its machines; NotFound if it was never published."""
        return self.definitions.compiled(digest, _rows_of(connection))


class Snapshots:
    """The newest snapshot, for whoever reads or writes through one store."""

    def __init__(self) -> None:
        self.latest: Snapshot | None = None
        self.definitions = Definitions()

    def at(self, seq: int, rows: Rows) -> Snapshot:
        """The snapshot of that number, which `rows` sees in the database."""
        latest = self.latest
        if latest is not None and latest.seq == seq:
            return latest
        found = self.read(seq, rows)
        if latest is None or latest.seq < seq:
            self.latest = found
        return found

    def read(self, seq: int, rows: Rows) -> Snapshot:
        """What `rows` sees, kept for nobody else."""
        return Snapshot(seq, read_directory(rows), _read_calendar(rows), self.definitions)

    def forget(self) -> None:
        """Whoever wrote under the newest number was rolled back, and others had read it by then."""
        self.latest = None


def snapshot(connection: Connection) -> Snapshot:
    """The snapshot that holds for this read, from memory if the administration has not moved since."""
    rows, snapshots = _rows_of(connection), connection.get_execution_options()["snapshots"]
    found: Snapshot = snapshots.at(rows(_SEQ)[0][0], rows)
    return found


def read_snapshot(connection: Connection) -> Snapshot:
    """What stands in the database in this read, whatever is remembered: for whoever examines it."""
    rows = _rows_of(connection)
    return Snapshots().read(rows(_SEQ)[0][0], rows)


def read_directory(rows: Rows) -> Directory:
    """The directory from its tables."""
    return Directory(
        people={row[0]: PersonView(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows(_PEOPLE)},
        organisations={
            row[0]: OrganisationView(row[0], row[1] or 0, row[2], row[3], row[4], bool(row[5]))
            for row in rows(_ORGANISATIONS)
        },
        posts=tuple(PostView(*row) for row in rows(_POSTS)),
        delegations=tuple(
            DelegationView(row[0], row[1], date.fromisoformat(row[2]), date.fromisoformat(row[3]), row[4])
            for row in rows(_DELEGATIONS)
        ),
    )


def _read_calendar(rows: Rows) -> Calendar:
    loaded = [parse_year(content, f"{year}.yaml") for year, content in rows(_YEARS)]
    return Calendar((*shipped_calendar().years, *loaded)) if loaded else shipped_calendar()


@cache
def shipped_calendar() -> Calendar:
    """The calendar that comes with the product; an office's own years are laid over it."""
    return load_calendar(CALENDAR_DIRECTORY)


def compile_text(text_: str, name: str) -> Compiled:
    """The machines of a definition text that was proved when it was published; ValueError if it is not."""
    loaded = load(text_, name)
    if loaded.definition is None:
        raise ValueError(f"a published definition does not load: {loaded.findings[0]}")
    return Compiled(loaded.definition)


def _rows_of(connection: Connection) -> Rows:
    """Reads on the driver's own connection, inside the view that the reader has opened."""
    driver: Any = connection.connection.driver_connection
    dialect = connection.dialect.name
    return lambda statement, /, **parameters: statement.execute(driver, dialect, parameters).fetchall()
