"""Every page and form of 管理 and 审计, for each kind of person: who gets in and who is told why not."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from api.web import admin_calendar, admin_home, admin_incidents, admin_people, admin_types, admin_units, audit
from tests.web.conftest import City, SignIn

KINDS = {
    "liuchang": "clerk",
    "liguodong": "chief",
    "chenwenjuan": "deputy",
    "zhoujianping": "director",
    "jianghui": "overseer",
    "admin": "administrator",
}
ADMINISTRATION = {"administrator"}
AUDIT = {"administrator", "overseer"}

PAGES = {
    "/admin": ADMINISTRATION,
    "/admin/health": ADMINISTRATION,
    "/admin/people": ADMINISTRATION,
    "/admin/people/new": ADMINISTRATION,
    "/admin/people/{person}": ADMINISTRATION,
    "/admin/units": ADMINISTRATION,
    "/admin/units/{unit}": ADMINISTRATION,
    "/admin/delegations": ADMINISTRATION,
    "/admin/calendar": ADMINISTRATION,
    "/admin/types": ADMINISTRATION,
    "/admin/mail": ADMINISTRATION,
    "/admin/incidents": ADMINISTRATION,
    "/audit": AUDIT,
    "/audit/entries/{entry}": AUDIT,
    "/audit/verification": AUDIT,
}
FORMS = {
    "/admin/health/examine": ADMINISTRATION,
    "/admin/people/new": ADMINISTRATION,
    "/admin/people/{person}/change": ADMINISTRATION,
    "/admin/people/{person}/password": ADMINISTRATION,
    "/admin/people/{person}/{wanted}": ADMINISTRATION,
    "/admin/people/{person}/posts/grant": ADMINISTRATION,
    "/admin/people/{person}/posts/revoke": ADMINISTRATION,
    "/admin/units": ADMINISTRATION,
    "/admin/units/{unit}/change": ADMINISTRATION,
    "/admin/units/{unit}/{wanted}": ADMINISTRATION,
    "/admin/delegations": ADMINISTRATION,
    "/admin/delegations/end": ADMINISTRATION,
    "/admin/calendar/check": ADMINISTRATION,
    "/admin/calendar": ADMINISTRATION,
    "/admin/types/check": ADMINISTRATION,
    "/admin/types": ADMINISTRATION,
    "/admin/mail/test": ADMINISTRATION,
    "/admin/mail/again": ADMINISTRATION,
    "/admin/incidents/{incident}": ADMINISTRATION,
    "/audit/verification": AUDIT,
    "/audit/export": AUDIT,
}
"""Where a form goes -> who may send it. Sent empty, it is refused for what it lacks (never 403) to whoever may."""

VALUES = {"person": "3", "unit": "2", "entry": "20", "incident": "999", "wanted": "enable"}


def test_the_table_names_every_page_and_form_there_is() -> None:
    areas = (admin_home, admin_people, admin_units, admin_calendar, admin_types, admin_incidents, audit)
    routes = [each for area in areas for each in area.router.routes if isinstance(each, APIRoute)]

    assert {each.path for each in routes if "GET" in (each.methods or ())} == set(PAGES)
    assert {each.path for each in routes if "POST" in (each.methods or ())} == set(FORMS)


@pytest.mark.parametrize("staff_number", KINDS)
def test_who_gets_in(sign_in: SignIn, city: City, staff_number: str) -> None:
    del city
    desk, kind = sign_in(staff_number), KINDS[staff_number]
    token = desk.open("/").form("/sign-out").values["csrf"]
    headers = {"Accept": "text/html", "Origin": "http://127.0.0.1"}
    wrong = []
    for path, allowed in PAGES.items():
        page = desk.open(path.format(**VALUES))
        if page.status != (200 if kind in allowed else 403):
            wrong.append(("GET", path, page.status))
        if kind not in allowed:
            assert "只能由系统管理员办理" in page.words or "只对督查和系统管理员开放" in page.words
    for path, allowed in FORMS.items():
        answer = desk.client.post(
            path.format(**VALUES),
            data={"csrf": token, "format": "csv"},
            headers=headers,
            follow_redirects=False,
        )
        if (answer.status_code == 403) != (kind not in allowed) or answer.status_code >= 500:
            wrong.append(("POST", path, answer.status_code))

    assert wrong == []


def test_nobody_who_is_not_signed_in_gets_further_than_the_door(sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open("/")
    desk.send("/sign-out")

    assert all("/sign-in" in desk.open(path.format(**VALUES)).address for path in PAGES)
