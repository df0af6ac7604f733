"""A password that somebody else has set: it opens nothing but the way to one's own."""

from __future__ import annotations

from tests.api.office import PASSWORD, Office, Seat

FIRST, OWN = "kan-jian-yi-zuo-qiao", "he-liu-jing-guo-shan"


def test_what_an_administrator_has_set_is_changed_before_anything_else(office: Office) -> None:
    office.seat("顾明").ask("PATCH", f"/api/people/{office.world.people['谭丽']}", json={"password": FIRST})
    seat = Seat(office)

    assert seat.sign_in("谭丽", FIRST).status_code == 201
    assert seat.get("/api/session").json()["must_change_password"] is True
    refused = seat.get("/api/projects")
    assert (refused.status_code, refused.json()["code"]) == (403, "password-given")
    assert seat.get("/", headers={"Accept": "text/html"}).headers["location"] == "/password"

    same = seat.ask("PUT", "/api/session/password", json={"current": FIRST, "password": FIRST})
    assert (same.status_code, same.json()["code"]) == (422, "password-same")
    seat.ask("PUT", "/api/session/password", json={"current": FIRST, "password": OWN})

    assert seat.sign_in("谭丽", OWN).status_code == 201
    assert seat.get("/api/session").json()["must_change_password"] is False
    assert seat.get("/api/projects").status_code == 200


def test_a_new_person_chooses_a_password_at_the_first_sign_in(office: Office) -> None:
    body = {"name": "何静", "staff_number": "S50", "password": FIRST}
    office.seat("顾明").post("/api/people", json=body)
    seat = Seat(office)
    seat.sign_in("S50", FIRST)

    assert seat.get("/api/projects").json()["code"] == "password-given"


def test_whoever_has_a_given_password_can_still_leave(office: Office) -> None:
    office.seat("顾明").ask("PATCH", f"/api/people/{office.world.people['谭丽']}", json={"password": FIRST})
    seat = Seat(office)
    seat.sign_in("谭丽", FIRST)

    assert seat.ask("DELETE", "/api/session").status_code == 200
    assert seat.get("/api/session").status_code == 401


def test_an_administrator_who_changes_their_own_is_asked_no_more(office: Office) -> None:
    seat = office.seat("顾明")
    seat.ask("PUT", "/api/session/password", json={"current": PASSWORD, "password": OWN})

    seat.sign_in("顾明", OWN)

    assert seat.get("/api/people").status_code == 200
