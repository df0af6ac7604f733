"""SQL text made once: Core statements compiled per dialect and run on the driver's own connection.

The hot path never builds an expression: `Statement` compiles at first use and keeps the text and the
order of its parameters. Invariant: the same statement object means the same thing on both databases.
"""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlmodel import SQLModel

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}


class Cursor(Protocol):
    """What both drivers give back from `execute`."""

    @property
    def rowcount(self) -> int:
        """How many rows the statement touched."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows left."""


class Connection(Protocol):
    """What the store needs of a driver's connection; `sqlite3` and `psycopg` both have it."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any:
        """Run one statement."""

    def close(self) -> None:
        """Let go of the database."""


class Statement:
    """One Core statement with named parameters, compiled to SQL text once per dialect."""

    __slots__ = ("_clause", "_compiled")

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {}

    def compiled(self, dialect: str) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """The SQL text, the names of its parameters in order, and the values fixed in the statement."""
        found = self._compiled.get(dialect)
        if found is None:
            made = self._clause.compile(dialect=DIALECTS[dialect])
            fixed = {name: value for name, value in made.params.items() if value is not None}
            found = self._compiled[dialect] = (str(made), tuple(made.positiontup or ()), fixed)  # type: ignore[attr-defined]
        return found

    def execute(self, connection: Connection, dialect: str, parameters: dict[str, Any]) -> Cursor:
        """Run it; every parameter must be given by its name (KeyError otherwise)."""
        sql, names, fixed = self.compiled(dialect)
        if fixed:
            parameters = {**fixed, **parameters}
        cursor: Cursor = connection.execute(sql, tuple(parameters[name] for name in names))
        return cursor


def table(model: type[SQLModel]) -> Table:
    """The Core table of a SQLModel class."""
    made: Table = model.__table__  # type: ignore[attr-defined]
    return made
