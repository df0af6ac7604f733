"""A supervisor's morning, from signing in to the last item: a real browser, a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Visit, keep_picture, open_desk
from tests.web.conftest import City
from tests.web.pile import Pile
from workflow.store import Store

pytestmark = pytest.mark.browser


@pytest.fixture
def address(city: City) -> Iterator[str]:
    """On 李国栋's desk: the late review of the demo, six reviews of 刘畅's, and one entry to check; 陈文娟 issues a reply."""
    store = Store(city.url)
    store.start()
    pile = Pile(store, city)
    pile.reviews(6)
    pile.entries(1)
    pile.premises()
    store.close()
    with open_desk(city) as found:
        yield found


def row(page: Page, project: str) -> Locator:
    """The line of that project in the work list."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=project, exact=True))


def titled(number: int) -> str:
    """How the pile calls its projects."""
    return f"第{number}社区养老服务中心改造"


def decide_beside_the_paper(page: Page) -> None:
    """The late one is read first: the paper and the buttons are in sight together."""
    page.get_by_role("link", name="概算审核").click()
    approve = page.get_by_role("button", name="同意", exact=True)
    expect(page.locator("iframe[name=reader]")).to_be_in_viewport()
    expect(approve).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="资料齐全，拟同意。").click()
    expect(page.get_by_label("意见", exact=True)).to_have_value("资料齐全，拟同意。")
    keep_picture(page, "supervisor-beside-the-paper")
    approve.click()
    expect(page.get_by_role("status")).to_contain_text("已同意，现在在陈文娟处（分管领导审签中）。")
    expect(page.locator("#act")).not_to_contain_text("不在您手中")


def return_with_items(page: Page) -> None:
    """One goes back from the list; the list keeps in sight which one it is, and what is lacking is asked for."""
    page.get_by_role("link", name="我的待办").first.click()
    row(page, titled(1)).get_by_role("link", name="就地审批").click()
    expect(row(page, titled(1)).get_by_role("link", name=titled(1))).to_be_in_viewport(ratio=1)
    page.get_by_label("意见", exact=True).fill("测算口径不清。")
    page.get_by_label("加一项，针对哪份材料").select_option("需求测算")
    page.keyboard.type("补人口口径")
    expect(page.get_by_label("需修改事项")).to_have_value("需求测算：补人口口径")
    expect(page.get_by_role("button", name="退回", exact=True)).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="退回", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(f"{titled(1)}·谋划入库：已退回，现在在刘畅处")


def approve_three_together(page: Page) -> None:
    """Three are ticked by keys, listed with what they rest on, and done by one press."""
    page.locator("h1").click()
    for _ in range(3):
        page.keyboard.press("j")
        page.keyboard.press("x")
    page.get_by_role("button", name="同意所选 3 件").click()
    for number in (2, 3, 4):
        expect(row_of_papers(page, titled(number))).to_contain_text("需求测算 第1版")
    page.get_by_label("常用语").select_option("同意报送。")
    keep_picture(page, "supervisor-three-together")
    page.get_by_role("button", name="同意这 3 件").click()
    expect(page.get_by_role("status")).to_contain_text("已同意 3 件。")


def row_of_papers(page: Page, project: str) -> Locator:
    """The line of that project among those to be done together."""
    return page.get_by_role("row").filter(has_text=project)


def check_an_entry(page: Page) -> None:
    """What 刘畅 took over is compared with its original, in place."""
    page.get_by_role("link", name="返回我的待办").click()
    row(page, titled(7)).get_by_role("link", name="就地核对").click()
    expect(row(page, titled(7))).to_contain_text("澴发改储〔2026〕7号")
    page.get_by_role("button", name="与原件一致，确认").click()
    expect(page.get_by_role("status")).to_contain_text("已核对，登记生效")


def approve_on_the_phone(page: Page) -> None:
    """On the way home: an item is opened with its name in sight; what is ticked stays so, its button at the foot."""
    row(page, titled(5)).get_by_role("checkbox").check()
    row(page, titled(6)).get_by_role("link", name="就地审批").click()
    expect(row(page, titled(6)).get_by_role("link", name=titled(6))).to_be_in_viewport(ratio=1)
    together = page.get_by_role("button", name="同意所选 1 件")
    expect(together).to_be_in_viewport(ratio=1)
    keep_picture(page, "supervisor-phone")
    together.click()
    page.get_by_role("button", name="同意这 1 件").click()
    expect(page.get_by_role("status")).to_contain_text("已同意 1 件。")


def test_a_supervisor_clears_the_morning(visit: Visit) -> None:
    desk = visit("liguodong")
    expect(desk.get_by_text("待审批 7", exact=True)).to_be_visible()
    keep_picture(desk, "supervisor-work-list")

    decide_beside_the_paper(desk)
    return_with_items(desk)
    approve_three_together(desk)
    check_an_entry(desk)
    approve_on_the_phone(visit("liguodong", PHONE))

    desk.goto("/")
    expect(desk.get_by_text("待审批 1", exact=True)).to_be_visible()
    clerk = visit("liuchang")
    row(clerk, titled(1)).get_by_role("link", name="谋划入库").click()
    expect(clerk.get_by_text("李国栋 2026-11-23 10:00 退回：测算口径不清。")).to_be_visible()
    expect(clerk.get_by_text("需求测算：补人口口径", exact=True)).to_be_visible()


def test_the_last_decision_shows_every_field_beside_the_paper_without_a_scroller_of_its_own(
    visit: Visit,
) -> None:
    """陈文娟 issues the reply of 房源核验: only the page scrolls, and the paper stays beside what she fills in."""
    desk = visit("chenwenjuan")
    desk.goto("/projects/pile-8/stages/premises")
    expect(desk.locator("iframe[name=reader]")).to_be_in_viewport()
    keep_picture(desk, "supervisor-issues")

    scrolls = "each => [...each.querySelectorAll('*')].filter(it => getComputedStyle(it).overflowY === 'auto' && it.scrollHeight > it.clientHeight).length"
    assert desk.locator("#act").evaluate(scrolls) == 0
    approve = desk.get_by_role("button", name="同意", exact=True)
    approve.scroll_into_view_if_needed()
    expect(approve).to_be_in_viewport(ratio=1)
    expect(desk.locator("iframe[name=reader]")).to_be_in_viewport(ratio=0.9)
