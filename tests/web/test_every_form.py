"""Every form of the desk, each field wrong in every way: a sentence at the field, nothing lost, nothing recorded.

The suite tries a share of what can go wrong in each field; `SHENPI_FORMS=all` tries everything in every field.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Match
from starlette.testclient import TestClient

from api import demo
from api.main import create_app
from api.settings import NO_LIMITS, make
from api.web import ROUTERS
from tests.databases import PostgresCopies
from tests.web.conftest import NOW
from tests.web.desk import Control, Desk
from tests.web.every_form import (
    MARKUP,
    WRONG,
    WRONG_FILES,
    Found,
    Values,
    faults,
    filled,
    is_taken_wrongly,
    send,
    shape_of,
    spoilt,
    walk,
)
from tests.web.lived_in import live_in
from workflow.files import Files
from workflow.store import Store

PEOPLE = ("liuchang", "tanli", "liguodong", "chenwenjuan", "luoxiuying", "madexing", "jianghui", "admin")
"""Two clerks, a chief, two deputies, a director, the overseer and the administrator."""

EVERYTHING = os.environ.get("SHENPI_FORMS") == "all"
SHARE = 2
"""How many of the ways to go wrong the suite tries in each field, besides leaving it out and leaving it empty."""

COMES_AND_GOES = ("session", "login_failure", "known_browser", "examination")
"""What looking at pages and at the record writes."""


class Running:
    """The town behind a running desk, everybody signed in, and the way back to how it was."""

    def __init__(self, data: Path, database_url: str = "") -> None:
        self._data = data
        given = {"database_url": database_url} if database_url else {}
        self.app = create_app(
            make(data=data, mailbox=True, upload_megabytes=1, limits=NO_LIMITS, **given),
            clock=lambda: NOW,
            beating=False,
        )
        self.desks: dict[str, Desk] = {}
        self._tokens: dict[str, str] = {}

    def sign_in(self) -> None:
        """Everybody sits down; what is so now can be come back to."""
        for who in PEOPLE:
            desk = self.desks[who] = Desk(
                TestClient(self.app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))
            )
            desk.open("/sign-in")
            page = desk.send("/sign-in", staff_number=who, password=demo.PASSWORD)
            self._tokens[who] = page.form("/sign-out").values["csrf"]
        self._cookies = {who: dict(desk.client.cookies) for who, desk in self.desks.items()}

    def forms(self) -> list[Found]:
        """Each form once, as whoever found the most in it found it."""
        found: dict[Any, Found] = {}
        for who, desk in self.desks.items():
            for each in walk(who, desk):
                known = found.setdefault(each.signature, each)
                if len("".join(known.form.values.values())) < len("".join(each.form.values.values())):
                    found[each.signature] = each
        return sorted(found.values(), key=lambda each: each.name)

    def send(self, found: Found, values: Values) -> Any:
        """Whoever found it sends it, perhaps at another desk of theirs."""
        own = [(name, self._tokens[found.who] if name == "csrf" else value) for name, value in values]
        return send(self.desks[found.who], found.form, own)

    def keep(self) -> None:
        """Remember how everything is now."""
        with closing(sqlite3.connect(self._data / "shenpi.db")) as live, closing(self._kept()) as kept:
            live.backup(kept)
        self._looking = sqlite3.connect(self._data / "shenpi.db", isolation_level=None)
        tables = self._looking.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        counted = [name for (name,) in tables if name not in COMES_AND_GOES]
        self._all = " UNION ALL ".join(
            ["SELECT sum(seq) FROM project", "SELECT seq FROM administration"]
            + [f"SELECT count(*) FROM {name}" for name in counted]
        )

    def state(self) -> list[Any]:
        """How long every record is, and how much there is of everything."""
        return self._looking.execute(self._all).fetchall()

    def restore(self, who: str) -> None:
        """Everything is as it was, and whoever has been signed out is not."""
        with closing(self._kept()) as kept, closing(sqlite3.connect(self._data / "shenpi.db")) as live:
            kept.backup(live)
        client = self.desks[who].client
        client.cookies.clear()
        client.cookies.update(self._cookies[who])

    def _kept(self) -> sqlite3.Connection:
        return sqlite3.connect(self._data / "kept.db")


@contextmanager
def running(data: Path, database_url: str = "") -> Iterator[Running]:
    """The town, founded, lived in and open."""
    data.chmod(0o700)
    store = Store(database_url or f"sqlite:///{data / 'shenpi.db'}")
    store.start()
    live_in(store, Files(data / "documents"))
    store.close()
    town = Running(data, database_url)
    with TestClient(town.app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000)):
        town.sign_in()
        yield town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("town")) as found:
        found.keep()
        yield found


@pytest.fixture(scope="module")
def forms(town: Running) -> list[Found]:
    return town.forms()


ELSEWHERE = {
    "/sign-in": "tests/web/test_forms_resuming.py",
    "/projects/import/confirm": "tests/web/test_intake.py",
    "/sessions/end": "tests/web/test_sessions.py: it takes two browsers",
    "/sessions/end-others": "tests/web/test_sessions.py: as above",
    "/admin/mail/test": "tests/web/test_admin_house.py: there is no mail server in the demo",
    "/admin/mail/again": "tests/web/test_admin_house.py: no mail has failed in the demo",
}
"""Forms that no link leads to, and who tries them."""


def test_every_address_that_takes_a_form_is_found(forms: list[Found]) -> None:
    taking = {r.path: r for router in ROUTERS for r in router.routes if "POST" in getattr(r, "methods", ())}
    tried = {
        path
        for found in forms
        for path, route in taking.items()
        if found.form.method == "post" and _matches(route, found.form.action)
    }

    assert set(taking) - tried == set(ELSEWHERE)


def _matches(route: Any, address: str) -> bool:
    path = address.partition("?")[0]
    scope = {"type": "http", "method": "POST", "path": path, "root_path": "", "headers": []}
    return route.matches(scope)[0] is Match.FULL


NOT_ALLOWED = {
    "/admin/units/{}/disable": "it has units below it",
    "/projects/import": "no workbook of ours is at hand",
}
"""What is refused however it is filled in."""


def test_every_form_that_is_filled_in_rightly_is_taken(town: Running, forms: list[Found]) -> None:
    refused = {}
    for found in forms:
        answer = town.send(found, filled(found.form))
        if answer.status_code >= 400:
            refused[shape_of(found.form.action)] = answer.text
        town.restore(found.who)

    assert set(refused) == set(NOT_ALLOWED)


def test_nothing_wrong_in_a_field_is_taken_lost_or_left_unsaid(town: Running, forms: list[Found]) -> None:
    before, wrong, cases = town.state(), [], 0
    for found in forms:
        for control in found.controls:
            for way in ways(found, control, cases):
                cases += 1
                wrong += [
                    f"{found.name}: {control.name} ({way}): {each}"
                    for each in tried(town, found, control, way, before)
                ]

    assert cases > 800
    assert not wrong, "\n".join(wrong)


def ways(found: Found, control: Control, turn: int) -> list[str]:
    """In which ways this field goes wrong: all of them, or those whose turn it is."""
    if control.kind == "file":
        reads_text = "text" in found.form.fields
        return [each for each in WRONG_FILES if not (reads_text and each == "cut off")]
    if control.kind == "button":
        return ["missing"]
    others = [each for each in WRONG if each not in {"missing", "empty"}]
    share = [others[(turn + each * 7) % len(others)] for each in range(SHARE)]
    return list(WRONG) if EVERYTHING else ["missing", "empty", *share]


def tried(town: Running, found: Found, control: Control, way: str, before: list[Any]) -> Iterator[str]:
    """What is wrong with the answer to the form with that field wrong in that way."""
    if found.form.method == "get" and way.startswith("100,000"):
        return  # longer than any address
    sent = spoilt(filled(found.form), control, way)
    answer = town.send(found, sent)
    if answer.status_code >= 500:
        yield str(answer.status_code)
    elif MARKUP in answer.text:
        yield "markup came back as markup"
    elif found.form.method == "post" and answer.status_code >= 400:
        yield from faults(answer, found, control, sent)
        if town.state() != before:
            yield "refused, and yet recorded"
    elif found.form.method == "post" and answer.status_code == 303 and is_taken_wrongly(control, way):
        yield "taken"
    guesses = control.kind == "password"  # of which nobody has more than five
    if found.form.method == "post" and (answer.status_code < 400 or guesses):
        town.restore(found.who)


@pytest.mark.postgres
def test_no_field_makes_postgresql_fail(
    tmp_path: Path, postgres_copies: PostgresCopies, forms: list[Found]
) -> None:
    """What one database takes and the other cannot hold: a NUL, figures that are no number of ours."""
    with running(tmp_path, postgres_copies.empty(tmp_path)) as town:
        failed = [
            f"{found.name}: {control.name} ({way})"
            for found in forms
            for control in found.controls
            if control.kind not in {"file", "button", "password"}
            for way in ("a NUL", "15 digits")
            if town.send(found, spoilt(filled(found.form), control, way)).status_code >= 500
        ]

    assert failed == []
