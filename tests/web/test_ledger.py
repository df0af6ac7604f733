"""台账 out: every project of the list with typed cells, and no text that a spreadsheet would run."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from openpyxl import Workbook, load_workbook

from api.prints.workbook import COLUMNS, LedgerBook
from tests.web.conftest import City, SignIn
from tests.web.desk import Desk
from tests.world import World
from workflow import queries
from workflow.clock import local_day
from workflow.queries import Filters
from workflow.queries.ledger import LedgerRow
from workflow.queries.words import LIGHTS, Due

TITLES = [title for title, _ in COLUMNS]


def taken(desk: Desk, query: str = "") -> Any:
    """What the browser is given for the ledger of that list."""
    page = desk.open(f"/projects{query}")
    csrf = page.form("/sign-out").values["csrf"]
    headers = {"Accept": "text/html", "Origin": "http://127.0.0.1"}
    return desk.client.post(f"/projects/ledger.xlsx{query}", data={"csrf": csrf}, headers=headers)


def opened(desk: Desk, query: str = "") -> Workbook:
    answer = taken(desk, query)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    return load_workbook(io.BytesIO(answer.content))


def rows(book: Workbook) -> list[dict[str, Any]]:
    """The ledger as a reader sees it: each row by the titles of its columns."""
    lines = list(book["台账"].iter_rows(values_only=True))
    return [dict(zip(map(str, lines[0]), line, strict=True)) for line in lines[1:]]


def written(*found: LedgerRow, sums: tuple[str, ...] = ()) -> Workbook:
    book, file = LedgerBook(sums), io.BytesIO()
    book.add(found)
    book.save(file, [("筛选", "=cmd()"), ("项目数", len(found))])
    return load_workbook(file)


def midnight(year: int, month: int, day: int) -> datetime:
    """A day as the reading library gives it back."""
    return datetime.combine(date(year, month, day), time())


def row(**changed: Any) -> LedgerRow:
    values: dict[str, Any] = {
        "ref": "r", "title": "便民服务点", "code": "", "type_title": "服务点", "unit": "规划财务股",
        "clerk": "谭丽", "state": "在办", "phase": "", "stage": "", "others": 0, "holder": "", "due": None,
        "own": LIGHTS["none"], "outside": LIGHTS["none"], "validity": LIGHTS["none"], "valid_until": None,
        "sums": {},
    }  # fmt: skip
    return LedgerRow(**{**values, **changed})


def test_the_ledger_holds_every_project_with_dates_as_dates_and_sums_as_numbers(
    city: City, sign_in: SignIn
) -> None:
    book = opened(sign_in("jianghui"))

    found = {line["项目"]: line for line in rows(book)}
    home = found["大院社区综合养老服务中心改造"]
    complex_ = found["特困人员供养服务综合体"]
    assert len(found) == 6
    assert home["到期日"] == midnight(2026, 11, 13)
    assert home["在谁手里"] == "李国栋"
    assert home["本局"] == "■ 超期"
    assert home["总投资（万元）"] == 386
    assert complex_["失能护理中心投资（万元）"] == 6180
    assert "本局推算" in complex_["到期说明"]
    assert home["失能护理中心投资（万元）"] is None


def test_the_ledger_is_ready_to_read_and_to_print(city: City, sign_in: SignIn) -> None:
    sheet = opened(sign_in("jianghui"))["台账"]

    money = sheet.cell(2, len(COLUMNS) + 1)
    assert sheet.freeze_panes == "B2"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
        "landscape",
        1,
        0,
    )
    assert sheet.sheet_properties.pageSetUpPr is not None
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert str(sheet.auto_filter.ref).startswith("A1:")
    assert sheet.column_dimensions["A"].width == 36
    assert money.number_format == "#,##0.00"


def test_a_note_says_what_the_ledger_is(city: City, sign_in: SignIn) -> None:
    desk = sign_in("chenwenjuan")
    answer = taken(desk, "?light=own-red")
    book = load_workbook(io.BytesIO(answer.content))

    note = {str(title): value for title, value in book["说明"].iter_rows(values_only=True)}
    assert [line["项目"] for line in rows(book)] == ["大院社区综合养老服务中心改造"]
    assert note["筛选"] == "本局超期"
    assert note["项目数"] == 1
    assert note["导出人"] == "陈文娟（澴阳区民政局）"
    assert note["导出日期"] == midnight(2026, 11, 23)
    assert unquote(answer.headers["content-disposition"]).endswith("项目台账-本局超期-2026-11-23.xlsx")


def test_a_ledger_that_was_taken_is_on_the_record_with_its_filter_and_count(sign_in: SignIn) -> None:
    taken(sign_in("chenwenjuan"), "?light=own-red")

    page = sign_in("jianghui").open("/audit?kind=settings")

    assert "陈文娟导出了项目台账，共1个项目（本局超期）。" in page.words


def test_a_ledger_is_not_taken_by_following_a_link(sign_in: SignIn) -> None:
    assert sign_in("chenwenjuan").client.get("/projects/ledger.xlsx").status_code == 404


def test_nobody_reads_projects_or_sums_of_others_in_a_ledger(city: City, sign_in: SignIn) -> None:
    desk = sign_in("tanli")

    mine = {line["项目"] for line in rows(opened(desk))}
    asked = rows(opened(desk, "?text=大院社区"))

    assert mine == {"特困人员供养服务综合体", "县级公益性公墓扩建"}
    assert asked == []
    assert "总投资（万元）" not in [cell.value for cell in opened(desk, "?text=大院社区")["台账"][1]]


def test_the_ledger_is_reached_from_the_list_with_its_filters(city: City, sign_in: SignIn) -> None:
    page = sign_in("chenwenjuan").open("/projects?light=own-red&state=active")

    assert page.has_form("/projects/ledger.xlsx?light=own-red&state=active")
    assert "/projects/print.pdf?light=own-red&state=active&size=a3" in page.links


@pytest.mark.parametrize(
    "hostile",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "＝1+1",
        '=HYPERLINK("http://evil.test")',
        "=",
        "2026-01-05",
        "007",
    ],
)
def test_text_that_looks_like_a_formula_stays_text(hostile: str) -> None:
    cell = written(row(title=hostile))["台账"].cell(2, 1)

    assert (cell.data_type, cell.value) == ("s", hostile)
    assert cell.number_format == "@"


def test_text_that_no_cell_may_hold_is_trimmed_not_fatal() -> None:
    sheet = written(row(title="\x00\x07甲" + "长" * 40_000, unit="\r=1"))["台账"]

    assert str(sheet.cell(2, 1).value)[:2] == "甲长"
    assert len(str(sheet.cell(2, 1).value)) == 32_767
    assert sheet.cell(2, 4).data_type == "s"


def test_sums_days_and_gaps_are_what_they_are() -> None:
    due = Due(date(2027, 1, 5), "1月5日（暂定）", LIGHTS["yellow"], True, True)
    sums = ("总投资（万元）", "预备费（万元）")
    sheet = written(row(due=due, sums={"总投资（万元）": Decimal("1234567.89")}), sums=sums)["台账"]

    total, reserve = (sheet.cell(2, len(COLUMNS) + place) for place in (1, 2))
    day: Any = sheet.cell(2, TITLES.index("到期日") + 1)
    assert (total.data_type, total.value, reserve.value) == ("n", 1234567.89, None)
    assert (day.is_date, day.value, day.number_format) == (True, midnight(2027, 1, 5), "yyyy-mm-dd")
    assert sheet.cell(2, TITLES.index("到期说明") + 1).value == "1月5日（暂定）（本局推算，以对方为准）"


def test_the_ledger_is_read_in_chunks_each_project_once(world: World) -> None:
    refs = [world.register("hall").ref for _ in range(5)]
    day, clerk = local_day(world.now), world.people["谭丽"]

    found: list[str] = []
    before = 0
    while True:
        chunk = world.store.read(
            queries.ledger, person=clerk, day=day, filters=Filters(), before=before, most=2
        )
        assert len(chunk.rows) <= 2
        found += [each.ref for each in chunk.rows]
        before = chunk.after
        if not before:
            break
    head = world.store.read(queries.ledger_head, person=clerk, day=day, filters=Filters(type="hall"))

    assert found == refs[::-1]
    assert head.count == 5
