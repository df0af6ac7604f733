"""Ten minutes before the morning meeting: a director finds the trouble, whose it is, why, and takes one page along."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import PHONE, Visit, keep_picture

pytestmark = pytest.mark.browser


def table_of(page: Page, section: str) -> list[str]:
    """The rows under that heading of 预警, each as one line of words."""
    page.wait_for_load_state()
    rows = page.get_by_role("region", name=section).locator("tbody tr")
    return [" ".join(row.split()) for row in rows.all_inner_texts()]


def sheet(page: Page, size: str) -> PdfReader:
    """The project list as the link `A4 PDF` or `A3 PDF` gives it."""
    address = page.get_by_role("link", name=f"{size} PDF").get_attribute("href")
    answer = page.request.get(str(address))
    assert answer.headers["content-type"] == "application/pdf"
    return PdfReader(io.BytesIO(answer.body()))


def printed(page: Page) -> PdfReader:
    """The page as the browser's own printing gives it, once its styles are there."""
    page.wait_for_load_state()
    return PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))


def test_zhoujianping_prepares_the_morning_meeting(visit: Visit) -> None:
    page = visit("zhoujianping")

    # what is in trouble, and in whose hands since when: before a click
    trouble = page.get_by_role("region", name="我范围内的预警")
    expect(trouble).to_contain_text("本局超期 1")
    expect(trouble).not_to_contain_text("外部门超期")
    expect(trouble).to_contain_text("概算审核 在李国栋手里，自11月11日 周三")
    keep_picture(page, "leader-home")

    # what was done about it, and what comes next
    trouble.get_by_role("link", name="逐项查看").click()
    (late,) = table_of(page, "本局超期")
    for words in ("11月16日已提醒陈文娟", "11月18日已提醒周建平", "未提交情况说明", "11月27日将提醒蒋慧"):
        assert words in late
    keep_picture(page, "leader-warnings")

    # the project's whole story, and the rule behind the limit
    page.get_by_role("link", name="大院社区综合养老服务中心改造", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("大院社区综合养老服务中心改造")
    expect(page.get_by_role("complementary", name="经过")).to_contain_text("刘畅报送了“概算审核”")
    page.get_by_role("row", name="概算审核").get_by_role("link").click()
    expect(page.get_by_text("依据：政府投资条例第13条")).to_be_visible()
    page.get_by_text("逐日说明").click()
    expect(page.get_by_text("2026-11-12 周四 第1个工作日")).to_be_visible()

    # one page of all projects
    page.get_by_role("navigation").get_by_role("link", name="看板").click()
    expect(page.locator(".sheet-of-projects tbody tr")).to_have_count(4)
    assert len(printed(page).pages) == 1
    keep_picture(page, "leader-board")
    page.get_by_role("navigation").get_by_role("link", name="项目", exact=True).click()
    for size in ("A4", "A3"):
        (only,) = sheet(page, size).pages
        assert "大院社区" in only.extract_text()


def test_madexing_sees_that_the_other_office_is_late_and_not_his_clerk(visit: Visit) -> None:
    page = visit("madexing")

    page.get_by_role("link", name="逐项查看").click()

    (late,) = table_of(page, "外部门超期")
    assert "县自然资源和规划局 9月18日 周五" in late
    assert "11月17日已拟商请函（未发）" in late
    (person,) = table_of(page, "按办理人（本局）")
    assert person.split() == ["谭丽", "经办", "0", "1"]


def test_an_old_decision_is_found_from_the_project(visit: Visit) -> None:
    page = visit("madexing")

    page.get_by_placeholder("项目名称或代码").fill("特困")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="特困人员供养服务综合体").click()
    page.get_by_role("link", name="全部经过").click()

    expect(page.locator("main")).to_contain_text("罗秀英在“土地报备”的分管领导审签中同意，意见：同意报送")


def test_the_rules_of_a_type_print_side_by_side_and_not_a_page_each(visit: Visit) -> None:
    page = visit("madexing")
    page.get_by_role("navigation").get_by_role("link", name="项目类型").click()
    page.get_by_role("link", name="特困人员供养服务综合体").click()

    page.wait_for_load_state()
    rules = page.locator("article.rules").count()

    assert len(printed(page).pages) < rules / 2


def test_warnings_fit_one_sheet_and_few_projects_are_set_larger_than_fifty(visit: Visit) -> None:
    page = visit("jianghui")
    page.goto("/warnings")
    expect(page.locator("table.alerts")).to_have_count(4)
    assert len(printed(page).pages) == 1

    page.goto("/board")
    page.emulate_media(media="print")
    expect(page.locator(".sheet-of-projects td").first).to_have_css("font-size", "10.6667px")  # 8 pt

    page.goto("/projects/print")
    expect(page.locator(".single td").first).to_have_css("font-size", "12px")  # 9 pt
    late = page.locator(".single td.red").first
    expect(late).to_have_text("■ 超期")
    expect(late.locator(".shape")).to_have_css("color", "rgb(179, 38, 30)")
    assert len(printed(page).pages) == 1


def test_a_project_on_paper_leaves_no_white_before_its_picture(visit: Visit) -> None:
    page = visit("zhoujianping")
    page.get_by_role("link", name="大院社区综合养老服务中心改造").click()

    pages = [each.extract_text() for each in printed(page).pages]

    assert all(words in pages[0] for words in ("现在由谁办理", "材料和批复", "房屋权属证明"))
    assert ["流程图" in each for each in pages] == [False] * (len(pages) - 1) + [True]


def test_the_picture_alone_fills_a_sheet_of_a3(visit: Visit) -> None:
    page = visit("jianghui")
    page.get_by_role("link", name="特困人员供养服务综合体").click()
    page.get_by_role("link", name="全图，含已办结的阶段").click()
    whole = page.url

    for address in (whole, "/types/welfare-complex"):
        page.goto(address)
        assert float(printed(page).pages[0].mediabox.width) < 900  # points
        page.get_by_role("link", name="改用 A3，字更大").click()
        (only,) = printed(page).pages
        assert float(only.mediabox.width) > 1180


@pytest.mark.parametrize("link", ["预警", "看板", "项目"])
def test_a_list_on_a_sheet_of_a4_stays_a_table(visit: Visit, link: str) -> None:
    page = visit("zhoujianping")
    page.get_by_role("navigation").get_by_role("link", name=link, exact=True).click()

    page.set_viewport_size({"width": 700, "height": 1000})  # what a browser takes A4 within its margins for
    expect(page.locator("main table thead").last).not_to_be_in_viewport()
    page.emulate_media(media="print")

    expect(page.locator("main table thead").last).to_have_css("display", "table-header-group")
    expect(page.locator("main table td").last).to_have_css("display", "table-cell")


def test_all_of_it_fits_a_phone(visit: Visit) -> None:
    page = visit("zhoujianping", PHONE)

    for name, link in (("home", ""), ("warnings", "预警"), ("board", "看板"), ("projects", "项目")):
        if link:
            page.get_by_role("navigation").get_by_role("link", name=link, exact=True).click()
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        expect(page.locator("main")).to_contain_text("李国栋" if name != "projects" else "超期")
        keep_picture(page, f"leader-{name}-phone")


def test_chenwenjuan_chases_what_is_late_from_her_phone(visit: Visit) -> None:
    """From 预警 to the form, which stands open with its day; what she sends is then among the open orders."""
    page = visit("chenwenjuan", PHONE)
    page.get_by_role("link", name="逐项查看").click()
    page.get_by_role("link", name="督办大院社区综合养老服务中心改造·概算审核").click()
    expect(page.get_by_label("答复期限")).to_have_value("2026-11-25")
    page.get_by_label("督办要求").fill("请查明卡在哪一步，写明何时可办结")
    page.get_by_role("button", name="发督办单").click()

    expect(page.get_by_role("status")).to_contain_text("督办单已发出")
    keep_picture(page, "leader-order")
    page.get_by_role("link", name="预警").click()
    (order,) = table_of(page, "督办未了结")
    for words in ("概算审核", "李国栋", "陈文娟", "11月25日 周三", "请查明卡在哪一步"):
        assert words in order
