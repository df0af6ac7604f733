"""Nothing typed is lost: a session that ended, another person at the desk, a page grown old, a second tab."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import demo
from api.demo_papers import one_page_pdf
from api.main import create_app
from tests.web.conftest import NOW, City, SignIn
from tests.web.desk import Desk, Page

STAGE = "/stages/budget_review"
OPINION = "概算书编制说明不全，<b>第3页</b>缺取费依据。\n另，工程量清单与图纸不一致。"


def log_in_again(desk: Desk, staff_number: str) -> Page:
    return desk.send("/sign-in", staff_number=staff_number, password=demo.PASSWORD)


def lose_the_session(desk: Desk) -> None:
    """What a restarted browser, a cleared cookie or a session that has run out look like from here."""
    desk.client.cookies.clear()


def test_an_opinion_typed_into_an_ended_session_comes_back_and_is_sent_with_one_button(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("liguodong")
    address = f"/projects/{city.projects['E']}{STAGE}"
    command = desk.open(address).form("/decide").values["command"]
    lose_the_session(desk)

    refused = desk.send("/decide", outcome="returned", opinion=OPINION, fixes="补取费依据")

    assert refused.status == 401
    assert "填写的内容都还在" in refused.words
    log_in_again(desk, "liguodong")
    assert desk.page.status == 200
    assert "请确认提交" in desk.page.words
    assert "李国栋" in desk.page.words
    assert "办理的是 大院社区综合养老服务中心改造·概算审核" in desk.page.words
    assert "第3页" in desk.page.words
    assert "<b>第3页" not in desk.page.html
    assert "退回" in desk.page.words
    assert "填写时登录的是另一人" not in desk.page.words
    assert desk.page.form("/decide").values["command"] == command
    done = desk.send("/decide")
    assert done.status == 200
    assert "需修改 1 处" in done.words


def test_the_one_to_whom_work_goes_is_named_before_it_is_sent(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{STAGE}")
    lose_the_session(desk)
    desk.send("/hand-over", to=str(city.people["chenwenjuan"]), reason="出差")
    page = log_in_again(desk, "liguodong")
    assert "操作 转办" in page.words
    assert "理由 出差 转交给 陈文娟" in page.words
    assert "另有" not in page.words

    desk.open("/delegations")
    lose_the_session(desk)
    desk.send("/delegations", agent=str(city.people["tanli"]), ends_on="2026-11-30", reason="年休假")
    page = log_in_again(desk, "liguodong")
    assert "谭丽" not in page.words
    assert "另有 1 项" in page.words


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "٣", "陈文娟"])
def test_a_number_of_nobody_spoils_no_signing_in(city: City, sign_in: SignIn, number: str) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{STAGE}")
    lose_the_session(desk)
    desk.send("/hand-over", to=number, reason="出差")

    assert log_in_again(desk, "liguodong").status == 200


def test_a_wrong_password_on_the_way_loses_nothing_either(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{STAGE}")
    lose_the_session(desk)
    desk.send("/decide", outcome="returned", opinion=OPINION, fixes="补取费依据")

    wrong = desk.send("/sign-in", staff_number="liguodong", password="wrong")

    assert wrong.status == 401
    log_in_again(desk, "liguodong")
    assert desk.page.form("/decide").values["opinion"] == OPINION


def test_another_person_is_told_that_somebody_else_typed_it(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{STAGE}")
    lose_the_session(desk)
    desk.send("/decide", outcome="approved", opinion="同意。")

    page = log_in_again(desk, "liuchang")

    assert "填写时登录的是另一人" in page.words
    assert "将以刘畅的名义" in page.words
    assert desk.send("/decide").status in {403, 409}


def test_no_password_stands_in_a_page_that_gives_a_form_back(sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open("/password")
    lose_the_session(desk)

    refused = desk.send("/password", current="旧的一句只有我知道的话", password="新的一句只有我知道的话")

    assert "填写的内容都还在" in refused.words
    assert "只有我知道的话" not in refused.html
    assert "只有我知道的话" not in log_in_again(desk, "liguodong").html


def test_a_file_has_to_be_chosen_again_and_the_page_says_which(city: City, sign_in: SignIn) -> None:
    desk = sign_in("tanli")
    desk.open(f"/projects/{city.projects['D']}")
    scan = {"file": ("扫描件一.pdf", one_page_pdf("扫描件一"), "application/pdf")}
    lose_the_session(desk)

    desk.send("/papers/upload", scan, number="云民发〔2026〕3号")

    page = log_in_again(desk, "tanli")
    assert "文件不能代为保留，请重新选择" in page.words
    assert "扫描件一.pdf" in page.words
    form = page.form("/papers/upload")
    assert "file" in form.fields
    assert form.values["number"] == "云民发〔2026〕3号"


def test_signing_in_in_another_tab_does_not_cost_what_was_typed_in_this_one(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("liguodong")
    before = desk.open(f"/projects/{city.projects['E']}{STAGE}")
    desk.open("/sign-in")
    log_in_again(desk, "liguodong")
    desk.page = before

    page = desk.send("/decide", outcome="approved", opinion=OPINION)

    assert page.status == 403
    assert "请确认提交" in page.words
    assert "已同意" in desk.send("/decide").words


@pytest.mark.parametrize(
    "address",
    ["https://example.org/projects/new", "//example.org/projects/new", "/sign-out", "/api/projects", "/nowhere",
     "/projects/new\\", "javascript:alert(1)"],
)  # fmt: skip
def test_only_our_own_forms_are_ever_offered_again(sign_in: SignIn, address: str) -> None:
    desk = sign_in("liguodong")
    desk.open("/sign-in")

    answer = desk.client.post(
        "/sign-in",
        data={
            "staff_number": "liguodong",
            "password": demo.PASSWORD,
            "kept.address": address,
            "kept.typed.opinion": "x",
        },
        headers={"Accept": "text/html"},
        follow_redirects=False,
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_a_form_from_another_site_is_never_offered_for_sending(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    address = f"/projects/{city.projects['E']}{STAGE}/decide"

    foreign = desk.client.post(
        address,
        data={"outcome": "approved"},
        headers={"Accept": "text/html", "Origin": "https://example.org"},
    )
    nameless = desk.client.post(address, data={"outcome": "approved"}, headers={"Accept": "text/html"})

    assert (foreign.status_code, nameless.status_code) == (403, 403)
    assert "请确认提交" not in foreign.text + nameless.text


def test_a_session_that_has_run_out_still_gives_back_a_form_with_a_large_file(city: City) -> None:
    now = [NOW]

    def clock() -> datetime:
        return now[0]

    app = create_app(city.settings(mailbox=True), clock=clock, beating=False)
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000)) as client:
        desk = Desk(client)
        desk.open("/sign-in")
        log_in_again(desk, "tanli")
        desk.open(f"/projects/{city.projects['D']}")
        now[0] = NOW + timedelta(days=2)
        large: Any = ("大件.pdf", one_page_pdf("大件") + b" " * 3_000_000, "application/pdf")

        page = desk.send("/papers/upload", {"file": large}, number="云民发〔2026〕3号")

    assert page.status == 401
    assert "填写的内容都还在" in page.words


def test_going_back_and_sending_something_else_says_that_it_was_done_already(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("liguodong")
    before = desk.open(f"/projects/{city.projects['E']}{STAGE}")
    desk.send("/decide", outcome="approved", opinion="同意。")
    desk.page = before

    page = desk.send("/decide", outcome="returned", opinion="请补正。", fixes="补编制说明")

    assert page.status == 422
    assert "同一次操作已经办过，这次的内容与上次不同，没有再办。" in page.words
