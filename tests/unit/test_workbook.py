"""Workbooks of running projects: what is written to a template comes back the same, and every bad cell is named."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from api.intake.columns import EXAMPLE, PROJECTS, REPLIES, project_columns, reply_columns
from api.intake.names import Names
from api.intake.reading import Table, open_book, read_table
from api.intake.template import make_template, put
from api.intake.workbook import MOST_ROWS
from tests.world import definition_text
from workflow.definition import Definition
from workflow.errors import Invalid
from workflow.loader import load
from workflow.people import Directory, OrganisationView, PersonView, PostView
from workflow.rules.intake import GivenProject, GivenReply
from workflow.state import ReplyData

DIRECTORY = Directory(
    people={
        1: PersonView(1, "谭丽", "S1", "", True),
        2: PersonView(2, "李敏", "S2", "", True),
        3: PersonView(3, "李敏", "S3", "", True),
        4: PersonView(4, "=谭丽", "S4", "", True),
    },
    organisations={
        1: OrganisationView(1, 0, "云河县民政局", "1"),
        2: OrganisationView(2, 1, "规划（财务）股", "1.2"),
        3: OrganisationView(3, 1, "+养老股", "1.3"),
    },
    posts=tuple(PostView(person, 1, "clerk", "经办") for person in (1, 2, 3, 4)),
)
CLERKS = {1: "谭丽", 2: "李敏（S2）", 3: "李敏（S3）", 4: "=谭丽"}
UNITS = {1: "云河县民政局", 2: "规划(财务)股", 3: "+养老股"}
NAMES = Names(DIRECTORY, [1, 2, 3])


@cache
def hall() -> Definition:
    found = load(definition_text("hall"), "hall.yaml").definition
    assert found is not None
    return found


@cache
def template() -> bytes:
    return make_template(hall(), NAMES)


def row(**values: Any) -> dict[str, Any]:
    """A good line of 项目, with other values where they are given."""
    return {"row": "A1", "title": "东村服务点", "organisation": "云河县民政局", "clerk": "谭丽", **values}


def reply(**values: Any) -> dict[str, Any]:
    """A good line of 批复."""
    return {
        "project": "A1", "document": "立项批复", "number": "云发改审〔2025〕15号", "kept_at": "档案柜",
        "issued_on": date(2025, 3, 4), **values,
    }  # fmt: skip


def workbook(*rows: dict[str, Any], replies: tuple[dict[str, Any], ...] = ()) -> Workbook:
    """The template, filled in from the third row on."""
    book = load_workbook(BytesIO(template()))
    for title, columns, lines in (
        (PROJECTS, project_columns(hall()), rows),
        (REPLIES, reply_columns(hall()), replies),
    ):
        places = {column.key: place for place, column in enumerate(columns, 1)}
        for number, line in enumerate(lines, 3):
            for key, value in line.items():
                put(book[title].cell(number, places[key]), value)
    return book


def saved(book: Workbook) -> bytes:
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def read(book: Workbook | bytes) -> Table:
    content = book if isinstance(book, bytes) else saved(book)
    return read_table(open_book(content, "表.xlsx"), hall(), NAMES)


def cell_of(key: str, title: str = PROJECTS, number: int = 3) -> str:
    columns = project_columns(hall()) if title == PROJECTS else reply_columns(hall())
    place = [column.key for column in columns].index(key)
    return f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[place]}{number}"


def named(table: Table) -> list[tuple[str, str]]:
    return [(each.sheet, each.cell) for each in table.findings]


# The same comes back

LETTERS = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
TEXTS = st.text(LETTERS, min_size=1, max_size=30).filter(lambda words: words != EXAMPLE)
HOSTILE = st.sampled_from("=+-@").flatmap(lambda sign: TEXTS.map(lambda words: sign + words))
MONEY = st.decimals(min_value=0, max_value=10**9, places=2)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "total": MONEY,
        "area": st.decimals(min_value=0, max_value=10**5, places=4),
        "beds": st.integers(0, 10**6),
        "begins_on": st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        "indoor": st.booleans(),
        "method": st.sampled_from(["新建", "扩建"]),
        "village": TEXTS | HOSTILE,
    },
)
REPLY = st.builds(
    ReplyData,
    document=st.sampled_from(["approval_reply", "budget_reply"]),
    issued_on=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    number=TEXTS | HOSTILE | st.just(""),
    issuer=TEXTS | st.just(""),
    valid_until=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    kept_at=TEXTS | HOSTILE,
)
PROJECT = st.tuples(
    TEXTS | HOSTILE, st.sampled_from([1, 2, 3]), st.sampled_from([1, 2, 3, 4]), FACTS,
    st.lists(st.tuples(REPLY, st.booleans()), max_size=3),
)  # fmt: skip


def spelled(value: Any) -> str:
    """A fact as rows spell it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return str(value)
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text.rstrip("0").rstrip(".") or "0" if not isinstance(value, date | str) else text


@settings(max_examples=40)
@given(st.lists(PROJECT, min_size=1, max_size=6))
def test_what_is_written_to_the_template_is_read_back_the_same(projects: list[Any]) -> None:
    """Any names, amounts, days and words, also those that look like formulas."""
    lines, replies, expected = [], [], []
    for number, (title, unit, clerk, facts, given_replies) in enumerate(projects, 3):
        lines.append(
            {
                "row": f"行{number}", "title": title, "organisation": UNITS[unit], "clerk": CLERKS[clerk],
                **{f"fact.{key}": spelled(value) if isinstance(value, bool) else value for key, value in facts.items()},
            }
        )  # fmt: skip
        wanted = []
        for data, as_printed in given_replies:
            replies.append(
                {
                    "project": f"行{number}", "number": data.number, "issued_on": data.issued_on,
                    "document": {"approval_reply": "立项批复", "budget_reply": "预算批复"}[data.document],
                    "issuer": data.issuer, "valid_until": data.valid_until, "kept_at": data.kept_at,
                    "as_printed": "是" if as_printed else "否",
                }
            )  # fmt: skip
            narrow = data.number.translate({ord("０") + digit: str(digit) for digit in range(10)})
            kept = ReplyData(
                data.document, data.issued_on, narrow, data.issuer, data.valid_until, kept_at=data.kept_at
            )
            wanted.append(GivenReply(len(replies) + 2, kept, as_printed))
        known = {key: spelled(value) for key, value in facts.items()}
        expected.append(GivenProject(number, title, unit, clerk, "", known, tuple(wanted)))
    table = read(workbook(*lines, replies=tuple(replies)))

    assert table.findings == ()
    assert list(table.projects) == expected


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("fact.total", "１，２００．５", "1200.5"),
        ("fact.total", "1,200.50 万元", "1200.5"),
        ("fact.total", "0.12亿", "1200"),
        ("fact.total", "12005000元", "1200.5"),
        ("fact.total", 1200.1 + 0.2, "1200.3"),
        ("fact.area", " 1.5公顷\u3000", "1.5"),
        ("fact.beds", 120.0, "120"),
        ("fact.beds", "120张", "120"),
        ("fact.begins_on", datetime(2024, 7, 16, 9, 30), "2024-07-16"),  # noqa: DTZ001 - a cell knows no zone
        ("fact.begins_on", "2024年7月6日", "2024-07-06"),
        ("fact.begins_on", "２０２４．７．６", "2024-07-06"),
        ("fact.begins_on", 20240706, "2024-07-06"),
        ("fact.indoor", True, "是"),
        ("fact.indoor", "√", "是"),
        ("fact.village", 12, "12"),
        ("fact.village", "\u200b 东村 ", "东村"),
    ],
)
def test_what_people_type_is_taken_where_it_has_one_meaning(key: str, value: Any, text: str) -> None:
    """Width, commas, units, dates as text, spaces: exact, or not at all."""
    table = read(workbook(row(**{key: value})))

    assert (table.findings, table.projects[0].facts) == ((), {key.removeprefix("fact."): text})


def test_a_code_is_taken_however_its_dashes_were_typed() -> None:
    """Full width, long dashes, none at all."""
    for typed in (
        "2411-441900-04-01-542884",
        "２４１１－４４１９００－０４－０１－５４２８８４",
        "24114419000401542884",
    ):
        assert read(workbook(row(code=typed))).projects[0].code == "2411-441900-04-01-542884"


def test_a_number_is_taken_whatever_brackets_its_year_has() -> None:
    for typed in (
        "云发改审〔2025〕15号",
        "云发改审[2025]15号",
        "云发改审（２０２５）15号",
        "云发改审【2025】15号",
    ):
        table = read(workbook(row(), replies=(reply(number=typed),)))
        assert table.projects[0].replies[0].data.number == "云发改审〔2025〕15号"


# Every bad cell is named


BAD_PROJECTS: list[tuple[str, Any, str]] = [
    ("title", "", "项目名称没有填写"),
    ("code", 2411441900040154, "末几位可能已丢失"),
    ("organisation", "某局", "您的管辖范围内没有单位“某局”，可填：云河县民政局、规划（财务）股"),
    ("clerk", "李敏", "有2人叫“李敏”：李敏（S2）、李敏（S3）"),
    ("clerk", "王五", "没有人员“王五”"),
    ("fact.total", "约三百", "不是数字"),
    ("fact.total", "300万千瓦", "不是数字，请只填数字，单位万元"),
    ("fact.total", date(2024, 1, 1), "不是数字"),
    ("fact.total", "-5", "不是数字"),
    ("fact.beds", True, "不是数字"),
    ("fact.begins_on", "明年", "不是日期"),
    ("fact.begins_on", "2024-02-30", "不是日期"),
    ("fact.begins_on", 45489, "不是日期"),
    ("fact.indoor", "也许", "请填“是”或“否”"),
    ("fact.method", "改建", "请填新建、扩建之一"),
    ("fact.village", "村" * 501, "超过500字"),
]
BAD_REPLIES: list[tuple[str, Any, str]] = [
    ("project", "A9", "“项目”表没有“A9”"),
    ("project", "", "项目没有填写"),
    ("document", "竣工证书", "没有“竣工证书”这种批复"),
    ("issued_on", "", "成文日期没有填写"),
    ("issued_on", "三月", "不是日期"),
    ("valid_until", "长期", "不是日期"),
    ("kept_at", " ", "原件存放处没有填写"),
    ("as_printed", "嗯", "请填“是”或“否”"),
    ("issuer", "局" * 201, "超过200字"),
]


@pytest.mark.parametrize(("key", "value", "says"), BAD_PROJECTS)
def test_every_bad_cell_of_a_project_is_named(key: str, value: Any, says: str) -> None:
    table = read(workbook(row(**{key: value})))

    assert named(table) == [(PROJECTS, cell_of(key))]
    assert says in table.findings[0].text


@pytest.mark.parametrize(("key", "value", "says"), BAD_REPLIES)
def test_every_bad_cell_of_a_reply_is_named(key: str, value: Any, says: str) -> None:
    table = read(workbook(row(), replies=(reply(**{key: value}),)))

    assert named(table) == [(REPLIES, cell_of(key, REPLIES))]
    assert says in table.findings[0].text


@settings(max_examples=40)
@given(st.integers(1, 5), st.data())
def test_one_bad_cell_anywhere_is_the_only_one_that_is_named(lines: int, data: st.DataObject) -> None:
    """Whichever cell of whichever row: it alone is named, and every other row is read."""
    place = data.draw(st.integers(0, lines - 1))
    sheet = data.draw(st.sampled_from([PROJECTS, REPLIES]))
    key, value, _ = data.draw(st.sampled_from(BAD_PROJECTS if sheet == PROJECTS else BAD_REPLIES))
    rows = [row(row=f"A{n}", title=f"第{n}服务点") for n in range(lines)]
    replies = [reply(project=f"A{n}") for n in range(lines)]
    (rows if sheet == PROJECTS else replies)[place][key] = value
    table = read(workbook(*rows, replies=tuple(replies)))

    assert named(table) == [(sheet, cell_of(key, sheet, place + 3))]
    assert len(table.projects) + sum(len(each.replies) for each in table.projects) >= 2 * (lines - 1)


def test_a_reference_that_could_be_two_projects_is_named() -> None:
    """Two rows of one name: the reply says which by its row's name or code."""
    rows = (row(), row(row="A2"))
    assert (
        "有多行（第3行、第4行）"
        in read(workbook(*rows, replies=(reply(project="东村服务点"),))).findings[0].text
    )
    table = read(workbook(*rows, replies=(reply(project="A2"),)))

    assert [len(each.replies) for each in table.projects] == [0, 1]
    assert named(read(workbook(row(), row()))) == [(PROJECTS, "A4")]


def test_merged_cells_errors_and_formulas_without_a_value_are_named() -> None:
    """A formula counts as what it last came to; openpyxl computes nothing, so here it came to nothing."""
    book = workbook(row(), row(row="A2"))
    book[PROJECTS].merge_cells("B3:B4")
    book[PROJECTS][cell_of("fact.total")] = "=1+1"
    book[PROJECTS][cell_of("fact.beds")] = "#N/A"
    table = read(book)

    assert named(table)[:4] == [
        (PROJECTS, "B3"), (PROJECTS, cell_of("fact.total")), (PROJECTS, cell_of("fact.beds")), (PROJECTS, "B4"),
    ]  # fmt: skip
    assert "是合并单元格（B3:B4）" in table.findings[0].text
    assert "没有计算结果" in table.findings[1].text
    assert "#N/A" in table.findings[2].text


def test_a_formula_counts_as_what_it_last_came_to() -> None:
    """As an office program saves it: the formula with its value beside it."""
    book = workbook(row())
    book[PROJECTS][cell_of("fact.total")] = "=100+200"
    content = _rewritten(saved(book), "<f>100+200</f><v />", "<f>100+200</f><v>300</v>")

    assert read(content).projects[0].facts == {"total": "300"}


def test_an_example_row_is_not_imported_and_one_written_over_is_named() -> None:
    """The template as it is holds nothing; an example whose words were changed was meant to be imported."""
    with pytest.raises(Invalid) as caught:
        read(template())
    assert caught.value.code == "workbook-empty"
    book = workbook(row())
    book[PROJECTS]["B2"] = "南村服务点"

    assert named(read(book)) == [(PROJECTS, "A2")]


def test_what_stands_beside_the_columns_is_not_lost_silently() -> None:
    """A column of somebody's own is named as soon as something stands in it."""
    book = workbook(row())
    book[PROJECTS]["P1"], book[PROJECTS]["P3"] = "备注", "领导关注"

    assert named(read(book)) == [(PROJECTS, "P3")]


def test_columns_may_stand_in_another_order() -> None:
    """Somebody moved a column: headings say which is which."""
    book = workbook(row(**{"fact.village": "东村"}))
    book[PROJECTS].move_range("B1:B3", cols=20)

    assert read(book).projects[0].title == "东村服务点"


# Workbooks that are not ours


def _rewritten(content: bytes, old: str, new: str) -> bytes:
    """The same package with other words in its parts."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as package, zipfile.ZipFile(made, "w") as out:
        for entry in package.infolist():
            out.writestr(entry, package.read(entry).replace(old.encode(), new.encode()))
    return made.getvalue()


def _renamed() -> bytes:
    book = workbook(row())
    book[REPLIES].title = "批文"
    return saved(book)


def _without_identity() -> bytes:
    book = workbook(row())
    del book["模板"]
    return saved(book)


def _without_heading() -> bytes:
    book = workbook(row())
    book[PROJECTS]["B1"] = "名字"
    return saved(book)


def _far_row() -> bytes:
    book = workbook(row())
    book[PROJECTS].cell(MOST_ROWS + 1, 1, "远")
    return saved(book)


def _far_column() -> bytes:
    book = workbook(row())
    book[PROJECTS].cell(3, 16_384, "远")
    return saved(book)


def _endless_merge() -> bytes:
    book = workbook(row())
    book[PROJECTS].merge_cells("A9:B9")
    return _rewritten(saved(book), 'ref="A9:B9"', 'ref="A9:XFD1048576"')


def _under_another_name() -> bytes:
    """The endless merge in a part that does not call itself XML: the library reads whatever the package points to."""
    made = BytesIO()
    renamed = {"xl/worksheets/sheet1.xml": "xl/worksheets/sheet1.dat"}
    with zipfile.ZipFile(BytesIO(_endless_merge())) as package, zipfile.ZipFile(made, "w") as out:
        for entry in package.infolist():
            content = package.read(entry)
            if entry.filename.endswith(("workbook.xml.rels", "[Content_Types].xml")):
                content = content.replace(b"sheet1.xml", b"sheet1.dat")
            out.writestr(renamed.get(entry.filename, entry.filename), content)
    return made.getvalue()


def _torn() -> bytes:
    return _rewritten(template(), "<sheetData>", "<sheetData><row")


@pytest.mark.parametrize(
    ("made", "code", "says"),
    [
        (_renamed, "workbook-not-template", "缺少“批复”表"),
        (_without_identity, "workbook-not-template", "没有模板标识"),
        (_without_heading, "workbook-not-template", "“项目”表第1行缺少“项目名称*”"),
        (_far_row, "workbook-too-much", "超过5000行"),
        (_far_column, "workbook-too-much", "200列"),
        (_endless_merge, "workbook-too-much", "单元格过多"),
        (_under_another_name, "workbook-too-much", "单元格过多"),
        (_torn, "workbook-unreadable", "另存为xlsx"),
        (lambda: b"PK\x03\x04 no workbook", "workbook-unreadable", "无法读取"),
    ],
)
def test_a_workbook_that_is_not_ours_is_refused_as_a_whole(
    made: Callable[[], bytes], code: str, says: str
) -> None:
    with pytest.raises(Invalid) as caught:
        read(made())

    assert caught.value.code == code
    assert says in str(caught.value)


def test_a_template_of_another_version_serves_as_long_as_it_asks_the_same() -> None:
    """A new version with other limits takes the old template; one that asks for another fact does not."""
    text = definition_text("hall")
    same = load(
        text.replace("version: 1", "version: 2").replace("15 workdays", "10 workdays"), "x"
    ).definition
    other = load(
        text.replace("version: 1", "version: 2").replace("title: 所在村", "title: 所在社区"), "x"
    ).definition
    assert same is not None
    assert other is not None
    book = open_book(saved(workbook(row())), "表.xlsx")
    assert len(read_table(book, same, NAMES).projects) == 1
    with pytest.raises(Invalid) as caught:
        read_table(book, other, NAMES)

    assert "是第1版模板，“便民服务点建设”现为第2版" in str(caught.value)
