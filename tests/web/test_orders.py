"""督办 at the desk: a leader sends it from 预警, the holder finds and answers it, and everybody sees how it stands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import City, SignIn
from tests.web.desk import Desk

WANTED = "请查明卡在哪一步，写明何时可办结"
ORDER = {"wanted": WANTED, "due_on": "2026-11-25"}


@pytest.fixture
def late(city: City) -> str:
    """概算审核 of 大院社区, which 李国栋 has and which is six working days late."""
    return f"/projects/{city.projects['E']}/stages/budget_review"


def ordered(sign_in: SignIn, late: str, who: str = "chenwenjuan") -> Desk:
    """Somebody above sends the order."""
    desk = sign_in(who)
    desk.open(late)
    page = desk.send("/supervise", **ORDER)
    assert page.status == 200, page.words
    return desk


def test_a_leader_goes_from_the_warning_to_the_form_and_back_to_the_open_order(
    city: City, sign_in: SignIn, late: str
) -> None:
    """The form stands open, with two working days; once sent, 预警 lists it and offers no second one."""
    desk = sign_in("chenwenjuan")
    assert f"{late}?open=supervise#order" in desk.open("/warnings").links
    page = desk.open(f"{late}?open=supervise")
    form = next(each for each in page.forms if each.action.endswith("/supervise"))
    assert form.values["due_on"] == "2026-11-25"
    assert '<details class="print-not" open><summary>发督办单' in page.html
    page = desk.send("/supervise", **ORDER)
    assert "督办单已发出；答复、办结或逾期未答复时通知您。" in page.words
    assert f"陈文娟11月23日督办李国栋：{WANTED}" in page.words

    page = desk.open("/warnings")
    assert "督办未了结 1 项" in page.words
    assert "11月23日陈文娟已督办，答复期限11月25日 周三 · 剩 2 个工作日" in page.words
    assert f"{late}?open=supervise#order" not in page.links
    assert "督办未了结 1" in desk.open("/").words
    assert city.execute("SELECT count(*) FROM task WHERE what = 'order.'") == [(1,)]


def test_the_holder_finds_it_first_and_answers_in_one_form(sign_in: SignIn, late: str) -> None:
    leader, holder = ordered(sign_in, late), sign_in("liguodong")
    page = holder.open("/")
    assert page.words.index("督办，请答复 1 项") < page.words.index("待审批 1 项")
    assert f"{late}#order" in page.links
    assert WANTED in page.words
    page = holder.open(late)
    assert f"陈文娟督办：{WANTED}" in page.words
    page = holder.send("/explanation", text="须与造价站核对，11月25日审结")
    assert "督办已答复，督办人会收到通知。" in page.words

    assert "督办，请答复" not in holder.open("/").words
    assert "李国栋就“概算审核”答复督办：须与造价站核对，11月25日审结" in leader.open(late).words
    assert "督办未了结 1" not in leader.open("/warnings").words
    assert "督办已了结" in leader.open("/notices").words


def test_a_second_leader_reads_who_was_first_and_keeps_what_was_typed(sign_in: SignIn, late: str) -> None:
    first, second = sign_in("chenwenjuan"), sign_in("zhoujianping")
    for desk in (first, second):
        desk.open(late)
    first.send("/supervise", **ORDER)
    page = second.send("/supervise", **{**ORDER, "wanted": "请今天答复"})

    assert page.status == 409
    assert "陈文娟已于11月23日10:00督办本环节，要求2026-11-25前答复。" in page.words
    page = second.open(late)
    assert not any(each.action.endswith("/supervise") for each in page.forms)
    assert "陈文娟已于11月23日10:00督办本环节" in page.words
    assert "只有督办人可以撤回督办。请由陈文娟撤回。" in page.words
    first.open(late)
    page = first.send("/withdraw-order", reason="已当面答复")
    assert "督办已撤回，不必再答复。" in page.words


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"wanted": " "}, "督办要求不能为空。"),
        ({"due_on": ""}, "答复期限不能为空。"),
        ({"due_on": "2026-11-28"}, "不能以2026-11-28为答复期限：不是工作日。请改为2026-11-30或其他工作日。"),
        ({"due_on": "2026-11-20"}, "早于今天"),
        ({"due_on": "后天"}, "应为日期"),
    ],
)
def test_a_form_that_is_refused_says_why_and_keeps_the_rest(
    city: City, sign_in: SignIn, late: str, typed: dict[str, str], says: str
) -> None:
    desk = sign_in("chenwenjuan")
    desk.open(late)
    page = desk.send("/supervise", **{**ORDER, **typed})

    assert page.status in {409, 422}
    assert says in page.words
    form = next(each for each in page.forms if each.action.endswith("/supervise"))
    assert form.values["due_on"] == {**ORDER, **typed}["due_on"]
    assert WANTED in form.values["wanted"] or "wanted" in typed
    assert city.execute("SELECT count(*) FROM task WHERE what = 'order.'") == [(0,)]


def test_who_may_not_reads_why_and_a_command_sent_twice_orders_once(
    city: City, sign_in: SignIn, late: str
) -> None:
    clerk = sign_in("liuchang")
    page = clerk.open(late)
    assert not any(each.action.endswith("/supervise") for each in page.forms)
    assert "督办须由办理人的上级负责人或督查作出（分管局领导、主要负责人、督查）。" in page.words
    assert f"{late}?open=supervise#order" not in clerk.open("/warnings").links

    desk = sign_in("jianghui")
    desk.open(late)
    form = next(each for each in desk.page.forms if each.action.endswith("/supervise"))
    body = {**form.values, **ORDER}
    answers = [desk.client.post(f"{late}/supervise", data=body).status_code for _ in range(2)]
    assert answers[0] == answers[1]
    issued = city.execute("""SELECT count(*) FROM event WHERE data LIKE '{"type":"order.issued"%'""")
    assert issued == [(1,)]


def test_what_another_office_has_leads_to_a_letter_and_the_order_to_its_clerk(
    city: City, sign_in: SignIn
) -> None:
    """县自然资源和规划局 is asked by a 商请函; 谭丽, who follows it, may be ordered."""
    there = f"/projects/{city.projects['D']}/stages/land_filing"
    desk = sign_in("luoxiuying")
    page = desk.open(f"{there}?open=supervise")
    assert (
        "县自然资源和规划局办理中，督办不对外：本单只发给跟进的经办人。要请对方加快，起草商请函。"
        in page.words
    )
    assert "?open=letter#other" in page.links
    desk.send("/supervise", **ORDER)

    assert "督办，请答复 1 项" in sign_in("tanli").open("/").words
    page = desk.open("/warnings?light=order")
    assert "谭丽" in page.html.partition('id="kind-order"')[2]


def test_the_number_is_the_length_of_the_list_under_every_filter(
    city: City, sign_in: SignIn, late: str
) -> None:
    """By unit, by person and by kind: two orders, one of them on the very day on which its own stage is due."""
    [(ref, stage, due_on)] = city.execute(
        "SELECT ref, key, stage.due_on FROM stage JOIN project ON project.id = project_id WHERE NOT outside"
        " AND warn_on <= '2026-11-23' AND stage.due_on >= '2026-11-23'"
    )
    desk = sign_in("jianghui")
    people = by_person(desk)
    for place, until in ((late, "2026-11-25"), (f"/projects/{ref}/stages/{stage}", due_on)):
        desk.open(place)
        assert desk.send("/supervise", wanted=WANTED, due_on=until).status == 200
    unit = city.execute("SELECT organisation_id FROM project WHERE ref = :ref", ref=city.projects["E"])[0][0]
    chief, clerk = city.people["liguodong"], city.people["tanli"]

    for asked, count in (
        ("", 2), (f"&holder={chief}", 1), (f"&holder={clerk}", 1), (f"&unit={unit}", 1),
        (f"&unit={unit}&holder={clerk}", 0),
    ):  # fmt: skip
        page = desk.open(f"/warnings?light=order{asked}")
        assert page.html.count('data-name="督办谁"') == count, asked
        assert f"督办未了结 {count} 项" in page.words or not count, asked
    assert by_person(desk) == people


def by_person(desk: Desk) -> str:
    """Who has what that is late or nearly so."""
    return desk.open("/warnings").html.partition('id="by-person"')[2].partition("</table>")[0]


def test_the_interface_asks_the_same_rule(sign_in: SignIn, late: str) -> None:
    desk = sign_in("zhoujianping")

    def post(path: str, **body: Any) -> Any:
        token = next(form.values["csrf"] for form in desk.open(late).forms if "csrf" in form.values)
        return desk.client.post(f"/api{late}{path}", json=body, headers={"X-CSRF-Token": token})

    assert post("/orders", wanted="").json()["reasons"][0]["code"] == "text-required"
    answer = post("/orders", wanted=WANTED)
    assert answer.status_code == 201, answer.text
    file = desk.client.get(f"/api{late}").json()
    assert (file["order"]["to"], file["order"]["due"]["day"]) == ("李国栋", "2026-11-25")
    again = post("/orders", wanted=WANTED)
    assert (again.status_code, again.json()["reasons"][0]["code"]) == (409, "supervised-already")
    assert post("/orders/withdrawal", reason="已当面答复").status_code == 201
    assert desk.client.get(f"/api{late}").json()["order"] is None
