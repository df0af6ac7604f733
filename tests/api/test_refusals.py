"""Who was refused what stands in the log: whom, where and why, so much a minute at most, and nothing that was typed."""

from __future__ import annotations

import pytest

from tests.api.office import HERE, NUMBERS, PASSWORD, Office, Seat

CANARY = "Kanarienvogel-7"
PAGE = {"Accept": "text/html"}


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "shenpi.refusals"]


@pytest.fixture(autouse=True)
def _heard(caplog: pytest.LogCaptureFixture) -> None:
    """As `shenpi serve` sets it."""
    caplog.set_level("INFO", "shenpi")


def test_a_stranger_leaves_an_address_and_what_was_tried(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Seat(office)
    stranger.get("/api/projects")
    stranger.sign_in("谭丽", "not her password at all")
    stranger.get("/", headers={"Host": "evil.test"})
    stranger.post("/api/delegations", headers={"Sec-Fetch-Site": "cross-site"}, json={})

    assert lines(caplog) == [
        "401 not-signed-in: GET /api/projects by 127.0.0.1",
        "401 sign-in-failed: POST /api/session by 127.0.0.1",
        "403 host-not-allowed: GET - by 127.0.0.1",
        "403 cross-site: POST - by 127.0.0.1",
    ]


def test_a_person_leaves_a_number_and_which_project_it_was_about(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    hall = office.project()
    liuchang, number = office.seat("刘畅"), office.world.people["刘畅"]
    liuchang.get(f"/api/projects/{hall.ref}")
    liuchang.get(f"/projects/{hall.ref}", headers=PAGE)
    liuchang.get("/admin/people", headers=PAGE)
    liuchang.csrf = "stolen"
    liuchang.post("/phrases", data={"text": "同意"}, headers=PAGE)

    assert lines(caplog) == [
        f"404 project-not-found: GET /api/projects/{{ref}} by person {number} of {hall.ref}",
        f"404 project-not-found: GET /projects/{{ref}} by person {number} of {hall.ref}",
        f"403 not-an-administrator: GET /admin/people by person {number}",
        f"403 csrf-token-wrong: POST /phrases by person {number}",
    ]


def test_a_form_that_is_shown_again_counts_as_refused(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    tanli = office.seat("谭丽")
    tanli.post(
        "/password", data={"csrf": tanli.csrf, "current": CANARY, "password": CANARY}, headers=PAGE
    )  # fmt: skip

    assert lines(caplog) == [f"422 password-wrong: POST /password by person {office.world.people['谭丽']}"]


def test_nothing_typed_and_no_secret_is_in_it(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    stranger, tanli = Seat(office), office.seat("谭丽")
    everywhere = {"User-Agent": CANARY, "Referer": f"{HERE}/{CANARY}", "X-Forwarded-For": CANARY}
    stranger.sign_in(CANARY, CANARY)
    stranger.post("/sign-in", data={"staff_number": CANARY, "password": CANARY}, headers=PAGE)
    for path in (
        f"/calendar/{CANARY}.ics",
        f"/projects/{CANARY}{CANARY}{CANARY}",
        f"/{CANARY}",
        f"/projects?text={CANARY}",
        f"/static/{CANARY}",
        f"/sign-in?next={CANARY}",
    ):
        for seat in (stranger, tanli):
            seat.get(path, headers={**everywhere, "Host": CANARY})
            seat.get(path, headers={**everywhere, "Cookie": f"sid={CANARY}; {CANARY}={CANARY}"})
            seat.get(path, headers=everywhere)
            seat.post(path, headers=everywhere, data={CANARY: CANARY})
    tanli.post("/api/delegations", json={CANARY: CANARY}, headers={"X-CSRF-Token": CANARY, **everywhere})
    tanli.post("/api/delegations", json={CANARY: CANARY}, headers=everywhere)

    assert len(lines(caplog)) > 30
    assert CANARY not in caplog.text
    for secret in (PASSWORD, tanli.csrf, *tanli.cookies.values(), NUMBERS["谭丽"] + " "):
        assert secret not in caplog.text


def test_nobody_fills_the_disk_with_it(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    tanli = office.seat("谭丽")
    for _ in range(150):
        office.client.get("/api/projects", headers={"Cookie": ""})
        tanli.get("/api/projects/none")
    assert len(lines(caplog)) == 2 * 120

    office.pass_time(minutes=1)
    tanli.get("/api/projects/none")
    assert len(lines(caplog)) == 2 * 120 + 1
