"""What the script adds to forms: it says what looks wrong while somebody types, and keeps what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.main import create_app
from api.passwords import hash_password
from api.settings import make
from tests.browser.test_clerk_to_mail import PASSWORD, sign_in
from tests.databases import Databases
from tests.serving import free_port, served
from tests.world import World
from workflow.actions.people import change_person
from workflow.people import SYSTEM
from workflow.store import Store

pytestmark = pytest.mark.browser

FACTS = "form[action$='/facts']"


@pytest.fixture
def address(tmp_path: Path, databases: Databases) -> Iterator[str]:
    """The desk of 云河县民政局 with 便民服务点 registered, served on loopback."""
    url = databases.copy(tmp_path)
    store = Store(url)
    store.start()
    world = World(store)
    for name in ("谭丽", "杨帆"):
        store.act(
            change_person, person=world.people[name], password_hash=hash_password(PASSWORD),
            actor=SYSTEM, now=world.now,
        )  # fmt: skip
    world.register("hall")
    store.close()
    settings = make(data=tmp_path, port=free_port(), database_url=url)
    with served(create_app(settings, lambda: world.now, beating=False), settings.port) as found:
        yield found


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A fresh browser window of an office PC."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    yield context.new_page()
    context.close()


def open_facts(window: Page, address: str) -> None:
    window.goto(address)
    if window.get_by_label("工号").count():
        sign_in(window, "S1")
    window.goto(f"{address}/projects")
    window.locator("table a").first.click()
    window.get_by_role("link", name="更新项目信息").click()


def test_what_is_typed_is_looked_at_kept_through_a_sign_out_and_forgotten_once_it_is_sent(
    address: str, window: Page
) -> None:
    """谭丽 mistypes a code, loses her session, finds her words again, loses the network, and saves at last."""
    open_facts(window, address)
    code, why = window.locator("#facts-code"), window.locator("#facts-reason")

    code.fill("2406-990102-04-01-317468")
    expect(window.get_by_text("校验位不对")).to_be_visible()
    code.fill("2406-990102-04-01-317469")
    expect(window.get_by_text("校验位不对")).to_be_hidden()
    why.fill("可研批复核定投资")

    window.context.clear_cookies()
    open_facts(window, address)
    expect(window.get_by_text("已恢复您上次未提交的内容")).to_be_visible()
    assert why.input_value() == "可研批复核定投资"
    window.get_by_role("button", name="清除").click()
    assert (why.input_value(), code.input_value()) == ("", "")
    assert window.evaluate("sessionStorage.length") == 0

    why.fill("补填项目代码")
    code.fill("2406-990102-04-01-317469")
    window.context.set_offline(True)
    window.get_by_role("button", name="保存").click()
    expect(window.get_by_text("连不上服务器，没有提交。")).to_be_visible()
    assert why.input_value() == "补填项目代码"

    window.context.set_offline(False)
    window.get_by_role("button", name="保存").click()
    expect(window.get_by_text("项目信息已更新")).to_be_visible()
    assert window.evaluate("sessionStorage.length") == 0
    window.get_by_role("link", name="更新项目信息").click()
    expect(window.get_by_text("已恢复")).to_be_hidden()


def test_signing_out_leaves_nothing_behind_and_nobody_else_is_shown_what_was_typed(
    address: str, window: Page
) -> None:
    """谭丽 leaves her words in the tab; 杨帆 sees none of them; when she signs out they are gone."""
    open_facts(window, address)
    window.locator("#facts-reason").fill("只有我知道的原因")
    facts = window.url

    window.context.clear_cookies()
    window.goto(address)
    sign_in(window, "S3")
    window.goto(facts)
    assert window.locator("#facts-reason").input_value() == ""
    window.get_by_role("button", name="退出").click()
    expect(window.get_by_label("密码")).to_be_visible()

    assert window.evaluate("sessionStorage.length") == 0


def test_sums_are_added_up_while_somebody_types_and_figures_named(address: str, window: Page) -> None:
    open_facts(window, address)
    total, building, reserve = (
        window.locator(f"{FACTS} [name='fact.{key}']") for key in ("total", "building", "reserve")
    )

    building.fill("12,000")
    reserve.fill("６６８")
    total.fill("12680美元")
    expect(window.get_by_text("请填写数字")).to_be_visible()
    total.fill("1.268亿元")
    expect(window.get_by_text("请填写数字")).to_be_hidden()
    apart = "分项合计12,668.00万元，与总投资相差12.00万元。请核对。"
    expect(window.get_by_text(apart)).to_be_visible()
    window.get_by_role("button", name="保存").click()
    expect(window.get_by_role("alert").get_by_text("与总投资相差12.00万元")).to_be_visible()
    reserve.fill("680")
    expect(window.locator("[data-sum]")).to_be_empty()


def test_what_comes_back_sets_nothing_back_that_was_changed_meanwhile(address: str, window: Page) -> None:
    """谭丽 begins to type, closes the page, enters a code elsewhere, and finds her words beside the new code."""
    code, why = window.locator("#facts-code"), window.locator("#facts-reason")
    open_facts(window, address)
    why.fill("可研批复核定投资")
    elsewhere = window.context.new_page()
    open_facts(elsewhere, address)
    elsewhere.locator("#facts-code").fill("2406-990102-04-01-317469")
    elsewhere.get_by_role("button", name="保存").click()
    expect(elsewhere.get_by_text("项目信息已更新")).to_be_visible()

    open_facts(window, address)

    expect(why).to_have_value("可研批复核定投资")
    expect(code).to_have_value("2406-990102-04-01-317469")
