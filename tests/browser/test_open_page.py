"""A page left open on somebody's screen: it says when it is no longer true, and never reloads by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.web.conftest import City

pytestmark = pytest.mark.browser


def comes_back_to(page: Page) -> None:
    """Somebody returns to the tab: the page looks at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_what_liguodong_decides_shows_on_liuchangs_open_page(city: City, visit: Visit) -> None:
    stage = f"/projects/{city.projects['E']}/stages/budget_review"
    liuchang, liguodong = visit("liuchang"), visit("liguodong")
    liuchang.goto(stage)
    said = liuchang.locator("#live")
    comes_back_to(liuchang)
    expect(said).to_be_empty()

    liguodong.goto(stage)
    liguodong.get_by_role("button", name="同意", exact=True).click()
    liguodong.get_by_role("status").filter(has_text="已同意").wait_for()
    comes_back_to(liuchang)

    expect(said).to_contain_text("本页内容已有变化")
    said.get_by_role("button", name="查看最新").click()
    expect(liuchang.locator("main")).to_contain_text("分管领导审签")


def test_an_open_page_says_that_the_sign_in_has_ended(city: City, visit: Visit) -> None:
    page = visit("liuchang")
    page.goto(f"/projects/{city.projects['E']}")
    page.context.clear_cookies()

    comes_back_to(page)

    expect(page.locator("#live")).to_contain_text("登录已过期，提交前请重新登录")
