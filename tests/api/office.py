"""The bureau of the stories behind its HTTP interface: everybody has a seat, and asks as a browser would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx2
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.main import create_app
from api.passwords import hash_password
from api.settings import NO_LIMITS, Settings, make
from tests.databases import Copies, Databases
from tests.world import BEGIN, PEOPLE, Dossier, World, at
from workflow.actions import people
from workflow.people import SYSTEM
from workflow.store import Store

PASSWORD = "correct horse battery staple"
HERE = "http://127.0.0.1:8000"
NUMBERS = {name: f"S{number}" for number, name in enumerate(PEOPLE, 1)}


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


class Office:
    """The running application, the world behind it, and a clock that moves only when a story says so."""

    def __init__(self, client: TestClient, settings: Settings) -> None:
        self.client = client
        self.settings = settings
        self.app = cast("FastAPI", client.app)
        self.world = World(self.app.state.door.store)
        self.app.state.clock = lambda: self.world.now

    def pass_time(self, **amount: int) -> None:
        """Time goes by."""
        self.world.now += timedelta(**amount)

    def seat(self, name: str = "") -> Seat:
        """A browser; with a name, that person has signed in there."""
        seat = Seat(self)
        if name:
            answer = seat.sign_in(name)
            assert answer.status_code == 201, answer.text
        return seat

    def registration(self, title: str, **details: Any) -> dict[str, Any]:
        """What registers a project of 谭丽's over the interface."""
        return {
            "digest": self.world.digests["hall"],
            "title": title,
            "organisation": self.world.organisations["规划财务股"],
            "clerk": self.world.people["谭丽"],
            **details,
        }

    def project(self, type_: str = "hall", **facts: Any) -> Dossier:
        """A project of that type, registered over HTTP by 谭丽."""
        body = {
            "digest": self.world.digests[type_],
            "title": "云河县便民服务点",
            "organisation": self.world.organisations["规划财务股"],
            "clerk": self.world.people["谭丽"],
            "facts": facts,
            "same_name": True,
        }
        answer = self.seat("谭丽").post("/api/projects", json=body)
        assert answer.status_code == 201, answer.text
        return Dossier(self.world, answer.json()["ref"])


class Seat:
    """One browser: it keeps its cookie, and sends the session's token with every change."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx2.Response:
        """Somebody signs in by name, or by what they type as staff number."""
        body = {"staff_number": NUMBERS.get(name, name), "password": password}
        answer = self.post("/api/session", json=body)
        self.csrf = answer.json().get("csrf", "")
        return answer

    def get(self, path: str, **details: Any) -> httpx2.Response:
        return self.ask("GET", path, **details)

    def post(self, path: str, **details: Any) -> httpx2.Response:
        return self.ask("POST", path, **details)

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **details: Any
    ) -> httpx2.Response:
        sent = {"X-CSRF-Token": self.csrf} if self.csrf and method != "GET" else {}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        client = self.office.client
        client.cookies.clear()
        answer = client.request(method, path, headers={**sent, **(headers or {})}, **details)
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        return answer


def give_passwords(store: Store) -> None:
    """Everybody gets the same password."""
    for (person,) in store.read(lambda connection: connection.exec_driver_sql("SELECT id FROM person").all()):
        store.act(
            people.change_person, person=person, password_hash=password_hash(), actor=SYSTEM, now=at(BEGIN)
        )


class PasswordCopies:
    """Copies of the founded bureau in which everybody can sign in, made once per session."""

    def __init__(self, copies: Databases, folder: Path) -> None:
        self._copies = copies
        self._template = copies.copy(folder)
        store = Store(self._template)
        store.start()
        give_passwords(store)
        store.close()

    def copy(self, folder: Path) -> str:
        """The URL of a new copy."""
        return self._copies.clone(self._template, folder)


@contextmanager
def open_office(copies: Copies, folder: Path, base_url: str = HERE, **settings: Any) -> Iterator[Office]:
    """A founded bureau of one's own, its application running without a metronome."""
    made = make(data=folder, database_url=copies.copy(folder), **{"limits": NO_LIMITS, **settings})
    app = create_app(made, lambda: at(BEGIN), beating=False)
    address = ("127.0.0.1", 50000)
    with TestClient(app, base_url=base_url, client=address, follow_redirects=False) as client:
        yield Office(client, made)
