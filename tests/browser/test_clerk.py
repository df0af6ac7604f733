"""A clerk's first day: a running project taken over, checked by a colleague, closed, and its next stage submitted."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Page, expect

from api.demo_papers import one_page_pdf
from tests.browser.conftest import PHONE, Visit, keep_picture

pytestmark = pytest.mark.browser

PROJECT = "南门社区综合养老服务中心改造"


def test_a_clerk_takes_over_a_running_project_and_submits_its_next_stage(visit: Visit) -> None:
    """刘畅 starts from an empty list; 李国栋 compares the original; in the end the file is with him."""
    clerk, chief = visit("liuchang"), visit("liguodong")

    take_over(clerk)
    enter_the_reply(clerk)
    expect_to_find_it_on_the_list(clerk)

    confirm_against_the_original(chief)
    close_the_taking_over(clerk)

    prepare_and_submit(clerk)
    see_who_holds_it(clerk, visit("liuchang", PHONE))


def take_over(clerk: Page) -> None:
    expect(clerk.get_by_text("现在没有等您办理的事项。")).to_be_visible()
    keep_picture(clerk, "clerk-empty-list")
    clerk.get_by_role("link", name="补录在办项目").click()
    clerk.get_by_role("link", name="综合养老服务中心改造").click()
    clerk.get_by_label("项目名称").fill(PROJECT)
    clerk.get_by_role("button", name="登记", exact=True).click()
    expect(clerk.get_by_role("status")).to_have_text("项目已登记。")


def enter_the_reply(clerk: Page) -> None:
    """The number is typed with the brackets that a keyboard has, and stands as it is printed."""
    form = clerk.locator("#stage-planning")
    form.get_by_label("文号", exact=True).fill("澴发改储[2026]3号")
    form.get_by_label("成文日期").fill("2026-03-12")
    form.get_by_label("原件存放处").fill("养老服务科档案柜2号")
    expect(form.get_by_label("文号", exact=True)).to_have_value("澴发改储〔2026〕3号")
    form.get_by_role("button", name="保存，录下一项").click()
    expect(clerk.get_by_role("status")).to_have_text("补录已登记，待李国栋核对原件后生效。")
    expect(clerk.locator("#stage-planning")).to_contain_text("待核对（李国栋核对）")
    expect(clerk.get_by_role("button", name="结束补录")).to_be_disabled()


def expect_to_find_it_on_the_list(clerk: Page) -> None:
    clerk.get_by_role("link", name="我的待办").click()
    note = clerk.locator(".note", has_text="正在补录 1 个项目")
    expect(note).to_contain_text("1 项待他人核对")
    keep_picture(clerk, "clerk-taking-over")
    note.get_by_role("link", name=PROJECT).click()


def confirm_against_the_original(chief: Page) -> None:
    chief.reload()
    line = chief.get_by_role("row", name=PROJECT)
    expect(line).to_contain_text("澴发改储〔2026〕3号")
    line.get_by_role("link", name="就地核对").click()
    chief.get_by_role("button", name="与原件一致，确认").click()
    expect(chief.get_by_role("status")).to_contain_text(PROJECT)


def close_the_taking_over(clerk: Page) -> None:
    clerk.reload()
    expect(clerk.locator("#stage-planning")).to_contain_text("✓ 已核对")
    clerk.get_by_role("button", name="结束补录").click()
    expect(clerk.get_by_role("status")).to_contain_text("补录已结束")


def prepare_and_submit(clerk: Page) -> None:
    clerk.get_by_role("link", name="我的待办").click()
    expect(clerk.get_by_role("row", name="房源核验")).to_contain_text("缺 2 项")
    clerk.get_by_role("link", name="房源核验").click()
    expect(clerk.get_by_role("button", name="报送", exact=True)).to_be_disabled()
    for title in ("房屋权属证明", "房屋结构安全鉴定报告"):
        upload(clerk, title)
    expect(clerk.get_by_text("下一件：")).to_be_hidden()
    keep_picture(clerk, "clerk-ready")
    clerk.get_by_role("button", name="报送", exact=True).click()
    expect(clerk.get_by_role("status")).to_have_text("已报送，现在在李国栋处（科室现场核验中）。")


def upload(clerk: Page, title: str) -> None:
    """Lay the paper in its own line, where it says 缺."""
    line = clerk.get_by_role("row", name=title)
    expect(line).to_contain_text("缺")
    line.locator("summary", has_text="上传").first.click()
    form = line.locator("details[open] form")
    paper = FilePayload(name=f"{title}.pdf", mimeType="application/pdf", buffer=one_page_pdf(title))
    form.get_by_label("文件").set_input_files(paper)
    form.locator("button").click()
    expect(clerk.get_by_role("row", name=title)).to_contain_text("✓ 第1版")


def see_who_holds_it(clerk: Page, phone: Page) -> None:
    clerk.get_by_role("link", name=PROJECT).click()
    address = clerk.url
    phone.goto(address)
    for page, name in ((clerk, "clerk-result"), (phone, "clerk-result-phone")):
        expect(page.get_by_role("row", name="房源核验")).to_contain_text("李国栋")
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        keep_picture(page, name)
