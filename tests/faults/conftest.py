"""What the proofs by fault share: how long they go on, a prepared bureau, a mail server, lives to end."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.faults.lives import Lives
from tests.faults.story import prepare
from tests.notifications.servers import Office, serving
from workflow import failpoints
from workflow.store import Store

LONG = os.environ.get("SHENPI_FAULTS") == "long"
"""`SHENPI_FAULTS=long python -m pytest tests/faults` goes on for hours of machine time; without it, a share."""

KEEPING = tuple(
    point
    for point in failpoints.POINTS
    if point.startswith(("backup.", "export.", "restore.", "import.", "migration."))
)
"""The points that an operator's deeds pass, and a life does not."""


@pytest.fixture(scope="session")
def prepared(sqlite_copies: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A founded bureau on SQLite in which everybody has an address; copy it, and leave it as it is."""
    folder = tmp_path_factory.mktemp("prepared")
    store = Store(sqlite_copies.copy(folder))
    store.start()
    prepare(store)
    store.close()
    (folder / "shenpi.lock").unlink(missing_ok=True)
    return folder


@pytest.fixture(scope="session")
def lives() -> Iterator[Lives]:
    """Where lives are lived and ended."""
    if sys.platform == "win32":
        pytest.skip("Windows cannot fork; the same points are passed there by the other tests")
    made = Lives()
    yield made
    made.close()


class Post:
    """A mail server in a thread of its own."""

    def __init__(self, office: Office, port: int) -> None:
        self.office = office
        self.port = port

    def taken(self) -> dict[str, list[bytes]]:
        """What it took since last asked: Message-ID to the copies."""
        found: dict[str, list[bytes]] = {}
        for each in self.office.arrived:
            found.setdefault(each["Message-ID"], []).append(each.as_bytes())
        self.office.arrived.clear()
        return found


@contextmanager
def post_office() -> Iterator[Post]:
    """A mail server that says yes, until the block ends."""
    office, ready, port = Office(), threading.Event(), 0
    loop, over = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        nonlocal port
        async with serving(office) as port:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield Post(office, port)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@pytest.fixture(scope="session")
def post() -> Iterator[Post]:
    """The mail server of all lives."""
    with post_office() as made:
        yield made


def fresh(prepared: Path, folder: Path) -> Path:
    """A new copy of the prepared bureau."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(prepared / "shenpi.db", folder / "shenpi.db")
    return folder
