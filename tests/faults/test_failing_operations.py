"""The n-th statement of every step fails, for every n: the caller hears the truth, nothing is half, and the
next try goes through. Ways to fail: as SQLite does when busy, broken or full; as a PostgreSQL does that goes away.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from notifications.ledger import try_at_once
from tests.faults.conftest import LONG, Post
from tests.faults.story import BEGAN, LATE, STEPS, Life, facts, lost, prepare
from workflow import doctor
from workflow.errors import Unavailable
from workflow.store import Store

SEVERAL = {"sweep", "deliver", "clean"}
"""Steps of several transactions: what came before the failure stands."""

Raise = Callable[[Any, str, Any], None]


class Fault:
    """Counts statements, and lets the one fail that a test has chosen."""

    def __init__(self, fail: Raise, width: int = 1) -> None:
        self._fail = fail
        self._width = width
        self._left = 0
        self.struck = ""

    def arm(self, number: int) -> None:
        """The statement of that number, counted from here, fails; 0: none does."""
        self._left, self.struck = number, ""

    def execute(self, real: Any, run: Callable[..., Any], sql: str, *parameters: Any) -> Any:
        """Run it, or let it fail."""
        if self._left:
            self._left -= 1
            if self._left < self._width and not self.struck:
                self.struck, self._left = sql, self._width - 1
                self._fail(real, sql, parameters)
            elif self.struck:
                raise sqlite3.OperationalError("disk I/O error")
        return run(sql, *parameters)


class Watched:
    """A driver's connection whose statements can be made to fail."""

    def __init__(self, real: Any, fault: Fault) -> None:
        self._real = real
        self._fault = fault

    def execute(self, sql: str, *parameters: Any) -> Any:
        return self._fault.execute(self._real, self._real.execute, sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _busy(real: Any, sql: str, parameters: Any) -> None:
    raise sqlite3.OperationalError("database is locked")


def _broken(real: Any, sql: str, parameters: Any) -> None:
    if real.in_transaction:
        real.rollback()  # as SQLite itself does
    raise sqlite3.OperationalError("disk I/O error")


def _full(real: Any, sql: str, parameters: Any) -> None:
    if real.in_transaction:
        real.rollback()
    raise sqlite3.OperationalError("database or disk is full")


def _gone(real: Any, sql: str, parameters: Any) -> None:
    import psycopg

    real.close()
    raise psycopg.OperationalError("server closed the connection unexpectedly")


def _gone_after(real: Any, sql: str, parameters: Any) -> None:
    import psycopg

    psycopg.Connection._execute_as_it_is(real, sql, *parameters)  # type: ignore[attr-defined]
    _gone(real, sql, parameters)


SQLITE: dict[str, Callable[[], Fault]] = {
    "busy": lambda: Fault(_busy),
    "broken": lambda: Fault(_broken),
    "full": lambda: Fault(_full),
    "busy, and then everything for a while": lambda: Fault(_busy, width=3),
}
POSTGRES: dict[str, Callable[[], Fault]] = {
    "gone before it": lambda: Fault(_gone),
    "gone before the answer": lambda: Fault(_gone_after),
}


@contextmanager
def watched(store: Store, fault: Fault) -> Iterator[None]:
    """The connections that the store writes over are watched."""
    if store.dialect == "sqlite":
        writer: Any = store._writers
        real, writer._connection = writer._connection, Watched(writer._connection, fault)
        yield
        writer._connection = real
        return
    import psycopg

    original = psycopg.Connection.execute
    psycopg.Connection._execute_as_it_is = original  # type: ignore[attr-defined]

    def execute(self: Any, sql: Any, *parameters: Any, **options: Any) -> Any:
        return fault.execute(self, lambda *given: original(self, *given, **options), sql, *parameters)

    psycopg.Connection.execute = execute  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        psycopg.Connection.execute = original  # type: ignore[method-assign]


def _lived(life: Life, fault: Fault) -> int:
    """Every step, with its every statement failing once before it goes through. How many failed."""
    failed = 0
    for name, act in STEPS:
        number = 0
        while True:
            number += 1 if LONG or life.store.dialect == "sqlite" else 4
            before = facts(life.store)
            fault.arm(number)
            try:
                answer = act(life)
            except BaseException as error:  # noqa: BLE001 - its kind is what is looked at
                unsaid = fault.struck == "COMMIT"  # then only the command id can tell
                fault.arm(0)
                failed += 1
                _told_the_truth(error, unknown=unsaid and life.store.dialect == "postgresql")
                assert name in SEVERAL or unsaid or facts(life.store) == before, f"half of {name} is there"
                if name == "deliver":  # what its other lines had in hand waits until the leases run out
                    life.store.act(try_at_once, now=LATE)
            else:
                fault.arm(0)
                assert lost(life.store, {name: answer}) == [], "acknowledged, and not there"
                if not fault.struck:
                    break
                failed += 1
            assert number < 2000
            if name == "deliver":
                _leases_run_out(life)
    return failed


def _told_the_truth(error: BaseException, *, unknown: bool) -> None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Unavailable), repr(error)
    assert (error.code == "commit-unanswered") == unknown, error.code


def _leases_run_out(life: Life) -> None:
    from notifications import ledger

    life.store.act(ledger.try_at_once, now=BEGAN)


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        *(("sqlite", how) for how in SQLITE),
        *(pytest.param("postgresql", how, marks=pytest.mark.postgres) for how in POSTGRES),
    ],
)
def test_any_statement_may_fail(
    request: pytest.FixtureRequest, tmp_path: Path, post: Post, kind: str, how: str
) -> None:
    copies = request.getfixturevalue("sqlite_copies" if kind == "sqlite" else "postgres_copies")
    url = copies.copy(tmp_path)
    store = Store(url)
    store.start()
    prepare(store)
    store.close()
    life = Life.begin(tmp_path, post.port, url)
    try:
        fault = {**SQLITE, **POSTGRES}[how]()
        with watched(life.store, fault):
            assert _lived(life, fault) > 15
        found = life.store.read(doctor.examine, now=LATE, has_file=life.files.has)
        assert [str(each) for each in found if each.level == "error"] == []
        told = facts(life.store)
        assert {state for _, state in told["mails"]} == {"sent"}
        copies_of = post.taken()
        assert set(copies_of) == {id_ for id_, _ in told["mails"]}
        assert all(len(set(copies)) == 1 for copies in copies_of.values())
    finally:
        life.store.close()
        post.taken()
