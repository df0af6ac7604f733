"""Signing in: who gets in, how long it lasts, and what a wrong password costs."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from api.passwords import needs_rehash
from api.sessions import Attempt, begin_attempt, key_of
from tests.api.office import HERE, PASSWORD, Office, Seat, open_office
from tests.databases import Copies
from tests.stories.test_races import at_once
from tests.world import World
from workflow.actions import people
from workflow.people import SYSTEM


def test_tan_li_signs_in_and_sees_who_she_is(office: Office) -> None:
    seat = office.seat("谭丽")

    me = seat.get("/api/session").json()

    assert (me["name"], me["posts"][0]["title"], me["administrator"]) == ("谭丽", "经办", False)
    assert me["csrf"] == seat.csrf


def test_without_signing_in_nothing_is_shown(office: Office) -> None:
    answer = Seat(office).get("/api/projects")

    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


def test_an_open_page_keeps_nobody_signed_in(office: Office) -> None:
    seat = office.seat("谭丽")
    for _ in range(4):
        office.pass_time(minutes=office.settings.idle_minutes // 3)
        answer = seat.get("/", headers={"Accept": "text/html", "X-Watching": "1"}, follow_redirects=False)

    assert answer.status_code == 303


def test_whoever_works_stays_signed_in(office: Office) -> None:
    seat = office.seat("谭丽")
    for _ in range(4):
        office.pass_time(minutes=office.settings.idle_minutes // 3)
        answer = seat.get("/", headers={"Accept": "text/html"}, follow_redirects=False)

    assert answer.status_code == 200


def test_signing_out_ends_the_session_for_good(office: Office) -> None:
    seat = office.seat("谭丽")
    cookies = dict(seat.cookies)

    assert seat.ask("DELETE", "/api/session").status_code == 200

    seat.cookies = cookies
    assert seat.get("/api/session").status_code == 401


def test_the_database_holds_no_token_that_could_be_used(office: Office) -> None:
    seat = office.seat("谭丽")

    token = seat.cookies["sid"]
    kept = [row[0] for row in office.world.rows("SELECT id FROM session")]

    assert kept == [sha256(token.encode()).hexdigest()]
    assert len(token) >= 43  # 256 bits


def test_a_token_chosen_by_somebody_else_is_never_adopted(office: Office) -> None:
    seat = Seat(office)
    seat.cookies["sid"] = "chosen-by-an-attacker"

    seat.sign_in("谭丽")

    assert seat.cookies["sid"] != "chosen-by-an-attacker"


def test_signing_in_again_ends_the_earlier_session_of_that_browser(office: Office) -> None:
    seat = office.seat("谭丽")
    earlier = dict(seat.cookies)

    seat.sign_in("杨帆")

    assert seat.get("/api/session").json()["name"] == "杨帆"
    seat.cookies = earlier
    assert seat.get("/api/session").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    kept = Seat(office).sign_in("谭丽").headers["set-cookie"]

    assert kept.startswith("sid=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(kept.split("; "))


def test_over_tls_the_cookie_is_bound_to_the_host(bureaus: Copies, tmp_path: Path) -> None:
    with open_office(bureaus, tmp_path, "https://127.0.0.1:8000") as office:
        answer = Seat(office).sign_in("谭丽")

    assert answer.headers["set-cookie"].startswith("__Host-sid=")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_over_plain_http_from_another_machine_nobody_signs_in(office: Office) -> None:
    office.client._transport.client = ("192.168.1.20", 40000)  # type: ignore[attr-defined]

    answer = Seat(office).sign_in("谭丽")

    assert (answer.status_code, answer.json()["code"]) == (403, "tls-required")


# How long it lasts


def test_a_session_ends_after_half_an_hour_without_use(office: Office) -> None:
    seat = office.seat("谭丽")
    for _ in range(3):
        office.pass_time(minutes=29)
        assert seat.get("/api/session").status_code == 200

    office.pass_time(minutes=32)

    assert seat.get("/api/session").status_code == 401


def test_a_session_ends_after_ten_hours_however_busy(office: Office) -> None:
    seat = office.seat("谭丽")
    for _ in range(24):
        office.pass_time(minutes=25)
        assert seat.get("/api/session").status_code == 200

    office.pass_time(minutes=1)

    assert seat.get("/api/session").status_code == 401


def test_disabling_an_account_ends_its_sessions_at_once(office: Office) -> None:
    seat, admin = office.seat("谭丽"), office.seat("顾明")

    answer = admin.ask("PATCH", f"/api/people/{office.world.people['谭丽']}", json={"active": False})

    assert answer.status_code == 200
    assert seat.get("/api/session").status_code == 401
    assert seat.sign_in("谭丽").json()["code"] == "sign-in-failed"


def test_a_session_does_not_outlive_its_account_however_that_was_disabled(office: Office) -> None:
    """By the bare action, which knows of no sessions."""
    seat = office.seat("谭丽")

    office.world.do(people.change_person, "顾明", person=office.world.people["谭丽"], active=False)

    assert seat.get("/api/session").status_code == 401


def test_another_post_ends_the_sessions_of_that_person(office: Office) -> None:
    seat = office.seat("谭丽")

    office.world.store.act(
        people.grant_post,
        person=office.world.people["谭丽"],
        organisation=office.world.organisations["养老服务股"],
        key="clerk",
        actor=SYSTEM,
        now=office.world.now,
    )

    assert seat.get("/api/session").status_code == 401


def test_a_new_password_ends_every_session_and_the_old_one_opens_nothing(office: Office) -> None:
    here, elsewhere = office.seat("谭丽"), office.seat("谭丽")
    new = "a sentence nobody guesses"

    answer = here.ask("PUT", "/api/session/password", json={"current": PASSWORD, "password": new})

    assert answer.status_code == 200
    assert [seat.get("/api/session").status_code for seat in (here, elsewhere)] == [401, 401]
    assert Seat(office).sign_in("谭丽").status_code == 401
    assert Seat(office).sign_in("谭丽", new).status_code == 201


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password-too-short"),
        ("x" * 201, "password-too-long"),
        ("password123456", "password-too-common"),
        ("aaaaaaaaaaaaaaaa", "password-too-common"),
        ("谭丽的一句长长的密码在此", "password-contains-name"),
        ("云河县民政局今天天气晴朗", None),
        ("规划财务股今天天气很晴朗", "password-contains-name"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(office: Office, password: str, code: str | None) -> None:
    seat = office.seat("谭丽")

    answer = seat.ask("PUT", "/api/session/password", json={"current": PASSWORD, "password": password})

    found = [each["code"] for each in answer.json().get("reasons", [])]
    assert (code in found) if code else not found


def test_the_current_password_is_asked_for(office: Office) -> None:
    body = {"current": "not this one", "password": "a sentence nobody guesses"}

    answer = office.seat("谭丽").ask("PUT", "/api/session/password", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "password-wrong")


# Wrong passwords


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(office: Office) -> None:
    wrong, nobody = Seat(office).sign_in("谭丽", "wrong"), Seat(office).sign_in("S99", "wrong")

    assert wrong.status_code == 401
    assert wrong.content == nobody.content
    assert wrong.headers == nobody.headers


def test_after_five_failures_the_name_has_to_wait_longer_and_longer(office: Office) -> None:
    seat = Seat(office)
    waits = []
    for _ in range(4):
        assert seat.sign_in("谭丽", "wrong").status_code == 401
    for _ in range(7):
        assert seat.sign_in("谭丽", "wrong").status_code == 401
        answer = seat.sign_in("谭丽")
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
        waits.append(int(answer.headers["retry-after"]))
        office.pass_time(seconds=waits[-1])

    assert waits == [61, 121, 241, 481, 901, 901, 901]
    assert seat.sign_in("谭丽").status_code == 201


def test_a_name_that_does_not_exist_waits_just_the_same(office: Office) -> None:
    answers = [Seat(office).sign_in("S99", "wrong").status_code for _ in range(6)]

    assert answers == [401, 401, 401, 401, 401, 429]


def test_success_forgives_the_failures_of_a_name(office: Office) -> None:
    for _ in range(3):
        for _ in range(4):
            assert Seat(office).sign_in("谭丽", "wrong").status_code == 401
        assert Seat(office).sign_in("谭丽").status_code == 201


def test_one_address_that_tries_many_names_has_to_wait(office: Office) -> None:
    answers = [Seat(office).sign_in(f"N{number}", "wrong").status_code for number in range(31)]

    assert answers == [401] * 30 + [429]


def test_attempts_at_once_are_counted_one_after_another(world: World) -> None:
    """Ten crowds, because of one alone it is luck whether any two come between each other."""
    attempts = [Attempt((("name", key_of("name", f"S{number}")),), "") for number in range(10)]

    crowds = [
        at_once([partial(world.store.act, begin_attempt, attempt=attempt, now=world.now)] * 20)
        for attempt in attempts
    ]

    assert [waits.count(0) for waits in crowds] == [5] * 10


def test_a_hundred_attempts_at_once_are_not_all_the_first(office: Office) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: Seat(office).sign_in("S99", "wrong").status_code, range(20)))

    assert answers.count(401) == 5


def test_failures_are_kept_as_hashes_because_people_type_passwords_into_the_name(office: Office) -> None:
    Seat(office).sign_in("my secret password", "x")

    kept = office.world.rows("SELECT key FROM login_failure")

    assert all(len(key) == 64 for (key,) in kept)


def test_old_sessions_and_failures_are_swept_away(office: Office) -> None:
    from api.main import clean

    office.seat("谭丽")
    Seat(office).sign_in("杨帆", "wrong")
    office.pass_time(hours=11)
    state = office.app.state

    clean(state.door.store, state.files, office.settings, office.world.now)

    assert office.world.rows("SELECT id FROM session") == []
    assert office.world.rows("SELECT key FROM login_failure") == []


def test_the_address_that_people_use_is_the_one_that_answers(office: Office) -> None:
    assert office.settings.address == HERE


# A browser that is known


def test_others_wrong_passwords_do_not_keep_tan_li_out_of_her_own_browser(office: Office) -> None:
    hers = office.seat("谭丽")
    for _ in range(40):
        Seat(office).sign_in("谭丽", "wrong")

    assert Seat(office).sign_in("谭丽").status_code == 429
    assert hers.sign_in("谭丽").status_code == 201


def test_a_known_browser_has_no_more_guesses_than_any_other(office: Office) -> None:
    stolen = office.seat("谭丽")

    answers = [stolen.sign_in("谭丽", "wrong").status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]
    assert Seat(office).sign_in("谭丽").status_code == 201


def test_a_browser_is_known_for_whoever_signed_in_there_and_for_nobody_else(office: Office) -> None:
    hers = office.seat("谭丽")
    for _ in range(5):
        Seat(office).sign_in("杨帆", "wrong")

    assert hers.sign_in("杨帆").status_code == 429


def test_a_password_kept_with_less_work_is_kept_anew_when_it_is_next_used(office: Office) -> None:
    tanli = office.world.people["谭丽"]
    weaker = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    office.world.store.act(
        people.change_person, person=tanli, password_hash=weaker, actor=SYSTEM, now=office.world.now
    )
    Seat(office).sign_in("谭丽", "not the password")
    ((kept,),) = office.world.rows(f"SELECT password_hash FROM person WHERE id = {tanli}")
    assert kept == weaker

    seat = office.seat("谭丽")

    ((kept,),) = office.world.rows(f"SELECT password_hash FROM person WHERE id = {tanli}")
    assert not needs_rehash(kept)
    assert seat.get("/api/projects").status_code == 200
    assert office.seat("谭丽").get("/api/session").json()["must_change_password"] is False


def test_the_current_password_cannot_be_guessed_in_a_session_left_open(office: Office) -> None:
    seat, weak = office.seat("谭丽"), {"current": PASSWORD, "password": "short"}
    assert [seat.ask("PUT", "/api/session/password", json=weak).status_code for _ in range(8)] == [422] * 8
    wrong = {"current": "not this one", "password": "a sentence nobody guesses"}

    answers = [seat.ask("PUT", "/api/session/password", json=wrong).status_code for _ in range(6)]

    assert answers == [422] * 5 + [429]
