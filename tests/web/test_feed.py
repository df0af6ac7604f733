"""日历订阅: a person's days in their own calendar, under an address that only they have."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar

from api.prints.agenda import agenda
from tests.web.conftest import City, SignIn
from tests.web.desk import Desk
from workflow.queries.dates import Dated


def subscribed(desk: Desk) -> str:
    """Make an address; where it leads to here."""
    desk.open("/calendar")
    page = desk.send("/calendar")
    assert page.status == 200
    (address,) = [
        attributes["value"] for tag, attributes in page.tags if tag == "input" and attributes.get("id") == "address"
    ]  # fmt: skip
    return urlsplit(str(address)).path


def read(desk: Desk, address: str) -> dict[str, Any]:
    """The calendar as a program without a session reads it: events by their summaries."""
    desk.client.cookies.clear()
    answer = desk.client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    calendar = Calendar.from_ical(answer.content)
    return {str(event["summary"]): event for event in calendar.walk("VEVENT")}


def test_what_waits_for_a_person_stands_on_its_day(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")

    events = read(desk, subscribed(desk))

    event = events["大院社区综合养老服务中心改造·概算审核：科室审核中到期"]
    assert event["dtstart"].dt == date(2026, 11, 13)
    assert event["dtend"].dt == date(2026, 11, 14)
    assert event["dtstart"].params["VALUE"] == "DATE"
    assert str(event["url"]).endswith(f"/projects/{city.projects['E']}/stages/budget_review")


def test_provisional_days_and_those_of_others_say_so_and_nothing_says_a_sum(
    city: City, sign_in: SignIn
) -> None:
    desk, other = sign_in("tanli"), sign_in("wuhaitao")

    outside = read(desk, subscribed(desk))
    address = subscribed(other)
    own = read(other, address)

    assert any("土地报备" in words and words.endswith("（本局推算）") for words in outside)
    assert any(words.endswith("（暂定）") for words in own)
    assert own["区公益性骨灰堂·可研批复：有效期届满"]["dtstart"].dt == date(2026, 12, 18)
    content = other.client.get(address).text
    assert "万元" not in content
    assert "2860" not in content
    assert "X-WR-TIMEZONE:Asia/Shanghai" in content
    assert all(len(line.encode()) <= 75 for line in content.split("\r\n"))


def test_a_delegate_sees_the_days_of_whom_they_act_for(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open("/delegations")
    desk.send(
        "/delegations",
        agent=str(city.people["chenwenjuan"]),
        starts_on="2026-11-23",
        ends_on="2026-11-27",
        reason="外出培训",
    )
    deputy = sign_in("chenwenjuan")

    events = read(deputy, subscribed(deputy))

    assert "大院社区综合养老服务中心改造·概算审核：科室审核中到期（代李国栋）" in events


def test_uids_are_the_same_on_every_reading_and_never_used_twice(city: City, sign_in: SignIn) -> None:
    desk = sign_in("wuhaitao")
    address = subscribed(desk)

    first, second = read(desk, address), read(desk, address)

    uids = [str(event["uid"]) for event in first.values()]
    assert uids == [str(event["uid"]) for event in second.values()]
    assert len(set(uids)) == len(uids) > 1


def test_an_unchanged_calendar_is_not_sent_again(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    address = subscribed(desk)
    tag = desk.client.get(address).headers["etag"]

    again = desk.client.get(address, headers={"If-None-Match": f'"other", W/{tag}'})
    changed = desk.client.get(address, headers={"If-None-Match": '"other"'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (changed.status_code, changed.headers["cache-control"]) == (200, "private, no-cache")


def test_a_new_address_ends_the_old_one_and_a_revoked_one_is_gone(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    first, second = subscribed(desk), subscribed(desk)

    assert [desk.client.get(each).status_code for each in (first, second)] == [404, 200]
    desk.open("/calendar")
    assert "已有订阅地址" in desk.page.words
    assert second not in desk.page.html
    assert "日历订阅已停用" in desk.send("/calendar/revoke").words
    assert desk.client.get(second).status_code == 404


def test_a_form_sent_twice_makes_one_address_and_shows_no_useless_one(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open("/calendar")
    form = desk.page.form("/calendar")
    headers = {"Accept": "text/html", "Origin": "http://127.0.0.1"}

    first = desk.client.post("/calendar", data=form.values, headers=headers)
    again = desk.client.post("/calendar", data=form.values, headers=headers)

    assert ".ics" in first.text
    assert (again.status_code, ".ics" in again.text) == (200, False)


@pytest.mark.parametrize("token", ["x", "", "0" * 43, "../../etc/passwd", "中文", "%00", "a" * 4000])
def test_a_wrong_address_is_no_address(city: City, sign_in: SignIn, token: str) -> None:
    desk = sign_in("liguodong")
    subscribed(desk)

    assert desk.client.get(f"/calendar/{token}.ics").status_code in {404, 422}


def test_whoever_is_not_active_any_more_has_no_calendar(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    address = subscribed(desk)
    assert desk.client.get(address).status_code == 200

    admin = sign_in("admin")
    token = admin.open("/").form("/sign-out").values["csrf"]
    path, headers = f"/api/people/{city.people['liguodong']}", {"X-CSRF-Token": token}
    assert admin.client.patch(path, json={"active": False}, headers=headers).status_code == 200

    assert desk.client.get(address).status_code == 404


def test_the_database_holds_no_address_that_could_be_used(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    token = subscribed(desk).rpartition("/")[2].removesuffix(".ics")

    rows = city.execute("SELECT * FROM calendar_feed")
    commands = city.execute("SELECT * FROM command")

    assert len(rows) == 1
    assert len(token) >= 43
    assert token not in str(rows) + str(commands)


def test_the_page_is_reached_from_the_persons_own_page(city: City, sign_in: SignIn) -> None:
    assert "/calendar" in sign_in("liguodong").open("/delegations").links


def test_a_title_cannot_break_the_file() -> None:
    words = "甲\r\nEND:VCALENDAR\nSUMMARY:假;,\\" + "长" * 200
    item = Dated("k", date(2026, 12, 31), words, "r", "s", True, True, "李国栋")

    content = agenda([item], name="谭丽", address="http://127.0.0.1", day=date(2026, 11, 23))

    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert content.count(b"END:VCALENDAR\r\n") == 1
    assert str(event["summary"]).endswith("（暂定，本局推算，代李国栋）")
