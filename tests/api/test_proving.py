"""What would let whoever finds an administrator signed in take over others needs their password once more."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.api.office import PASSWORD, Office, Seat

OWN = "he-liu-jing-guo-shan"
PAGE = {"Accept": "text/html"}
FORMS: dict[str, dict[str, Any]] = {
    "posts/grant": {"key": "section_chief", "title": "股长"},
    "change": {"name": "谭丽", "email": "elsewhere@mz.example"},
    "password": {"password": OWN},
    "delegations": {"starts_on": "2026-09-01", "ends_on": "2026-09-02", "reason": "住院"},
}


def send(office: Office, seat: Seat, form: str, **more: Any) -> httpx2.Response:
    given = {"csrf": seat.csrf, **FORMS[form], **more}
    if form == "posts/grant":
        given["organisation"] = office.world.organisations["规划财务股"]
    tanli = office.world.people["谭丽"]
    if form == "delegations":
        given |= {"principal": office.world.people["杨帆"], "agent": tanli}
        return seat.post("/admin/delegations", data=given, headers=PAGE)
    return seat.post(f"/admin/people/{tanli}/{form}", data=given, headers=PAGE)


def recorded(office: Office) -> Any:
    return office.world.rows("SELECT max(id) FROM event")


@pytest.mark.parametrize("form", FORMS)
def test_a_form_asks_for_it_and_keeps_what_was_typed(office: Office, form: str) -> None:
    gu = office.seat("顾明")
    office.pass_time(minutes=6)
    before = recorded(office)

    asked = send(office, gu, form)
    wrong = send(office, gu, form, current="not the password")

    assert (asked.status_code, wrong.status_code) == (403, 422)
    for page, words in ((asked, "登录已超过5分钟"), (wrong, "您的密码不正确")):
        assert words in page.text
        assert 'type="password"' in page.text
        assert list(FORMS[form].values())[-1] in page.text
        assert "not the password" not in page.text
    assert recorded(office) == before

    assert send(office, gu, form, current=PASSWORD).status_code == 303
    assert recorded(office) > before


def test_once_typed_it_counts_for_five_minutes_in_that_session(office: Office) -> None:
    gu, elsewhere = office.seat("顾明"), office.seat("顾明")
    office.pass_time(minutes=6)
    assert send(office, gu, "change", current=PASSWORD).status_code == 303

    office.pass_time(minutes=5)
    assert send(office, gu, "posts/grant").status_code == 303
    assert send(office, elsewhere, "password").status_code == 403
    office.pass_time(seconds=1)
    assert send(office, gu, "password").status_code == 403


def test_just_signed_in_nobody_is_asked_and_for_other_changes_never(office: Office) -> None:
    gu = office.seat("顾明")
    assert send(office, gu, "posts/grant").status_code == 303
    office.pass_time(minutes=20)

    assert send(office, gu, "change", name="谭丽丽", email="").status_code == 303
    assert gu.post(f"/admin/people/{office.world.people['谭丽']}/disable", data={"csrf": gu.csrf}, headers=PAGE).status_code == 303  # fmt: skip


def test_it_cannot_be_guessed_here(office: Office) -> None:
    gu = office.seat("顾明")
    office.pass_time(minutes=6)

    found = [send(office, gu, "change", current=f"guess number {each}").status_code for each in range(6)]

    assert found == [422] * 5 + [429]


def test_a_program_signs_in_again(office: Office) -> None:
    gu, tanli = office.seat("顾明"), office.world.people["谭丽"]
    office.pass_time(minutes=6)
    post = {"organisation": office.world.organisations["规划财务股"], "key": "section_chief"}

    acting = {
        "principal": office.world.people["杨帆"], "agent": tanli,
        "starts_on": "2026-09-01", "ends_on": "2026-09-02", "reason": "住院",
    }  # fmt: skip

    refused = [
        gu.ask("PATCH", f"/api/people/{tanli}", json={"password": OWN}),
        gu.ask("PATCH", f"/api/people/{tanli}", json={"email": "elsewhere@mz.example"}),
        gu.post(f"/api/people/{tanli}/posts", json=post),
        gu.post("/api/delegations", json=acting),
    ]
    assert [(each.status_code, each.json()["code"]) for each in refused] == [(403, "password-again")] * 4
    assert gu.ask("PATCH", f"/api/people/{tanli}", json={"name": "谭丽丽"}).status_code == 200

    gu.sign_in("顾明")
    assert gu.post(f"/api/people/{tanli}/posts", json=post).status_code == 201
