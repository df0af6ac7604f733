"""SQL text made once: Core statements compiled per dialect and run on the driver's own connection.

The hot path never builds an expression: `Statement` compiles at first use and keeps the text and the
order of its parameters. Invariant: the same statement object means the same thing on both databases.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

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


class Spelling(NamedTuple):
    """A statement in one dialect: its text, how its parameters are put in order, and the values fixed in it."""

    sql: str
    in_order: Callable[[dict[str, Any]], tuple[Any, ...]]
    fixed: dict[str, Any]


class Statement:
    """One Core statement with named parameters, compiled to SQL text once per dialect."""

    __slots__ = ("_clause", "_compiled")

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, Spelling] = {}

    def compiled(self, dialect: str) -> Spelling:
        """The statement as that dialect spells it."""
        found = self._compiled.get(dialect)
        if found is None:
            made = self._clause.compile(dialect=DIALECTS[dialect])
            fixed = {name: value for name, value in made.params.items() if value is not None}
            names = tuple(made.positiontup or ())  # type: ignore[attr-defined]
            found = self._compiled[dialect] = Spelling(str(made), _picker(names), fixed)
        return found

    def execute(self, connection: Connection, dialect: str, parameters: dict[str, Any]) -> Cursor:
        """Run it; every parameter must be given by its name (KeyError otherwise)."""
        sql, in_order, fixed = self._compiled.get(dialect) or self.compiled(dialect)
        if fixed:
            parameters = {**fixed, **parameters}
        cursor: Cursor = connection.execute(sql, in_order(parameters))
        return cursor


def _picker(names: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Takes the values of these names out of the parameters, in this order, without a loop in Python."""
    # itemgetter gives a tuple for two names and more only
    if len(names) < 2:
        return lambda parameters: tuple(parameters[name] for name in names)
    return itemgetter(*names)


def table(model: type[SQLModel]) -> Table:
    """The Core table of a SQLModel class."""
    made: Table = model.__table__  # type: ignore[attr-defined]
    return made
