"""Who may do what: every cell of api/permissions.toml, asked over the JSON interface and over the pages.

Every request is one that nobody's could take effect (a blank reason, an impossible day), so what is compared is
whether the person is among the reasons; and not a row of the database may change.
"""

from __future__ import annotations

import html
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from msgspec import Struct

import api
from api.security import DOWNLOAD_POLICY, HEADERS, PREVIEW_POLICY
from tests import papers
from tests.api.house import KINDS, NOBODY, SIGNED_IN, STRANGERS, House
from tests.api.office import open_office
from tests.databases import Copies

TABLE = tomllib.loads((Path(api.__file__).parent / "permissions.toml").read_text(encoding="utf-8"))
ROUTES = {route: who for who, routes in TABLE.items() if who != "actions" for route in routes}
ACTIONS: dict[str, list[str]] = TABLE["actions"]

PERSONAL = {
    "not-the-clerk", "not-a-chief", "not-the-holder", "not-the-submitter", "not-the-checker", "not-the-author", "own-clock",
    "own-gate", "own-entry", "own-submission", "involved-cannot-assign", "not-above", "own-order", "not-the-issuer",
}  # fmt: skip
"""The codes that speak of who asks, not of what is asked."""


@pytest.fixture(scope="module")
def house(bureaus: Copies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_office(bureaus, tmp_path_factory.mktemp("permissions")) as office:
        yield House(office)


# Addresses


def routes(house: House) -> Iterator[str]:
    for route in iter_route_contexts(house.office.app.routes):
        yield from (f"{method} {route.path}" for method in route.methods or () if method != "HEAD")


def test_every_address_is_in_the_table_and_no_other(house: House) -> None:
    assert set(routes(house)) == set(ROUTES)


UNREAD = 422
"""What a JSON body that fits nothing answers, whatever the address: of the project it says nothing."""

OWN = (
    "/api/session",
    "/sign-out",
    "/sessions/end",
    "/sessions/end-others",
    "/phrases",
    "/calendar",
    "/calendar/revoke",
    "/audit/verification",
    "/audit/export",
    "/projects/ledger.xlsx",
    "/admin/health/examine",
)
"""What even an empty form of somebody who may does: their stories are elsewhere."""


def test_every_address_answers_each_person_as_the_table_says(house: House) -> None:
    before, wrong, cells = house.rows(), [], 0
    for route, who in ROUTES.items():
        method, path = route.split()
        for name in (*SIGNED_IN, *NOBODY):
            expected = reach(who, name)
            if who == "anybody" or (method != "GET" and expected == "in" and path in OWN):
                continue
            answer = ask(house, name, method, path)
            cells += 1
            if not fits(answer, expected, path):
                wrong.append(f"{route} as {name or '—'}: {answer.status_code}, not {expected}")

    assert cells > 1500
    assert not wrong, "\n".join(wrong)
    after = house.rows()
    assert [each for each in after[0] if each not in before[0]] == []
    assert after == before


def fits(answer: Any, expected: str, path: str) -> bool:
    """Whether the answer is that one: a thing that is not there is none of the person's business either."""
    if expected == "nothing" and path.startswith("/api") and answer.status_code == UNREAD:
        return True
    there = (
        "{ref}" not in path
        or path.endswith("/preview")
        or "/letter" in path
        or "/sheet" in path
        or "/order" in path
    )
    return found_reach(answer) == expected or (expected == "in" and there and answer.status_code == 404)


def reach(who: str, name: str) -> str:
    """Whether that person gets in, is sent to sign in, is forbidden, or finds nothing."""
    if name in NOBODY:
        return "nobody"
    kinds = KINDS.get(name, set())
    if who == "project":
        return "in" if kinds else "nothing"
    if who == "administrator":
        return "in" if "administrator" in kinds else "forbidden"
    if who == "auditor":
        return "in" if kinds & {"overseer", "administrator"} else "forbidden"
    return "in"


def found_reach(answer: Any) -> str:
    if answer.headers.get("location", "").startswith("/sign-in"):
        return "nobody"
    return {401: "nobody", 403: "forbidden", 404: "nothing"}.get(answer.status_code, "in")


def ask(house: House, name: str, method: str, path: str) -> Any:
    seat, home = house.seats[name], house.home
    places = {
        "ref": home.ref, "stage": "site", "document": "site_plan", "number": "999", "person": "1", "key": "clerk",
        "organisation": "1", "incident": "1", "digest": house.office.world.digests["home"], "type": "home",
        "sha256": home.paper("site_plan").sha256, "unit": "1", "view": "1", "mail": "1", "kind": "clerk",
        "entry": "1", "act": "decide", "code": "lost-race", "name": "base.css", "token": "none", "operation": "sweep", "wanted": "nothing",
        "action": {3: "close-take-over", 4: "upload"}.get(path.count("/"), "submit"),
    }  # fmt: skip
    address = path.format_map(places)
    if method == "GET":
        return seat.get(address, headers={"Accept": "text/html" if not path.startswith("/api") else "*/*"})
    if path.startswith("/api"):
        return seat.ask(method, address, json={} if method != "DELETE" else None)
    return seat.ask(method, address, headers={"Accept": "text/html"}, data={"csrf": seat.csrf})


def test_a_project_out_of_sight_is_the_same_as_none(house: House) -> None:
    """The same status, headers and words, but for the reference that was asked for."""
    for name in STRANGERS:
        for end in ("", "/timeline", "/stages/site", "/files/" + "0" * 64):
            there = house.seats[name].get(f"/api/projects/{house.home.ref}{end}")
            nowhere = house.seats[name].get(f"/api/projects/nowhere-at-all-{'x' * 8}{end}")

            assert (there.status_code, there.headers, there.text) == (404, nowhere.headers, nowhere.text)


# Actions


class Command(Struct, frozen=True):
    """One action as both interfaces ask for it: address below the project and body, and the page's form."""

    path: str
    body: Callable[[House], dict[str, Any]]
    page: str
    form: Callable[[House], dict[str, Any]]


def same(path: str, page: str, body: Callable[[House], dict[str, Any]]) -> Command:
    """Both interfaces name the fields alike."""
    return Command(path, body, page, body)


def tan(house: House) -> int:
    """谭丽, by her number."""
    return int(house.office.world.people["谭丽"])


def replied(_: House) -> dict[str, Any]:
    return {"reply.proposal_reply.issued_on": "2026-08-01"}


def chosen(house: House) -> dict[str, Any]:
    """The other project as it is chosen on the page from what was found."""
    return {"other": "养老院", "other.of": "养老院", "other.ref": house.home.ref}


BLANK: Callable[[House], dict[str, Any]] = lambda _: {"reason": ""}  # noqa: E731
NEVER = "2099-01-01"
SITE, PROPOSAL = "/stages/site", "/stages/proposal"

COMMANDS = {
    "move": Command("/moves", lambda _: {"trigger": "shelve", "reason": ""}, "/move-shelve", BLANK),
    "hand_over_project": same("/handovers", "/hand-over-project", lambda h: {"to": tan(h), "reason": ""}),
    "wait": Command("/waits", lambda h: {"other": h.home.ref}, "/wait-for", chosen),
    "stop_waiting": same("/waits/ended", "/stop-waiting", lambda h: {"other": h.home.ref, "reason": ""}),
    "take_over": Command("/takeovers", lambda _: {"stage": "proposal"}, PROPOSAL + "/take-over", replied),
    "close_take_over": same("/takeover-closing", "/close-take-over", lambda _: {}),
    "complete": Command(
        PROPOSAL + "/completions",
        lambda _: {"document": "x", "fields": {}},
        PROPOSAL + "/complete",
        lambda _: {"document": "x"},
    ),
    "submit": same(SITE + "/submissions", SITE + "/submit", lambda _: {}),
    "withdraw": same(SITE + "/withdrawals", SITE + "/withdraw", BLANK),
    "reapply": same(SITE + "/reapplications", SITE + "/reapply", BLANK),
    "pass_gate": same(
        "/stages/land/passed-gates", "/stages/land/pass-gate", lambda _: {"requirement": "x", "reason": ""}
    ),
    "hand_over": same(SITE + "/handovers", SITE + "/hand-over", lambda h: {"to": tan(h), "reason": ""}),
    "explain": same(SITE + "/explanations", SITE + "/explanation", lambda _: {"text": ""}),
    "supervise": same(
        SITE + "/orders", SITE + "/supervise", lambda _: {"wanted": "", "due_on": "2026-09-02"}
    ),
    "withdraw_order": same(PROPOSAL + "/orders/withdrawal", PROPOSAL + "/withdraw-order", BLANK),
    "draft_letter": same(SITE + "/letters", SITE + "/letter", lambda _: {"text": ""}),
    "extend": Command(
        PROPOSAL + "/clock/extensions",
        lambda _: {"by": {"amount": 1, "unit": "workdays"}, "reason": ""},
        PROPOSAL + "/extend",
        lambda _: {"by": "1", "by_unit": "workdays", "reason": ""},
    ),
    "pause": same(PROPOSAL + "/clock/pauses", PROPOSAL + "/pause", BLANK),
    "resume": same(PROPOSAL + "/clock/resumptions", PROPOSAL + "/resume", BLANK),
    "decide": same(
        PROPOSAL + "/decisions",
        PROPOSAL + "/decide",
        lambda h: {"step": "review", "outcome": "returned", "opinion": "", **h.content},
    ),
    "sign_on_paper": same(
        PROPOSAL + "/paper-signatures",
        PROPOSAL + "/sign-paper",
        lambda h: {
            "step": "review",
            "signer": h.office.world.people["杨帆"],
            "on": NEVER,
            "outcome": "approved",
            "content": h.content["content"],
        },
    ),
    "record_outside": Command(
        SITE + "/outside-records",
        lambda _: {"kind": "filed", "on": NEVER},
        SITE + "/record",
        lambda _: {"what": "filed", "on": NEVER},
    ),
    "reject_entry": Command(
        "/entries/{entry}/rejection", BLANK, SITE + "/reject", lambda h: {"number": h.entry, "reason": ""}
    ),
    "confirm_entry": Command(
        "/entries/{entry}/confirmation", lambda _: {}, SITE + "/confirm", lambda h: {"number": h.entry}
    ),
    "withdraw_entry": Command(
        "/entries/{entry}/withdrawal", lambda _: {}, SITE + "/withdraw-entry", lambda h: {"number": h.entry}
    ),
    "register": Command(
        "/documents/site_plan/registrations",
        lambda _: {"number": "", "issued_on": "2026-08-01", "kept_at": ""},
        "/papers/register",
        lambda _: {"number": "", "issued_on": "2026-08-01", "kept_at": "", "document": "site_plan"},
    ),
    "upload": Command(
        "/documents/proposal_reply/versions",
        lambda _: {},
        "/papers/upload",
        lambda _: {"document": "proposal_reply"},
    ),
    "facts": Command("/facts", lambda _: {"facts": {"nowhere": 1}}, "", lambda _: {}),
}
"""`facts` has a page of its own shape, whose stories are in tests/web/test_forms.py."""


def test_every_action_of_the_table_is_asked_for() -> None:
    assert set(COMMANDS) == set(ACTIONS)


@pytest.mark.parametrize("action", COMMANDS)
def test_both_interfaces_let_the_same_people_act(house: House, action: str) -> None:
    before, command, wrong = house.rows(), COMMANDS[action], []
    for name in (*SIGNED_IN, *NOBODY):
        may = bool(KINDS.get(name, set()) & set(ACTIONS[action]))
        if may and action in {"confirm_entry", "withdraw_entry"}:  # there is nothing to leave out of it
            continue
        over_json = over_the_interface(house, name, command, action)
        statuses = [over_json.status_code]
        if command.page:
            on_page = over_the_page(house, name, command, action)
            statuses.append(on_page.status_code)
        expected = {401} if name in NOBODY else {404} if name in STRANGERS else {409}
        if set(statuses) - expected - ({422} if may else set()):
            wrong.append(f"{name or '—'}: {statuses}, not {expected}: {over_json.text[:300]}")
        elif name in KINDS:
            reasons = over_json.json()["reasons"]
            if may is bool(PERSONAL & {each["code"] for each in reasons}):
                wrong.append(f"{name} may {'' if may else 'not '}but: {[each['code'] for each in reasons]}")
            if command.page and not may:
                shown = html.unescape(on_page.text)
                wrong += [
                    f"{name}'s page does not say {each['code']}"
                    for each in reasons
                    if each["code"] in PERSONAL and each["text"] not in shown
                ]

    assert not wrong, "\n".join(wrong)
    assert house.rows() == before


def over_the_interface(house: House, name: str, command: Command, action: str) -> Any:
    path = f"/api/projects/{house.home.ref}" + command.path.format(entry=house.entry)
    if action == "upload":
        return house.seats[name].post(path, files={"file": ("批复.pdf", papers.pdf())})
    return house.seats[name].post(path, json=command.body(house))


def over_the_page(house: House, name: str, command: Command, action: str) -> Any:
    seat = house.seats[name]
    form = {key: str(value) for key, value in command.form(house).items()}
    files = {"file": ("批复.pdf", papers.pdf())} if action == "upload" else None
    return seat.post(
        f"/projects/{house.home.ref}{command.page}",
        data={**form, "csrf": seat.csrf, "command": f"{action}-{name}"},
        files=files,
        headers={"Accept": "text/html"},
    )


# Headers


OTHERWISE = {
    "Content-Security-Policy": {DOWNLOAD_POLICY, PREVIEW_POLICY},
    "Cache-Control": {"public, max-age=31536000, immutable"},
}
"""What single routes say instead: files that are given out or shown, and our own styles and scripts."""


def test_every_address_and_every_refusal_carries_the_security_headers(house: House) -> None:
    wrong, statuses = [], set()
    for route, who in ROUTES.items():
        method, path = route.split()
        for name in ("", "谭丽", "田静", "顾明"):
            if method != "GET" and name and who != "project":
                continue
            answer = ask(house, name, method, path)
            statuses.add(answer.status_code)
            wrong += [
                f"{route} as {name or '—'}, {answer.status_code}: {header} is {answer.headers.get(header)}"
                for header, value in HEADERS.items()
                if answer.headers.get(header) not in {value} | OTHERWISE.get(header, set())
            ]
            if "server" in answer.headers or "x-powered-by" in answer.headers:
                wrong.append(f"{route} says what serves it")

    assert {200, 303, 401, 403, 404, 409, 422} <= statuses
    assert not wrong, "\n".join(wrong)
