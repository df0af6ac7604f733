"""A supervisor clears ten items: in a real browser, with JavaScript and its keys, and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import open_desk
from tests.browser.test_screens import enter, listen
from tests.web.conftest import City
from tests.web.pile import STAGE, Pile
from workflow.store import Store

pytestmark = pytest.mark.browser

OFFICE = ViewportSize(width=1366, height=768)


@pytest.fixture
def refs(city: City) -> list[str]:
    """Nine reviews beside the late one of the demo: ten wait for 李国栋."""
    store = Store(city.url)
    store.start()
    found = Pile(store, city).reviews(9)
    store.close()
    return found


@pytest.fixture
def desk(refs: list[str], city: City) -> Iterator[str]:
    with open_desk(city) as address:
        yield address


def clear_the_late_one(page: Page) -> None:
    """The one that needs reading: by its own page, the paper beside the verdict."""
    page.get_by_role("link", name="概算审核").click()
    verdict = page.get_by_role("button", name="同意", exact=True)
    expect(verdict).to_be_in_viewport(ratio=1)
    expect(page.locator("iframe[name=reader]")).to_be_in_viewport()
    page.get_by_label("意见", exact=True).fill("概算合理，拟同意。")
    verdict.click()
    expect(page.get_by_role("status")).to_have_text("已同意，现在在陈文娟处（分管领导审签中）。")


def returned_in_place(page: Page, desk: str, ref: str) -> None:
    """One goes back with its items, without leaving the list."""
    page.goto(f"{desk}/?open={ref}/{STAGE}#open")
    page.get_by_label("意见", exact=True).fill("口径不清。")
    page.get_by_label("需修改事项").fill("需求测算：补人口口径")
    page.get_by_role("button", name="退回", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已退回，现在在刘畅处（准备材料）。")


def test_ten_items_are_cleared_with_the_keyboard(desk: str, browser: Browser, refs: list[str]) -> None:
    page = browser.new_page(viewport=OFFICE, locale="zh-CN")
    said = listen(page)
    enter(page, desk, "李国栋")
    clear_the_late_one(page)
    returned_in_place(page, desk, refs[0])

    page.locator("h1").click()
    for _ in range(8):
        page.keyboard.press("j")
        page.keyboard.press("x")
    page.get_by_role("button", name="同意所选 8 件").click()
    expect(page.get_by_role("heading", name="同意所选 8 件")).to_be_visible()
    page.get_by_label("常用语").select_option("资料齐全，拟同意。")
    expect(page.get_by_label("意见", exact=True)).to_have_value("资料齐全，拟同意。")
    page.get_by_role("button", name="同意这 8 件").click()

    expect(page.get_by_role("status")).to_have_text("已同意 8 件。")
    page.goto(desk)
    expect(page.get_by_text("现在没有等您办理的事项")).to_be_visible()
    assert said == []
    page.close()


def test_enter_goes_on_with_what_is_ticked_and_all_are_ticked_at_once(
    desk: str, browser: Browser, refs: list[str]
) -> None:
    assert len(refs) == 9
    page = browser.new_page(viewport=OFFICE, locale="zh-CN")
    said = listen(page)
    enter(page, desk, "李国栋")
    expect(page.get_by_text("键盘：上下键移动，回车打开，x 勾选；勾选后回车一并办理")).to_be_visible()

    page.locator("h1").click()
    for key in ("j", "x", "j", "x", "j", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="同意所选 2 件")).to_be_visible()
    page.goto(desk)
    every = page.get_by_label("全选")
    every.check()
    expect(page.get_by_role("button", name="同意所选 10 件")).to_be_visible()
    every.uncheck()
    expect(page.get_by_role("button", name="同意所选", exact=True)).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="概算审核", exact=True)).to_be_visible()
    assert said == []
    page.close()


def test_ten_items_are_cleared_without_javascript_on_a_phone(
    desk: str, browser: Browser, refs: list[str]
) -> None:
    context = browser.new_context(
        java_script_enabled=False, locale="zh-CN", viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    enter(page, desk, "李国栋")
    page.get_by_role("link", name="概算审核").click()
    page.get_by_label("常用语").select_option("资料齐全，拟同意。")
    page.get_by_role("button", name="同意", exact=True).click()
    expect(page.get_by_text("意见：资料齐全，拟同意").first).to_be_visible()
    returned_in_place(page, desk, refs[0])

    page.wait_for_load_state()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="同意所选").click()
    page.get_by_label("常用语").select_option("同意。")
    page.get_by_role("button", name="同意这 8 件").click()

    expect(page.get_by_role("status")).to_have_text("已同意 8 件。")
    context.close()


def test_papers_are_turned_over_beside_what_is_being_typed(
    desk: str,
    city: City,
    browser: Browser,
) -> None:
    page = browser.new_page(viewport=OFFICE, locale="zh-CN")
    said = listen(page)
    enter(page, desk, "李国栋")
    page.goto(f"{desk}/projects/{city.projects['E']}/stages/budget_review")
    page.get_by_label("意见", exact=True).fill("写到一半")
    first = page.frame(name="reader")
    assert first is not None
    shown = first.url

    page.get_by_role("button", name="下一件", exact=True).click()

    expect(page.get_by_text("第 2 件，共 3 件")).to_be_visible()
    page.wait_for_function(
        "shown => frames[0] && document.querySelector('[data-papers] a[aria-current]').href !== shown",
        arg=shown,
    )
    expect(page.get_by_label("意见", exact=True)).to_have_value("写到一半")
    page.get_by_label("加一项，针对哪份材料").select_option("改造工程概算书")
    expect(page.get_by_label("需修改事项")).to_have_value("改造工程概算书：")
    assert said == []
    page.close()


def test_on_a_phone_the_button_comes_to_the_foot_once_something_is_ticked(
    city: City, browser: Browser
) -> None:
    """Replies taken over, held against their originals with one hand."""
    store = Store(city.url)
    store.start()
    Pile(store, city).entries(6)
    store.close()
    page = browser.new_page(viewport=ViewportSize(width=390, height=844), locale="zh-CN")
    said = listen(page)
    with open_desk(city) as desk:
        enter(page, desk, "李国栋")
        page.goto(f"{desk}/checks")

        page.get_by_role("checkbox").first.check()

        button = page.get_by_role("button", name="与原件一致，确认所选 1 件")
        expect(button).to_be_in_viewport(ratio=1)
        button.click()
        expect(page.get_by_role("status")).to_have_text("所选各项已确认，登记生效。")
    assert said == []
    page.close()
