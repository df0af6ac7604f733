"""Everything in the database as lines of JSON, and back again: the one form that both databases share.

A line `{"table": …, "columns": […]}` begins each table; its rows follow as arrays in the order of their key.
Invariant: what is read is one consistent view; what is loaded is all of it or nothing, into an empty house.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Table, bindparam, delete, select, text
from sqlalchemy.engine import Connection

from workflow.errors import Refused, reason
from workflow.migrations import FILLS
from workflow.models import METADATA, SCHEMA, Administration
from workflow.record import START, chain, root_of
from workflow.sql import Statement, table
from workflow.transaction import Transaction

LEFT_OUT: Final = frozenset({"session", "login_failure", "known_browser", "schema_number"})
"""Who is signed in just now must not come back to life elsewhere; a database's shape is its own."""

AT_A_TIME: Final = 2000

_COUNT = Statement(text("SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM person)"))
_EMPTY_HEAD = Statement(delete(table(Administration)))
_NEXT_ID = "SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"


class Heads(Struct, frozen=True):
    """The last number and hash of each chain by its project (0: the administration), and one hash over all."""

    chains: dict[int, tuple[int, str]]
    root: str
    events: int


def lines(connection: Connection) -> Iterator[bytes]:
    """The whole database as this connection sees it."""
    encoder = msgspec.json.Encoder()
    for each in _tables():
        yield (
            encoder.encode(
                {"table": str(each.name), "columns": [str(column.name) for column in each.columns]}
            )
            + b"\n"
        )
        statement = select(each).order_by(*each.primary_key.columns).execution_options(yield_per=AT_A_TIME)
        with connection.execute(statement) as rows:
            for row in rows:
                yield encoder.encode(tuple(row)) + b"\n"


def rows(stored: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(table, row) of every line; ValueError for a line that is none."""
    name, columns = "", []
    for line in stored:
        value = msgspec.json.decode(line)
        if isinstance(value, dict):
            name, columns = value["table"], value["columns"]
        else:
            yield name, dict(zip(columns, value, strict=True))


def heads(stored: Iterable[tuple[str, dict[str, Any]]]) -> Heads:
    """The heads of all chains in these rows, each re-derived from its events; ValueError if one does not hold."""
    chains: dict[int, tuple[int, str]] = {}
    said: dict[int, tuple[int, str]] = {}
    events = 0
    for name, row in stored:
        if name == "event":
            events += 1
            project = row["project_id"]
            seq, head = chains.get(project, (0, START))
            hashed = chain(head, project, row["seq"], row["at"], row["actor_id"], row["data"])
            if row["seq"] != seq + 1 or row["hash"] != hashed:
                raise ValueError(f"项目 {project} 第 {seq + 1} 条记录与其校验码不符")
            chains[project] = (row["seq"], hashed)
        elif name in {"project", "administration"} and row["seq"]:
            said[row["id"] if name == "project" else 0] = (row["seq"], row["head"])
    if said != chains:
        raise ValueError("末条的校验码与项目所记的不符")
    ordered = sorted(chains.items())
    return Heads(chains, root_of((project, head) for project, (_, head) in ordered), events)


def load(tx: Transaction, *, stored: Iterable[bytes], schema: int = SCHEMA) -> int:
    """Put every row where it belongs; how many. Refused unless the installation is empty.

    The rows are of a database of shape `schema`: what came later begins as in a new row, or is filled as in an old one,
    and projects of an older program are folded again.
    """
    if tx.execute(_COUNT).fetchone()[0]:
        raise Refused(reason("not-empty"))
    tx.execute(_EMPTY_HEAD)
    known = {each.name: each for each in _tables()}
    inserts = {name: _insert(each) for name, each in known.items()}
    beginnings = {name: _beginnings(each) for name, each in known.items()}
    number = 0
    for name, row in rows(stored):
        if name in known:
            kept = {column: row.get(column, value) for column, value in beginnings[name].items()}
            tx.execute(inserts[name], **kept)
            number += 1
    if schema < SCHEMA:
        _bring_up(tx, schema)
    if tx.dialect == "postgresql":
        for name in (each.name for each in known.values() if each.autoincrement_column is not None):
            tx.execute(Statement(text(_NEXT_ID.format(name=name))))
    return number


def _bring_up(tx: Transaction, schema: int) -> None:
    for later in range(schema + 1, SCHEMA + 1):
        for fill in FILLS.get(later, ()):
            tx.execute(Statement(text(fill)))
    tx.fold_again()


def _tables() -> list[Table]:
    return [each for each in METADATA.sorted_tables if each.name not in LEFT_OUT]


def _insert(each: Table) -> Statement:
    return Statement(each.insert().values({column.name: bindparam(column.name) for column in each.columns}))


def _beginnings(each: Table) -> dict[str, Any]:
    return {column.name: _beginning(column) for column in each.columns}


def _beginning(column: Column[Any]) -> Any:
    """The value that a new row has there by itself; where it has none and must not be empty, one to be filled over."""
    if column.default is not None:
        return getattr(column.default, "arg", None)
    return None if column.nullable else column.type.python_type()
