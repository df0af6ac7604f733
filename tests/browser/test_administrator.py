"""顾明's day: 李国栋 leaves, 何静 comes, 2027 is announced; from sign-in to result, at both widths."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Visit, keep_picture

pytestmark = pytest.mark.browser

OWN = "liu-shui-bu-zheng-xian"
ANNOUNCED = """\
year: 2027
status: official
source: 国务院办公厅关于2027年部分节假日安排的通知（国办发明电〔2026〕9号）
off:
  - {days: [2027-01-01, 2027-01-03], why: 元旦}
  - {days: [2027-02-05, 2027-02-11], why: 春节}
  - {days: 2027-04-05, why: 清明节}
  - {days: [2027-05-01, 2027-05-05], why: 劳动节}
  - {days: 2027-06-09, why: 端午节}
  - {days: 2027-09-15, why: 中秋节}
  - {days: [2027-10-01, 2027-10-07], why: 国庆节}
work:
  - {day: 2027-02-14, why: 春节调休}
"""


def test_a_chief_leaves_and_his_work_finds_the_next_one(visit: Visit) -> None:
    admin = visit("admin")
    disable(admin, "李国栋")
    expect(admin.get_by_role("link", name=re.compile("无人办理"))).to_be_visible()
    keep_picture(admin, "administrator-left")

    first = add_chief(admin, "何静", "hejing")
    hejing = visit("hejing", PHONE, password=first, arrives="/password")
    choose_password(hejing, first)
    close_incident(admin)

    hejing.goto("/")
    expect(hejing.get_by_role("link", name="概算审核").first).to_be_visible()
    keep_picture(hejing, "administrator-first-work-phone")


def test_a_mistake_in_a_type_leads_to_its_line(visit: Visit) -> None:
    """顾明 misspells a post somewhere in 900 lines: the finding shows the line, and selects it in the text."""
    admin = visit("admin")
    admin.goto("/admin/types?type=centre-conversion")
    text = admin.get_by_label("或在此填写、修改")
    text.fill(text.input_value().replace("by: deputy_director", "by: deputy", 1))
    admin.get_by_role("button", name="检查").click()
    keep_picture(admin, "administrator-type-mistake")
    admin.get_by_role("alert").get_by_role("link").click()

    chosen = text.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert chosen == "      - sign: {title: 分管领导审签, by: deputy, within: 1 workday}"
    assert text.evaluate("area => area.scrollTop > 500 && document.activeElement === area")


def test_what_a_year_moves_is_seen_before_it_is_loaded(visit: Visit) -> None:
    admin = visit("admin", PHONE)
    admin.goto("/admin/calendar?year=2027")
    admin.get_by_label("或在此填写、修改").fill(ANNOUNCED)
    admin.get_by_role("button", name="看看会改变什么").click()
    expect(admin.get_by_role("heading", name="载入2027年会改变什么")).to_be_visible()
    expect(admin.get_by_role("listitem").filter(has_text="春节调休")).to_be_visible()
    keep_picture(admin, "administrator-calendar-phone")

    admin.get_by_role("button", name="载入2027年").click()
    expect(admin.get_by_role("status")).to_contain_text("工作日历已载入")
    expect(admin.get_by_role("row", name=re.compile("2027年"))).to_contain_text("已公布")


def disable(admin: Page, name: str) -> None:
    """Disable an account, having read what would be left."""
    admin.goto("/admin/people")
    admin.get_by_role("link", name=name).click()
    expect(admin.get_by_text("停用后，“科室审核”1件无人办理")).to_be_visible()
    keep_picture(admin, "administrator-before-disabling")
    admin.get_by_role("button", name=f"停用{name}的账号").click()
    expect(admin.get_by_role("status").filter(has_text="账号已停用")).to_be_visible()
    admin.goto("/admin")


def add_chief(admin: Page, name: str, staff_number: str) -> str:
    """Enter somebody as chief of 澴阳区民政局; answers the first password."""
    admin.get_by_role("link", name="人员", exact=True).click()
    admin.get_by_role("link", name="登记人员").click()
    admin.get_by_label("姓名").fill(name)
    admin.get_by_label("工号").fill(staff_number)
    first = admin.get_by_label("首次密码").input_value()
    admin.get_by_role("button", name="登记", exact=True).click()
    expect(admin.get_by_text("人员已登记，请为其授岗。")).to_be_visible()
    admin.get_by_label("单位").select_option(label="　澴阳区民政局")
    admin.get_by_label("岗位", exact=True).select_option("section_chief")
    admin.get_by_role("button", name="授岗").click()
    expect(admin.get_by_text("岗位已授予。")).to_be_visible()
    keep_picture(admin, "administrator-new-person")
    return first


def choose_password(page: Page, first: str) -> None:
    """The first sign-in: one's own password before anything else, then in with it."""
    expect(page.get_by_text("由他人设置")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    keep_picture(page, "administrator-first-password-phone")
    page.get_by_label("现在的密码").fill(first)
    page.get_by_label("新密码").fill(OWN)
    page.get_by_role("button", name="更改").click()
    expect(page.get_by_text("密码已更改，请用新密码登录。")).to_be_visible()
    page.get_by_label("工号").fill("hejing")
    page.get_by_label("密码").fill(OWN)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", name="我的待办")).to_be_visible()


def close_incident(admin: Page) -> None:
    """Now that somebody holds the post: let the system hand the work on, and close the incident."""
    admin.goto("/admin/incidents")
    admin.get_by_text("已补齐，重试并销号").click()
    admin.get_by_label("怎样处理的").fill("何静接任规划财务科科长")
    admin.get_by_role("button", name="销号").click()
    expect(admin.get_by_role("status").filter(has_text="异常已销号")).to_be_visible()
    expect(admin.get_by_text("没有待处理的异常。")).to_be_visible()
    keep_picture(admin, "administrator-incident-closed")
