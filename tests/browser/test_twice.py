"""Two tabs, the back button, a double click, an ended session, a stale page, a lost answer: nothing lost, nothing twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import text

from api import demo
from api.demo_papers import one_page_pdf
from tests.browser.conftest import Visit
from tests.web.conftest import City
from workflow.store import read_only

pytestmark = pytest.mark.browser

NEW = "/projects/new?type=centre-conversion"
OPINION = "第3页缺取费依据，请补编制说明。"


def stage_of(city: City) -> str:
    """The stage that waits for 李国栋."""
    return f"/projects/{city.projects['E']}/stages/budget_review"


def happened(city: City, kind: str) -> int:
    """How often that stands in the record of everybody's projects."""
    asked = text("SELECT count(*) FROM event WHERE data LIKE :begins")
    with read_only(city.url) as store, store.reading() as connection:
        return int(connection.execute(asked, {"begins": f'{{"type":"{kind}"%'}).scalar_one())


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_two_tabs_decide_the_same(city: City, visit: Visit) -> None:
    """The second is told that it was done, when and by whom, and what was typed there stays in sight."""
    one = visit("liguodong")
    other = one.context.new_page()
    before = happened(city, "step.decided"), happened(city, "stage.returned")
    one.goto(stage_of(city))
    other.goto(stage_of(city))
    other.get_by_label("意见", exact=True).fill(OPINION)
    other.get_by_label("需修改事项").fill("补编制说明")

    press(one, "同意")
    expect(one.get_by_role("status").filter(has_text="已同意")).to_be_visible()
    press(other, "退回")

    alert = other.get_by_role("alert")
    expect(alert).to_contain_text("您已于")
    expect(alert).to_contain_text("您的操作未生效")
    expect(other.get_by_text("您刚才写的，未生效")).to_be_visible()
    expect(other.locator("main")).to_contain_text(OPINION)
    assert (happened(city, "step.decided"), happened(city, "stage.returned")) == (before[0] + 1, before[1])


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_double_click_decides_once(city: City, visit: Visit, *, scripts: bool) -> None:
    page = visit("liguodong", scripts=scripts)
    before = happened(city, "step.decided")
    page.goto(stage_of(city))

    page.get_by_role("button", name="同意", exact=True).dblclick()

    expect(page.get_by_role("status").filter(has_text="已同意")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert happened(city, "step.decided") == before + 1


def test_going_back_after_a_decision_shows_that_it_is_done(city: City, visit: Visit) -> None:
    page = visit("liguodong")
    before = happened(city, "step.decided")
    page.goto(stage_of(city))
    press(page, "同意")
    expect(page.get_by_role("status").filter(has_text="已同意")).to_be_visible()

    page.go_back()

    expect(page.locator("main")).to_contain_text("现在在 陈文娟 处")
    expect(page.get_by_role("button", name="同意", exact=True)).to_have_count(0)
    assert happened(city, "step.decided") == before + 1


def test_a_session_that_ends_while_somebody_types_costs_them_a_password_and_nothing_else(
    city: City, visit: Visit
) -> None:
    page = visit("liguodong").context.new_page()
    before = happened(city, "stage.returned")
    page.goto(stage_of(city))
    page.get_by_label("意见", exact=True).fill(OPINION)
    page.get_by_label("需修改事项").fill("补编制说明")
    page.context.clear_cookies()

    press(page, "退回")
    expect(page.get_by_text("填写的内容都还在")).to_be_visible()
    page.get_by_label("工号").fill("liguodong")
    page.get_by_label("密码").fill(demo.PASSWORD)
    press(page, "登录")
    expect(page.get_by_role("heading", name="请确认提交")).to_be_visible()
    expect(page.locator("dl.kept")).to_contain_text(OPINION)
    page.get_by_role("button", name="提交", exact=True).dblclick()

    expect(page.locator("main")).to_contain_text("已退回")
    assert happened(city, "stage.returned") == before + 1
    assert page.evaluate("sessionStorage.length") == 0


def test_a_paper_that_changed_under_an_opinion_is_named_and_the_opinion_stays(
    city: City, visit: Visit
) -> None:
    """刘畅 takes the file back, changes a paper and submits again, while 李国栋 is still writing."""
    chief, clerk = visit("liguodong").context.new_page(), visit("liuchang")
    before = happened(city, "step.decided")
    chief.goto(stage_of(city))
    chief.get_by_label("意见", exact=True).fill(OPINION)
    clerk.goto(stage_of(city))
    clerk.get_by_text("换一版").first.click()
    scan = {"name": "概算书.pdf", "mimeType": "application/pdf", "buffer": one_page_pdf("概算书第二版")}
    clerk.locator("details[open] input[type=file]").set_input_files(scan)  # type: ignore[arg-type]
    clerk.locator("details[open]").get_by_role("button", name="上传").click()
    expect(clerk.get_by_role("status").filter(has_text="第2版已上传")).to_be_visible()

    press(chief, "同意")

    expect(chief.get_by_role("alert")).to_contain_text("未生效")
    expect(chief.locator("main")).to_contain_text(OPINION)
    assert happened(city, "step.decided") == before


def cut_off(route: Route) -> None:
    """The request arrives; the answer does not."""
    if route.request.method == "POST":
        route.fetch(max_redirects=0)
        route.abort("connectionreset")
    else:
        route.continue_()


def test_an_answer_that_got_lost_is_asked_for_again_and_nothing_is_registered_twice(
    city: City, visit: Visit
) -> None:
    """刘畅 registers a project as the network goes down: she sees no answer, opens the page anew, and presses once more."""
    page = visit("liuchang")
    before = happened(city, "project.registered")
    page.goto(NEW)
    page.get_by_label("项目名称").fill("西门社区综合养老服务中心改造")
    page.route("**/projects/new?*", cut_off)
    press(page, "登记")
    page.wait_for_url("chrome-error://**")
    page.unroute("**/projects/new?*")
    assert happened(city, "project.registered") == before + 1

    page.goto(NEW)
    expect(page.get_by_text("再提交也不会办两次")).to_be_visible()
    expect(page.get_by_label("项目名称")).to_have_value("西门社区综合养老服务中心改造")
    press(page, "登记")

    expect(page.get_by_role("status").filter(has_text="项目已登记")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("西门社区综合养老服务中心改造")
    assert happened(city, "project.registered") == before + 1
    assert page.evaluate("sessionStorage.length") == 0


def test_a_file_that_is_empty_or_too_large_is_named_before_it_is_sent(city: City, visit: Visit) -> None:
    page = visit("tanli")
    page.goto(f"/projects/{city.projects['D']}")
    page.get_by_text("上传或登记材料").click()
    chosen = page.locator("#upload-file")

    chosen.set_input_files({"name": "空.pdf", "mimeType": "application/pdf", "buffer": b""})
    expect(page.get_by_text("这是空文件")).to_be_visible()
    page.locator("[name=document]").first.select_option(index=1)
    upload = page.locator("form", has=chosen).locator("button")
    upload.click()
    expect(chosen).to_be_focused()
    chosen.set_input_files({"name": "一.pdf", "mimeType": "application/pdf", "buffer": one_page_pdf("一")})
    expect(page.get_by_text("这是空文件")).to_be_hidden()
