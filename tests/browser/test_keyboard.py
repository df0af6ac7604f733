"""A section chief's morning without a mouse: focus is always to be seen, and goes on from the answer to what was done."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from api import demo
from tests.browser.conftest import Visit, keep_picture

pytestmark = pytest.mark.browser


def press(page: Page, *keys: str) -> None:
    """Press keys one after another."""
    for key in keys:
        page.keyboard.press(key)


WITH_FOCUS = """() => {
  const it = document.activeElement, label = it.labels && it.labels.length ? it.labels[0] : it;
  const shown = getComputedStyle(it).outlineStyle === "solid" || it.type === "date" && !it.matches(":focus");
  return [shown, label.textContent.trim(), it.outerHTML.slice(0, 200)];
}"""
"""Whether the focus is to be seen (the calendar inside a date field draws its own), and on what it is."""


def tab_to(page: Page, words: str) -> None:
    """Tab on until the control of that label or text has the focus, which is to be seen all the way."""
    for _ in range(40):
        press(page, "Tab")
        shown, label, html = page.evaluate(WITH_FOCUS)
        assert shown, html
        if label.startswith(words):
            return
    raise AssertionError(f"{words} is not reached")


def test_a_chief_signs_in_returns_a_file_delegates_and_looks_at_warnings_by_keyboard(visit: Visit) -> None:
    """李国栋: his number, the list, a return with an item to mend, a delegation, the warnings."""
    page = visit("admin")

    sign_in(page)
    return_a_file(page)
    delegate(page)
    look_at_a_warning(page)


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="退出").focus()
    press(page, "Enter")
    page.wait_for_url("**/sign-in*")
    expect(page.get_by_label("工号")).to_be_focused()
    page.keyboard.type("liguodong")
    press(page, "Tab")
    page.keyboard.type(demo.PASSWORD)
    press(page, "Enter")
    expect(page.get_by_role("heading", name="我的待办")).to_be_visible()


def return_a_file(page: Page) -> None:
    press(page, "ArrowDown", "Enter")
    expect(page.get_by_role("heading", name="概算审核", level=1)).to_be_visible()
    tab_to(page, "意见")
    page.keyboard.type("口径前后不一致，请核对。")
    tab_to(page, "需修改事项")
    page.keyboard.type("改造工程概算书：补询价记录")
    tab_to(page, "退回")
    press(page, "Enter")
    expect(page.get_by_role("status").filter(has_text="已退回，现在在刘畅处")).to_be_visible()
    expect(page.locator(".flash")).to_be_focused()
    keep_picture(page, "keyboard-returned")


def delegate(page: Page) -> None:
    page.goto("/delegations")
    tab_to(page, "代理人")
    press(page, "ArrowDown")
    for label, day in (("从", "11242026"), ("到", "11252026")):
        tab_to(page, label)
        page.keyboard.type(day)
    tab_to(page, "原因")
    page.keyboard.type("外出培训")
    press(page, "Enter")
    expect(page.locator(".flash")).to_contain_text("已委托")
    expect(page.locator(".flash")).to_be_focused()


def look_at_a_warning(page: Page) -> None:
    page.goto("/warnings")
    tab_to(page, "可研批复")
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("预警")


def test_one_leaps_over_the_paper_that_is_open_beside_the_verdict(visit: Visit) -> None:
    """The browser's own viewer takes a dozen tabs; 李国栋 has read the paper and goes on to his opinion."""
    page = visit("liguodong")
    press(page, "ArrowDown", "Enter")
    expect(page.get_by_role("heading", name="概算审核", level=1)).to_be_visible()
    page.goto(page.url.partition("#")[0])

    tab_to(page, "下一件")
    tab_to(page, "跳过材料，填写意见")
    expect(page.get_by_role("link", name="跳过材料，填写意见")).to_be_in_viewport()
    press(page, "Enter", "Tab")

    expect(page.get_by_label("意见", exact=True)).to_be_focused()
