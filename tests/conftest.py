"""What every test shares: no deadline on a busy machine, and a browser, or a skip that says why not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import dev
from tests.databases import Databases, PostgresCopies, SQLiteCopies, postgres_server
from tests.world import World
from workflow.store import Store

settings.register_profile("house", parent=settings(), deadline=None)
settings.load_profile("house")

BROWSER = dev.find_browser()

ON_POSTGRES = os.environ.get("SHENPI_TEST_ON") == "postgresql"
"""`SHENPI_TEST_ON=postgresql` tells on PostgreSQL what is otherwise told on SQLite alone: pages, mail, the interface."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A browser story finds its browser in SHENPI_BROWSER, whoever has started pytest."""
    if item.get_closest_marker("browser") is None:
        return
    if BROWSER is None:
        pytest.skip("no browser: install Chromium, Chrome or Edge, or name one in SHENPI_BROWSER")
    os.environ["SHENPI_BROWSER"] = BROWSER


@pytest.fixture(scope="session")
def sqlite_copies(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """The founded bureau on SQLite."""
    return SQLiteCopies(tmp_path_factory.mktemp("founded"))


@pytest.fixture(scope="session")
def postgres_copies() -> Iterator[Databases]:
    """The founded bureau on PostgreSQL; each worker of a parallel run has a server of its own."""
    with postgres_server() as url, PostgresCopies(url) as copies:
        yield copies


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    """Where a story happens that is told on one database only."""
    copies: Databases = request.getfixturevalue("postgres_copies" if ON_POSTGRES else "sqlite_copies")
    return copies


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A founded bureau of one's own, on each database."""
    name = "sqlite_copies" if request.param == "sqlite" else "postgres_copies"
    copies: Databases = request.getfixturevalue(name)
    return copies.copy(tmp_path)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """The store of that bureau, open."""
    made = Store(database_url)
    made.start()
    yield made
    made.close()


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    """The bureau of the stories; when a story has ended, every invariant must hold."""
    made = World(store)
    yield made
    made.prove()


@pytest.fixture
def unproved(store: Store) -> World:
    """The bureau of stories that leave it broken on purpose."""
    return World(store)
