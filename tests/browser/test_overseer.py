"""蒋慧 oversees the city: who is late, who was told what; she narrows the record, takes it along and verifies it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Visit, keep_picture

pytestmark = pytest.mark.browser

LATE = "大院社区综合养老服务中心改造"


def export(page: Page, name: str, folder: Path) -> Path:
    """The record as the page shows it, exported in the format of that name; the page stays as it is."""
    page.get_by_label("按以上条件导出").select_option(label=name)
    with page.expect_download() as coming:
        page.get_by_role("button", name="导出", exact=True).click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path


def counts(page: Page, name: str) -> dict[str, int]:
    """The number beside each light on this page, by its words."""
    return {
        words: int(number)
        for line in page.get_by_role("link", name=name).all_inner_texts()
        for words, number in [line.lstrip("■▲ \n").split()]
    }


def test_the_same_numbers_stand_on_every_page(visit: Visit) -> None:
    page = visit("jianghui")
    expected = {"本局超期": 1, "外部门超期": 1}
    for link in ("我的待办", "看板", "项目"):
        page.get_by_role("navigation").get_by_role("link", name=link, exact=True).click()
        page.wait_for_load_state()
        assert counts(page, "部门超期") | counts(page, "本局超期") == expected, link

    page.get_by_role("navigation").get_by_role("link", name="预警").click()
    expect(page.get_by_role("heading", name="本局超期 1 项")).to_be_visible()
    expect(page.get_by_role("heading", name="外部门超期 1 项")).to_be_visible()
    people = page.get_by_role("region", name="按办理人（本局）").locator("tbody tr")
    expect(people).to_contain_text(["李国栋", "谭丽"])
    keep_picture(page, "overseer-warnings")


def test_what_the_holder_explains_reaches_the_overseer(visit: Visit) -> None:
    chief = visit("liguodong")
    chief.get_by_role("link", name="概算审核").click()
    chief.get_by_text("提交情况说明").first.click()
    chief.locator("form[action$='/explanation'] textarea").fill("等待造价站核价结果")
    chief.locator("form[action$='/explanation'] button:not([type=button])").click()
    expect(chief.get_by_role("status").first).to_be_visible()

    page = visit("jianghui")
    page.get_by_role("link", name="逐项查看").click()

    expect(page.get_by_role("region", name="本局超期")).to_contain_text("李国栋说明：等待造价站核价结果")


def test_the_record_is_narrowed_exported_and_verified(visit: Visit, tmp_path: Path) -> None:
    page = visit("jianghui")
    page.get_by_role("navigation").get_by_role("link", name="审计").click()
    page.get_by_label("项目", exact=True).fill("大院社区")
    page.get_by_label("种类").select_option(label="时限、预警与督办")
    page.get_by_role("button", name="查找").last.click()
    rows = page.locator("table.audit tbody tr")
    expect(rows.first).to_contain_text("已提醒周建平")
    page.wait_for_load_state()
    shown = rows.count()
    assert all(LATE in each for each in rows.all_inner_texts())
    keep_picture(page, "overseer-audit")

    sheet = load_workbook(export(page, "Excel 表", tmp_path)).active
    assert sheet is not None
    told = [" ".join(str(cell) for cell in row if cell) for row in sheet.iter_rows(values_only=True)]
    assert sum(LATE in each for each in told) >= shown
    assert any("已提醒周建平" in each for each in told)
    with export(page, "CSV", tmp_path).open(encoding="utf-8-sig", newline="") as file:
        assert any("已提醒周建平" in cell for row in csv.reader(file) for cell in row)

    page.locator("table.audit tbody tr").first.get_by_role("link").last.click()
    expect(page.get_by_text("本条与其校验码相符。")).to_be_visible()


def test_verifying_the_whole_record_finds_it_as_it_was(visit: Visit) -> None:
    page = visit("jianghui")
    page.get_by_role("navigation").get_by_role("link", name="审计").click()
    page.get_by_role("link", name="核验记录、抄存校验码").click()
    held = page.locator(".info .hash").last.inner_text()

    page.get_by_label("所持校验码").fill(held)
    page.get_by_role("button", name="核验全部记录").click()
    expect(page.locator("main")).to_contain_text("由蒋慧开始")
    page.reload()

    expect(page.locator("main")).to_contain_text("全部相符")
    keep_picture(page, "overseer-verification")


def test_the_overseer_reads_it_on_a_phone(visit: Visit) -> None:
    page = visit("jianghui", PHONE)
    for name, link in (("warnings", "预警"), ("audit", "审计")):
        page.get_by_role("navigation").get_by_role("link", name=link).click()
        expect(page.locator("main")).to_contain_text("李国栋")
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        keep_picture(page, f"overseer-{name}-phone")


def test_an_entry_of_the_record_is_one_line_and_its_sentence_on_a_phone(visit: Visit) -> None:
    """Fifty entries are to be read, not scrolled through: when, of what and its number stand in one line."""
    page = visit("jianghui", PHONE)
    page.goto("/audit")
    rows = page.locator("table.audit tbody tr")
    expect(rows.first).to_be_visible()

    for row in rows.all():
        cells = (row.locator("td").first, row.locator(".of"), row.locator("td").last)
        assert len({box["y"] for cell in cells if (box := cell.bounding_box())}) == 1
