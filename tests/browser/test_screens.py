"""The desk in a real browser: on the office screen and on a phone, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser.conftest import open_desk
from tests.web.conftest import City

pytestmark = pytest.mark.browser

SCREENS = {"office": (1366, 768), "phone": (390, 844)}


@pytest.fixture
def desk(city: City) -> Iterator[str]:
    with open_desk(city) as address:
        yield address


def enter(page: Page, desk: str, name: str) -> None:
    page.goto(f"{desk}/sign-in")
    page.get_by_role("button", name=f"以{name}登录").click()
    expect(page.get_by_role("heading", name="我的待办")).to_be_visible()


def listen(page: Page) -> list[str]:
    """Whatever the page says on its console, throws, or asks in a dialog."""
    said: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", dismiss)
    return said


def test_every_page_fits_its_screen_and_says_nothing_on_the_console(
    desk: str, city: City, browser: Browser
) -> None:
    project = f"/projects/{city.projects['D']}"
    addresses = (
        "/", "/projects", "/projects/new?type=columbarium", project, f"{project}/stages/land_filing",
        f"{project}/stages/survey_design", f"{project}/facts", f"{project}/record", "/notices", "/mailbox",
        "/types/welfare-complex", "/delegations", "/help",
    )  # fmt: skip
    for width, height in SCREENS.values():
        page = browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN")
        said = listen(page)
        enter(page, desk, "谭丽")
        for address in addresses:
            page.goto(desk + address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        page.close()
        assert said == []


def test_the_administrators_pages_fit_their_screens_too(desk: str, browser: Browser) -> None:
    addresses = (
        "/admin", "/admin/people", "/admin/people/new", "/admin/people/4", "/admin/units", "/admin/units/2",
        "/admin/delegations", "/admin/calendar?year=2027", "/admin/types", "/admin/mail", "/admin/incidents",
        "/admin/health", "/audit", "/audit/entries/20", "/audit/verification",
    )  # fmt: skip
    for width, height in SCREENS.values():
        page = browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN")
        said = listen(page)
        enter(page, desk, "顾明")
        for address in addresses:
            page.goto(desk + address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        page.close()
        assert said == []


def test_the_graph_is_a_picture_on_the_office_screen_and_a_line_of_boxes_on_a_phone(
    desk: str, city: City, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    enter(page, desk, "谭丽")
    page.goto(f"{desk}/projects/{city.projects['D']}")

    drawn = page.locator("svg.graph").get_by_role("link", name="土地报备，")
    expect(drawn).to_be_visible()
    assert "超17个工作日" in (drawn.get_attribute("aria-label") or "")
    assert page.evaluate("document.querySelector('svg.graph').getBoundingClientRect().right <= 1366")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(drawn).to_be_hidden()
    page.locator(".strip").get_by_role("link", name="土地报备", exact=True).click()
    expect(page.get_by_role("heading", name="土地报备", exact=True)).to_be_visible()
    page.close()


def test_a_review_is_done_without_javascript(desk: str, city: City, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    enter(page, desk, "李国栋")

    page.get_by_role("link", name="概算审核").click()
    page.get_by_label("意见", exact=False).first.fill("资料齐全，拟同意。")
    page.get_by_role("button", name="同意", exact=True).click()

    expect(page.get_by_role("status")).to_have_text("已同意，现在在陈文娟处（分管领导审签中）。")
    context.close()


def test_the_keyboard_finds_lists_and_phrases(desk: str, browser: Browser) -> None:
    page = browser.new_page(locale="zh-CN")
    enter(page, desk, "谭丽")

    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="查找项目")).to_be_focused()
    page.keyboard.type("特困")
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects?*")
    page.locator("h1").click()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="特困人员供养服务综合体")).to_be_focused()
    page.close()


def test_hostile_words_stay_words(desk: str, city: City, browser: Browser) -> None:
    page = browser.new_page(locale="zh-CN")
    ran = listen(page)
    enter(page, desk, "李国栋")
    page.goto(f"{desk}/projects/{city.projects['E']}/stages/budget_review")
    hostile = "</textarea></span><script>alert(1)</script><svg onload=alert(2)><img src=x onerror=alert(3)>"
    page.get_by_text("提交情况说明", exact=True).first.click()
    page.get_by_label("情况说明", exact=True).fill(hostile)

    page.get_by_role("button", name="提交情况说明").click()

    expect(page.get_by_role("status")).to_have_text("情况说明已记入，再有提醒时一并告知。")
    expect(page.locator(".record").first).to_contain_text("<script>alert(1)</script>")
    page.goto(f"{desk}/projects/{city.projects['E']}")
    assert ran == []
    page.close()
