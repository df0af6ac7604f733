"""From the shape of an older database to today's, in numbered steps, each a few statements.

The tables, columns and indexes of today stand in `models`; a step says only what creating what is missing
cannot: columns of old tables, what goes, what changes. Invariant: all steps together are one transaction; no step
reads today's tables, which later steps go on changing; a database of a newer program is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateIndex

from workflow.errors import Refused, reason
from workflow.models import METADATA, SCHEMA
from workflow.transaction import Caches, Transaction

Step = Callable[[Connection], None]


def _drop_event_actor(connection: Connection) -> None:
    """`event_by` answers all that this index did."""
    connection.execute(text("DROP INDEX IF EXISTS event_actor"))


def _drop_sessions(connection: Connection) -> None:
    """Sessions of before cannot say where they began; whoever is signed in signs in again."""
    connection.execute(text("DROP TABLE IF EXISTS session"))


def _drop_project_version(connection: Connection) -> None:
    """It is made anew with the state, so that what runs by a version is counted without reading projects."""
    connection.execute(text("DROP INDEX IF EXISTS project_version"))


def _place_in_organisations(connection: Connection) -> None:
    """Stages and tasks know their unit; both indexes that begin with it are made anew."""
    kind = "INTEGER" if connection.dialect.name == "sqlite" else "BIGINT"
    for table, index in (("stage", "stage_clock"), ("task", "task_person")):
        connection.execute(text(f"DROP INDEX IF EXISTS {index}"))
        # SQLite adds no column that must not be empty unless it says with what rows begin.
        added = f"ALTER TABLE {table} ADD COLUMN organisation_id {kind} DEFAULT 0 NOT NULL"
        connection.execute(text(added))


STEPS: Final[dict[int, tuple[Step, ...]]] = {
    1: (_drop_event_actor,),
    2: (_drop_sessions,),
    3: (_drop_project_version, _place_in_organisations),
}
"""The number that steps lead to -> what they do. Tables without rowid that an older SQLite file keeps with one
stay so: they answer the same, and rebuilding them would lock a large file for minutes."""


FILLS: Final[dict[int, tuple[str, ...]]] = {
    3: tuple(
        f"UPDATE {table} SET organisation_id ="  # noqa: S608 - of these two tables
        f" (SELECT organisation_id FROM project WHERE project.id = {table}.project_id)"
        for table in ("stage", "task")
    ),
}
"""The number -> what fills the columns that came with it, in old rows here and in the rows of an older backup."""


def stored_number(connection: Connection) -> int | None:
    """The number of the database's shape; 0 for one from before there were numbers, None for an empty one."""
    found = inspect(connection)
    if not found.has_table("event"):
        return None
    if not found.has_table("schema_number"):
        return 0
    return int(connection.execute(text("SELECT max(number) FROM schema_number")).scalar() or 0)


def require_today(connection: Connection) -> None:
    """Refused (schema-older, schema-newer) unless the database has today's shape: for whoever only reads."""
    found = stored_number(connection)
    if found is not None and found != SCHEMA:
        code = "schema-newer" if found > SCHEMA else "schema-older"
        raise Refused(reason(code, found=found, known=SCHEMA))


def bring_up(connection: Connection, *, before: Callable[[int], None]) -> None:
    """Bring the database to today's shape inside the caller's transaction, creating what is missing.

    `before` is called with the old number if there is something to change. Projects of an older program are folded
    again. Refused (schema-newer) for a database of a newer program.
    """
    found = stored_number(connection)
    if found is not None and found > SCHEMA:
        raise Refused(reason("schema-newer", found=found, known=SCHEMA))
    if found is not None and found < SCHEMA:
        before(found)
        _take_steps(connection, found)
    METADATA.create_all(connection)
    there = {each["name"] for found in inspect(connection).get_multi_indexes().values() for each in found}
    for index in (index for each in METADATA.tables.values() for index in each.indexes):
        if index.name not in there:  # an older database has its tables already
            connection.execute(CreateIndex(index))
    if found is not None and found < SCHEMA:
        driver = connection.connection.driver_connection
        Transaction(driver, connection.dialect.name, Caches()).fold_again()  # type: ignore[arg-type]
    if found != SCHEMA:
        connection.execute(text("DELETE FROM schema_number"))
        connection.execute(text("INSERT INTO schema_number (number) VALUES (:number)"), {"number": SCHEMA})


def _take_steps(connection: Connection, found: int) -> None:
    for number in range(found + 1, SCHEMA + 1):
        for step in STEPS.get(number, ()):
            step(connection)
        for fill in FILLS.get(number, ()):
            connection.execute(text(fill))
