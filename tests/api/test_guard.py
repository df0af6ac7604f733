"""The guard: who may change something, from which page, and what every answer carries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts

from api.auth import check_policies, policy_of
from api.security import HEADERS
from tests.api.office import HERE, Office, Seat

REASON = {"reason": "先行储备"}

OPEN = {
    ("GET", "/api/health"),
    ("GET", "/api/problems/{code}"),
    ("POST", "/api/session"),
    ("POST", "/control/{operation}"),
}
"""What anybody may call: every new one is added here, on purpose. Pages add their own below."""

OPEN_PAGES = {"/sign-in", "/static/{name}", "/calendar/{token}.ics", "/metrics"}


# Cross-site requests


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, None),
        ({"Origin": HERE}, None),
        ({"Sec-Fetch-Site": "same-origin"}, None),
        ({"Sec-Fetch-Site": "none"}, None),
        ({"Origin": "https://evil.test"}, "cross-site"),
        ({"Origin": "null"}, "cross-site"),
        ({"Origin": "http://127.0.0.1:9999"}, "cross-site"),
        ({"Origin": "https://127.0.0.1:8000"}, "cross-site"),
        ({"Sec-Fetch-Site": "cross-site"}, "cross-site"),
        ({"Sec-Fetch-Site": "same-site"}, "cross-site"),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.test"}, "cross-site"),
    ],
)
@pytest.mark.parametrize("token", ["none", "wrong", "of another session", "right"])
def test_a_change_needs_our_own_page_and_the_sessions_token(
    office: Office, headers: dict[str, str], code: str | None, token: str
) -> None:
    seat = office.seat("谭丽")
    tokens = {
        "none": "",
        "wrong": "0" * 64,
        "of another session": office.seat("谭丽").csrf,
        "right": seat.csrf,
    }
    seat.csrf = tokens[token]

    answer = seat.ask("DELETE", "/api/session", headers=headers)

    expected = code or ("csrf-token-wrong" if token != "right" else None)
    assert answer.status_code == (403 if expected else 200)
    assert answer.json().get("code") == expected


def test_another_site_cannot_sign_anybody_in(office: Office) -> None:
    body = {"staff_number": "S1", "password": "x"}

    answer = Seat(office).post("/api/session", json=body, headers={"Origin": "https://evil.test"})

    assert (answer.status_code, answer.json()["code"]) == (403, "cross-site")


def test_a_form_may_carry_the_token_in_a_field(office: Office) -> None:
    seat = office.seat("谭丽")
    token, seat.csrf = seat.csrf, ""

    with_it = seat.post("/api/files", data={"csrf": token}, files={"other": b"x"})
    without = seat.post("/api/files", data={"csrf": "0" * 64}, files={"other": b"x"})

    assert (with_it.status_code, with_it.json()["code"]) == (422, "upload-missing")
    assert (without.status_code, without.json()["code"]) == (403, "csrf-token-wrong")


@pytest.mark.parametrize(
    "host",
    [
        "evil.test", "127.0.0.1.evil.test", "", "localhost.evil.test:8000", "[::1]evil.test", "[::1", "127.0.0.1:x",
        "127.0.0.1:8000:80", "127.0.0.1:999999", "me@127.0.0.1", "127.0.0.1/evil.test", "127.0.0.1 evil.test",
    ],
)  # fmt: skip
def test_a_forged_host_gets_nothing(office: Office, host: str) -> None:
    answer = Seat(office).get("/api/health", headers={"Host": host})

    assert (answer.status_code, answer.json()["code"]) == (403, "host-not-allowed")


def test_two_hosts_are_none(office: Office) -> None:
    answer = office.client.get("/api/health", headers=[("Host", "127.0.0.1:8000"), ("Host", "evil.test")])

    assert (answer.status_code, answer.json()["code"]) == (403, "host-not-allowed")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]:8000", "LOCALHOST"])
def test_our_own_names_are_let_in(office: Office, host: str) -> None:
    assert Seat(office).get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/api/projects/", "/api//projects", "/api/projects//evil.test"])
def test_no_redirect_is_made_from_the_path_of_a_request(office: Office, path: str) -> None:
    answer = office.seat("谭丽").get(path)

    assert (answer.status_code, "location" in answer.headers) == (404, False)


# Headers


def requests() -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "GET", "/api/health", {}
    yield "GET", "/api/projects", {}
    yield "GET", "/api/nowhere", {}
    yield "PUT", "/api/projects", {}
    yield "POST", "/api/session", {"content": b"{"}
    yield "POST", "/api/session", {"content": b"x" * 300_000}
    yield "POST", "/api/session", {"json": {}}
    yield "GET", "/api/health", {"headers": {"Host": "evil.test"}}
    yield "GET", "/", {"headers": {"Accept": "text/html"}}
    yield "GET", "/nowhere", {"headers": {"Accept": "text/html"}}
    yield "GET", "/sign-in", {"headers": {"Accept": "text/html"}}
    yield "DELETE", "/sign-in", {"headers": {"Accept": "text/html"}}


@pytest.mark.parametrize(("method", "path", "details"), list(requests()))
def test_every_answer_carries_the_security_headers(
    office: Office, method: str, path: str, details: dict[str, Any]
) -> None:
    headers = {"Content-Type": "application/json", **details.pop("headers", {})}

    answer = Seat(office).ask(method, path, headers=headers, **details)

    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in answer.headers
    kind = answer.headers.get("content-type", "nothing")
    assert kind.startswith(("application/", "text/html; charset=utf-8", "nothing"))


def test_a_crash_shows_a_number_and_nothing_else(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.app.state.metronome = None

    answer = office.seat("顾明").get("/api/health/details")

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["title"]) == (500, "unexpected", "系统故障")
    assert problem["reference"] in caplog.text
    assert "NoneType" not in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


# Sizes and strictness


def test_a_body_larger_than_its_limit_is_cut_off(office: Office) -> None:
    announced = Seat(office).post("/api/session", json={"staff_number": "x" * 300_000, "password": ""})

    def pieces(number: int = 40) -> Iterator[bytes]:
        for _ in range(number):
            yield b" " * 10_000

    counted = Seat(office).post(
        "/api/session", content=pieces(), headers={"Content-Type": "application/json"}
    )
    form = Seat(office).post(
        "/sign-in", content=pieces(220), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert [each.status_code for each in (announced, counted, form)] == [413, 413, 413]
    assert announced.json()["code"] == "request-too-large"
    assert announced.headers["connection"] == "close"


def test_headers_longer_than_anything_honest_are_refused(office: Office) -> None:
    answer = Seat(office).get("/api/health", headers={"X-Long": "x" * 17_000})

    assert (answer.status_code, answer.json()["code"]) == (413, "headers-too-large")


@pytest.mark.parametrize(
    "body",
    [
        b'{"staff_number": "S1", "staff_number": "S2", "password": "x"}',
        b'{"staff_number": NaN, "password": "x"}',
        b'{"staff_number": 1e400, "password": "x"}',
        b'{"staff_number": ' + b"9" * 10_000 + b', "password": "x"}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"staff_number": ' + b"[" * 21 + b"]" * 21 + b', "password": "x"}',
        b'{"staff_number": ' + b'{"a": ' * 21 + b"1" + b"}" * 21 + b', "password": "x"}',
        b'{"staff_number": "\\ud800", "password": "x"}',
        b"\xff\xfe",
        b'{"staff_number": "S1"',
        b'{"staff_number": true, "password": "x"}',
        b'{"staff_number": 1.0, "password": "x"}',
        b'{"staff_number": "S1", "password": "x", "is_admin": true}',
        b"[]",
        b"null",
    ],
    ids=range(16),
)
def test_json_that_two_readers_could_understand_differently_is_refused(office: Office, body: bytes) -> None:
    answer = Seat(office).post("/api/session", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["code"] in {"json-malformed", "invalid-request"}


@pytest.mark.parametrize(("depth", "code"), [(20, "invalid-request"), (21, "json-malformed")])
def test_json_is_nested_as_deep_as_anything_honest_and_no_deeper(
    office: Office, depth: int, code: str
) -> None:
    body = b'{"password": "x", "staff_number": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    answer = Seat(office).post("/api/session", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_json_under_another_name_is_not_read(office: Office) -> None:
    body = json.dumps({"staff_number": "S1", "password": "x"})

    answer = Seat(office).post("/api/session", content=body, headers={"Content-Type": "text/plain"})

    assert answer.status_code == 422


@pytest.mark.parametrize("value", [True, 1.0, "1", -1, 2**60, None])
def test_a_number_is_a_whole_number_and_nothing_else(office: Office, value: Any) -> None:
    body = {"name": "新单位", "parent": value}

    answer = office.seat("顾明").post("/api/organisations", json=body)

    assert (answer.status_code, answer.json()["reasons"][1]["place"]) == (422, "parent")


# Who may

FOR_NEWCOMERS = {
    ("GET", "/api/session"),
    ("DELETE", "/api/session"),
    ("PUT", "/api/session/password"),
    ("GET", "/password"),
    ("POST", "/password"),
    ("POST", "/sign-out"),
}
"""What is open to whoever still has the password that somebody else has set."""


def test_every_route_names_its_policy(office: Office) -> None:
    found = {}
    for route in iter_route_contexts(office.app.routes):
        dependant = getattr(route, "dependant", None)
        assert dependant is not None, f"{route} is no route of ours"
        for method in route.methods or ():
            found[method, str(route.path)] = policy_of(dependant)

    anybody = {key for key, policy in found.items() if policy == "public"}
    assert {key for key in anybody if key[1].startswith(("/api", "/control"))} == OPEN
    assert {path for _, path in anybody if not path.startswith(("/api", "/control"))} == OPEN_PAGES
    assert "" not in found.values()
    assert {key for key, policy in found.items() if policy == "newcomer"} == FOR_NEWCOMERS


def test_a_route_without_a_policy_does_not_start() -> None:
    app, router = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), APIRouter()

    @router.get("/forgotten")
    def forgotten() -> None: ...

    app.include_router(router)

    with pytest.raises(RuntimeError, match="/forgotten names no policy"):
        check_policies(app.routes)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/people", None),
        (
            "POST",
            "/api/people",
            {"name": "新人", "staff_number": "S50", "password": "a sentence nobody guesses"},
        ),
        ("PATCH", "/api/people/1", {"active": False}),
        ("POST", "/api/organisations", {"name": "新单位"}),
        ("PATCH", "/api/organisations/1", {"name": "新名称"}),
        ("POST", "/api/people/1/posts", {"organisation": 1, "key": "administrator"}),
        ("DELETE", "/api/people/1/posts/1/clerk", None),
        ("POST", "/api/definitions", {"name": "x.yaml", "text": ""}),
        ("POST", "/api/calendar", {"name": "2027.yaml", "text": ""}),
        ("POST", "/api/incidents/1/resolution", {"how": "好了"}),
        ("GET", "/api/health/details", None),
    ],
)
def test_administration_is_the_administrators(office: Office, method: str, path: str, body: Any) -> None:
    before = office.world.rows("SELECT count(*) FROM event")

    answer = office.seat("马德兴").ask(method, path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "not-an-administrator")
    assert office.world.rows("SELECT count(*) FROM event") == before


def test_reading_changes_nothing(office: Office) -> None:
    ref = office.project().ref
    seat = office.seat("谭丽")
    before = office.world.rows("SELECT max(id) FROM event")

    for path in (
        "worklist",
        "notices",
        "projects",
        f"projects/{ref}",
        f"projects/{ref}/timeline",
        "incidents",
    ):
        assert seat.get(f"/api/{path}").status_code == 200

    assert office.world.rows("SELECT max(id) FROM event") == before


def test_the_interface_is_described_to_those_who_are_signed_in_only(office: Office) -> None:
    assert Seat(office).get("/api/openapi.json").status_code == 401
    assert [Seat(office).get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404] * 3
    assert office.seat("谭丽").get("/api/openapi.json").status_code == 200


def test_the_organisations_of_others_are_not_shown(office: Office) -> None:
    names = [each["name"] for each in office.seat("谭丽").get("/api/organisations").json()]

    assert names == ["市民政局", "云河县民政局", "规划财务股"]
    assert len(office.seat("顾明").get("/api/organisations").json()) == 4


@pytest.mark.parametrize("path", ["/projects?text=%00", "/projects/a%00b", "/api/projects?text=a%00b"])
def test_an_address_with_a_nul_is_refused_before_any_database_sees_it(office: Office, path: str) -> None:
    answer = office.seat("谭丽").get(path)

    assert (answer.status_code, answer.json()["code"]) == (422, "address-malformed")


@pytest.mark.parametrize("path", ["/sign-in", "/api/session"])
def test_whoever_is_not_signed_in_cannot_send_what_a_document_may_weigh(office: Office, path: str) -> None:
    answer = Seat(office).post(path, files={"file": ("large.pdf", b"x" * 300_000)})

    assert (answer.status_code, answer.json()["code"]) == (413, "request-too-large")


@pytest.mark.parametrize("number", ["9223372036854775808", "99999999999999999999", "-1"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/people/{}"),
        ("POST", "/api/people/{}/posts"),
        ("DELETE", "/api/people/1/posts/{}/clerk"),
        ("POST", "/api/incidents/{}/resolution"),
        ("GET", "/admin/people/{}"),
        ("GET", "/admin/units/{}"),
        ("GET", "/admin/calendar?year={}"),
        ("GET", "/audit/entries/{}"),
        ("GET", "/projects?before={}"),
        ("POST", "/views/{}/delete"),
    ],
)
def test_a_number_that_no_database_keeps_is_refused(
    office: Office, method: str, path: str, number: str
) -> None:
    answer = office.seat("顾明").ask(method, path.format(number), json={} if method != "GET" else None)

    assert answer.status_code in {404, 422}, answer.text


def test_a_text_with_a_nul_is_refused_before_any_database_sees_it(office: Office) -> None:
    seat = office.seat("顾明")

    as_json = seat.post("/api/organisations", json={"name": "甲\0乙"})
    spelled = seat.post("/api/organisations", json={"name": "甲\\u0000乙"})
    as_form = seat.post("/admin/units", data={"csrf": seat.csrf, "name": "甲\0乙"})

    assert (as_json.status_code, as_json.json()["code"]) == (422, "json-malformed")
    assert as_form.status_code == 409
    assert "不可见的控制字符" in as_form.text
    assert spelled.status_code == 201
