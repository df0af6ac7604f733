"""The invented city behind a running desk, for every test its own copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

import api.models  # noqa: F401 - as above
import notifications.models  # noqa: F401 - its tables are made with the others
from api import demo, passwords
from api.main import create_app
from api.settings import NO_LIMITS, Settings, make
from tests.benchmarks import crowd
from tests.databases import Databases, as_owner
from tests.web.desk import Desk
from tests.web.many import Many
from workflow.files import Files
from workflow.store import Store

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

SignIn = Callable[..., Desk]


class City:
    """The running desk of the demo's city: its projects by their letters."""

    def __init__(self, data: Path, url: str, projects: dict[str, str], people: dict[str, int]) -> None:
        self.data = data
        self.url = url
        self.projects = projects
        self.people = people

    def settings(self, **given: Any) -> Settings:
        """What its desk runs by."""
        return make(data=self.data, database_url=self.url, **{"limits": NO_LIMITS, **given})

    def execute(self, sql: str, **parameters: Any) -> list[Any]:
        """The owner of the database reads it, or writes past the product."""
        with as_owner(self.url) as connection:
            done = connection.execute(text(sql), parameters)
            return list(done) if done.returns_rows else []


@pytest.fixture(scope="session")
def founded(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> City:
    """The city, built once."""
    data = tmp_path_factory.mktemp("city")
    data.chmod(0o700)
    store = Store(databases.empty(data))
    store.start()
    numbers = count(1)
    world = demo.build(
        store,
        Files(data / "documents"),
        now=NOW,
        password_hash=passwords.hash_password(demo.PASSWORD),
        new_ref=lambda: f"project-{next(numbers)}",
    )
    store.close()
    return City(data, store.url, world.projects, world.people)


@pytest.fixture
def city(founded: City, databases: Databases, tmp_path: Path) -> City:
    """A copy of it that may be changed."""
    data = tmp_path / "data"
    shutil.copytree(founded.data, data)
    data.chmod(0o700)
    return City(data, databases.clone(founded.url, data), founded.projects, founded.people)


@pytest.fixture
def sign_in(city: City) -> Iterator[SignIn]:
    """Lets people sign in at the running desk, by their staff numbers.

    Everybody's requests run on its one loop: what a request leaves running there goes on, as in the service.
    """
    app = create_app(city.settings(mailbox=True), clock=lambda: NOW, beating=False)
    with TestClient(app) as running:

        def enter(staff_number: str, password: str = demo.PASSWORD) -> Desk:
            client = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))
            client.portal = running.portal
            desk = Desk(client)
            desk.open("/sign-in")
            page = desk.send("/sign-in", staff_number=staff_number, password=password)
            assert page.status == 200, page.words
            return desk

        yield enter


@pytest.fixture(scope="session")
def many(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    """Three bureaus with many projects, built once and only looked at."""
    folder = tmp_path_factory.mktemp("crowd")
    store = Store(databases.empty(folder))
    store.start()
    people = crowd.build(store, Files(folder / "documents"), now=NOW, projects=120, bureaus=3)
    yield Many(store, people)
    store.close()
