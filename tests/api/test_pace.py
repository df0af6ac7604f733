"""Limits of pace: no hands ever meet them, a script that runs wild does, and nobody else notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api.pace import MOST_KEPT, Pace
from api.settings import Limits
from tests import papers
from tests.api.office import Office, Seat, open_office
from tests.databases import Databases
from tests.world import BEGIN, at
from workflow.actions.people import change_person
from workflow.people import SYSTEM

LIMITS = {"pages_per_minute": 6, "changes_per_minute": 4, "uploads_per_hour": 3, "exports_per_hour": 2, "strangers_per_minute": 8}  # fmt: skip


@pytest.fixture
def office(bureaus: Databases, tmp_path: Path) -> Iterator[Office]:
    """The bureau with limits that a story can reach."""
    with open_office(bureaus, tmp_path, limits=LIMITS) as made:
        yield made


def statuses(seat: Seat, number: int, method: str = "GET", path: str = "/api/session") -> list[int]:
    return [seat.ask(method, path, json=None if method == "GET" else {}).status_code for _ in range(number)]


def test_who_asks_too_fast_is_told_when_to_come_back_and_then_may(office: Office) -> None:
    seat = office.seat("谭丽")

    assert statuses(seat, 6) == [200] * 6
    refused = seat.get("/api/session")
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
    assert refused.json()["detail"] == "请求过于频繁，这一次没有受理。请在10秒后再试。"
    assert refused.headers["retry-after"] == "10"

    office.pass_time(seconds=9)
    assert statuses(seat, 1) == [429]
    office.pass_time(seconds=1)
    assert statuses(seat, 2) == [200, 429]
    office.pass_time(minutes=1)
    assert statuses(seat, 7) == [200] * 6 + [429]


def test_nobody_waits_for_what_another_did_nor_for_another_kind(office: Office) -> None:
    wild, calm = office.seat("谭丽"), office.seat("杨帆")

    assert statuses(wild, 7)[-1] == 429
    assert statuses(calm, 1) == [200]
    assert statuses(wild, 5, "POST", "/api/delegations") == [422] * 4 + [429]
    assert [wild.post("/api/files", files={"file": ("a.pdf", papers.pdf())}).status_code for _ in range(4)] == [201] * 3 + [429]  # fmt: skip
    assert statuses(wild, 3, path="/projects/print.pdf") == [200, 200, 429]


def test_a_refused_change_has_no_effect(office: Office) -> None:
    seat = office.seat("谭丽")
    statuses(seat, 4, "POST", "/api/delegations")
    before = office.world.rows("SELECT count(*) FROM event")

    assert statuses(seat, 1, "DELETE") == [429]
    assert statuses(seat, 1) == [200]
    assert office.world.rows("SELECT count(*) FROM event") == before


def test_a_page_refused_for_its_pace_gives_back_what_was_typed(office: Office) -> None:
    seat = office.seat("谭丽")
    statuses(seat, 4, "POST", "/api/delegations")
    token, seat.csrf = seat.csrf, ""

    answer = seat.post(
        "/phrases",
        data={"csrf": token, "text": "材料齐全，同意上报。"},
        headers={"Accept": "text/html", "Origin": "http://127.0.0.1:8000"},
    )

    assert answer.status_code == 429
    assert "请求过于频繁" in answer.text
    assert 'value="材料齐全，同意上报。"' in answer.text


def test_strangers_of_one_address_wait_and_whoever_is_signed_in_does_not(office: Office) -> None:
    seat = office.seat("谭丽")

    assert statuses(Seat(office), 8) == [401] * 7 + [429]
    assert Seat(office).sign_in("杨帆").status_code == 429
    assert statuses(seat, 1) == [200]


def test_another_session_of_the_same_person_has_a_pace_of_its_own(office: Office) -> None:
    """A wild script of mine must not keep me from ending it."""
    assert statuses(office.seat("谭丽"), 7)[-1] == 429
    assert statuses(office.seat("谭丽"), 1) == [200]


def test_limits_may_be_lifted() -> None:
    pace = Pace(Limits(pages_per_minute=0))

    assert {pace.wait("page", "谭丽", at(BEGIN)) for _ in range(10_000)} == {0}


def test_a_clock_that_is_put_back_keeps_nobody_out() -> None:
    pace, later = Pace(Limits(pages_per_minute=5)), at(BEGIN)

    assert [pace.wait("page", "谭丽", later) for _ in range(6)] == [0] * 5 + [12]
    assert pace.wait("page", "谭丽", later - timedelta(days=1)) == 0


def test_a_flood_of_addresses_fills_no_memory() -> None:
    pace = Pace(Limits())

    for number in range(MOST_KEPT + 10):
        pace.wait("stranger", str(number), at(BEGIN))

    assert len(pace._held_until) <= MOST_KEPT


@pytest.mark.parametrize(
    ("kind", "acts", "seconds_between"),
    [
        ("change", 50, 0.6),  # a list cleared with the keyboard, as fast as anybody reads a title
        ("upload", 60, 2.0),  # a thick dossier, scan by scan
        ("page", 300, 0.5),  # leafing through everything
        ("stranger", 6 * 150, 60 / 900),  # a whole office behind one address signs in within a minute
    ],
)
def test_no_day_at_the_office_meets_a_limit(kind: str, acts: int, seconds_between: float) -> None:
    pace = Pace(Limits())

    assert not any(
        pace.wait(kind, "谭丽", at(BEGIN) + timedelta(seconds=each * seconds_between)) for each in range(acts)
    )


def test_a_disabled_person_is_a_stranger(office: Office) -> None:
    seat = office.seat("谭丽")
    office.world.store.act(
        change_person, person=office.world.people["谭丽"], active=False, actor=SYSTEM, now=office.world.now
    )

    assert statuses(seat, 8) == [401] * 7 + [429]
