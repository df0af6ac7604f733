"""The shapes that databases had, each as it was written down when the next one came: `stories/shapes/0.sqlite.sql`.

Shape 0 is of before there were numbers (10181cf). Whoever raises SCHEMA writes down the shape that it leaves.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, delete, insert

from workflow import archive
from workflow.models import SCHEMA
from workflow.store import Store

OLD = range(SCHEMA)

_OTHERWISE = {"project": {"body": "{}"}}
_FOLDER = Path(__file__).parent / "stories" / "shapes"


def script(shape: int, dialect: str = "sqlite") -> str:
    """The statements that made an empty database of that shape."""
    return (_FOLDER / f"{shape}.{dialect}.sql").read_text("utf-8")


def make(url: str, shape: int) -> None:
    """Give that empty database an old shape."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.begin() as connection:
        for statement in script(shape, engine.dialect.name).split(";\n\n"):
            connection.exec_driver_sql(statement.strip().removesuffix(";").replace("%", "%%"))
    engine.dispose()


def fill(url: str, lived: Store) -> None:
    """Put into a database of an old shape what lives in one of today's, as far as it has tables and columns for it.

    Older programs folded otherwise: the states are none that today's would know.
    """
    engine, shape = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1)), MetaData()
    shape.reflect(engine)
    with engine.begin() as connection, lived.reading() as present:
        connection.execute(delete(shape.tables["administration"]))
        for name, row in archive.rows(archive.lines(present)):
            if name in shape.tables:
                table, given = shape.tables[name], {**row, **_OTHERWISE.get(name, {})}
                connection.execute(insert(table), {each.name: given[each.name] for each in table.columns})
    engine.dispose()


def as_written(shape: int, stored: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of an archive as a program of an old shape would have written them."""
    known, places, kept, otherwise = columns(shape), list[int](), list[str](), dict[str, str]()
    for line in stored:
        value = json.loads(line)
        if isinstance(value, dict):
            kept = known.get(value["table"], [])
            otherwise = _OTHERWISE.get(value["table"], {})
            places = [value["columns"].index(each) for each in kept]
            value = {"table": value["table"], "columns": kept}
        else:
            value = [value[each] for each in places]
            value = [otherwise.get(column, each) for column, each in zip(kept, value, strict=True)]
        if places:
            yield json.dumps(value).encode() + b"\n"


def columns(shape: int) -> dict[str, list[str]]:
    """The columns of every table of that shape."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(script(shape))
        tables: list[Any] = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: [row[1] for row in database.execute(f"PRAGMA table_info({name})")] for (name,) in tables
        }
