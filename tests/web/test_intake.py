"""批量补录 at the desk: a template, a preview that changes nothing, one import, and its checks in bulk."""

from __future__ import annotations

import zipfile
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from api.intake.columns import PROJECTS, REPLIES
from api.intake.template import put
from tests.papers import pdf
from tests.web.conftest import SignIn
from tests.web.desk import Desk, Page

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = ("cemetery", "centre-conversion", "columbarium", "funeral-home", "welfare-complex")
CODE_OF_A = "2406-990102-04-01-317469"

Line = dict[str, Any]


def project(name: str, title: str, **values: Any) -> Line:
    """A line of 项目, of 吴海涛 in 区殡葬管理所."""
    return {"行名": name, "项目名称*": title, "建设单位*": "区殡葬管理所", "经办人*": "吴海涛", **values}


def reply(of: str, document: str, number: str, on: date | str = date(2024, 3, 5), **values: Any) -> Line:
    """A line of 批复."""
    return {
        "项目*": of, "批复名称*": document, "文号": number, "成文日期*": on, "原件存放处*": "所档案柜", **values,
    }  # fmt: skip


def template(desk: Desk, of: str = "columbarium") -> Workbook:
    """The template as it is downloaded."""
    answer = desk.client.get(f"/types/{of}/template.xlsx")
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
    assert "attachment" in answer.headers["content-disposition"]
    return load_workbook(BytesIO(answer.content))


def fill(book: Workbook, projects: list[Line], replies: list[Line]) -> bytes:
    """The template, filled in from the third row on, as a file."""
    for title, lines in ((PROJECTS, projects), (REPLIES, replies)):
        sheet = book[title]
        places = {cell.value: place for place, cell in enumerate(sheet[1], 1)}
        for row, line in enumerate(lines, 3):
            for heading, value in line.items():
                put(sheet.cell(row, places[heading]), value)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def upload(desk: Desk, content: bytes, name: str = "在办项目.xlsx") -> Page:
    """Go to the page, choose the file, send it, and land on the preview or back here."""
    desk.open("/projects/import")
    return desk.send("/projects/import", {"file": (name, content, XLSX)})


GOOD = (
    [
        project("A1", "澴河镇公益性骨灰堂", **{"总投资（万元）": "1,200.50万"}),
        project("A2", "东湖村公益性骨灰堂"),
    ],
    [
        reply("A1", "项目建议书批复", "澴发改审〔2024〕12号"),
        reply(
            "A1", "可研批复", "澴发改审〔2024〕88号", "2024年11月2日", **{"可研批复·投资估算（万元）": 1180}
        ),
        reply("东湖村公益性骨灰堂", "项目建议书批复", "澴发改审〔2024〕13号"),
    ],
)


def test_a_clerk_takes_in_a_table_and_a_chief_confirms_what_agrees(sign_in: SignIn) -> None:
    """From the template to replies in force: nothing before the confirmation, everything after, each checked."""
    wu = sign_in("wuhaitao")
    content = fill(template(wu), *GOOD)
    page = upload(wu, content)
    assert page.status == 200
    assert "新登记 2 个" in page.words
    assert "总投资 1,200.50 万元" in page.words
    assert "补录可研批复 澴发改审〔2024〕88号 2024-11-02" in page.words
    preview = page.address
    assert "澴河镇公益性骨灰堂" not in wu.open("/projects").words

    wu.open(preview)
    done = wu.send("/projects/import/confirm")
    assert "已导入：新登记2个项目，更新0个，3项批复待核对。" in done.words
    assert "澴河镇公益性骨灰堂" in wu.open("/projects").words

    li = sign_in("liguodong")
    notices = li.open("/notices")
    assert notices.words.count("批量补录待您核对") == 1
    assert "/checks" in notices.links
    page = li.open("/checks")
    assert "澴发改审〔2024〕12号" in page.words
    assert "投资估算 1,180.00 万元" in page.words
    boxes = [str(attrs["value"]) for tag, attrs in page.tags if attrs.get("name") == "entry"]
    assert len(boxes) == 3
    page = li.send("/checks", None, entry=boxes[0])
    assert "所选各项已确认" in page.words
    assert len([1 for _, attrs in page.tags if attrs.get("name") == "entry"]) == 2
    ref = boxes[0].partition(":")[0]
    assert "补录" in li.open(f"/projects/{ref}/stages/proposal").words


@pytest.mark.parametrize("of", TYPES)
def test_what_the_example_shows_could_be_imported(of: str, sign_in: SignIn) -> None:
    """Sums and parts of its own line agree, and lists are named as the format asks."""
    wu = sign_in("wuhaitao")
    book = template(wu, of)
    heading, example = book[PROJECTS][1], book[PROJECTS][2]
    shown = {str(head.value): cell.value for head, cell in zip(heading, example, strict=True)}
    line = {**shown, **project("A1", "照示例填写的项目"), "项目代码": None}

    assert "新登记 1 个" in upload(wu, fill(book, [line], [])).words
    assert wu.page.has_form("/projects/import/confirm")
    lists = [rule.formula1 for rule in book[PROJECTS].data_validations.dataValidation]
    assert lists
    assert not [formula for formula in lists if formula.startswith("=")]


def test_the_same_table_again_has_nothing_to_import(sign_in: SignIn) -> None:
    """It is not doubled, and the page says so instead of offering a button."""
    wu = sign_in("wuhaitao")
    content = fill(template(wu), *GOOD)
    upload(wu, content)
    wu.send("/projects/import/confirm")
    page = upload(wu, content)

    assert "无变化 2 个" in page.words
    assert not page.has_form("/projects/import/confirm")


def test_a_project_that_is_there_is_matched_by_its_code_and_shows_from_what_to_what(sign_in: SignIn) -> None:
    """Facts change on the record, with the old value beside the new one beforehand."""
    wu = sign_in("wuhaitao")
    rows = [project("", "区公益性骨灰堂", **{"项目代码": CODE_OF_A, "年用电量（万千瓦时）": 12})]
    page = upload(wu, fill(template(wu), rows, []))
    assert "年用电量：8 万千瓦时 → 12 万千瓦时" in page.words
    wu.send("/projects/import/confirm")

    assert "无变化 1 个" in upload(wu, fill(template(wu), rows, [])).words


def test_a_second_project_of_one_name_says_which_row_it_is_not(sign_in: SignIn) -> None:
    wu = sign_in("wuhaitao")
    rows = [
        project("", "区公益性骨灰堂", 项目代码=CODE_OF_A),
        project("", "区公益性骨灰堂", 项目代码="2411-441900-04-01-542884"),
    ]

    page = upload(wu, fill(template(wu), rows, []))

    assert "2411-441900-04-01-542884与第3行同名，代码不同，按另一个项目办理" in page.words
    wu.send("/projects/import/confirm")
    assert "无变化 2 个" in upload(wu, fill(template(wu), rows, [])).words


def test_another_code_for_a_project_that_has_one_must_be_ticked(sign_in: SignIn) -> None:
    wu = sign_in("wuhaitao")
    other = "2411-441900-04-01-542884"
    page = upload(wu, fill(template(wu), [project("", "区公益性骨灰堂", 项目代码=other)], []))
    meant = f"第3行：“区公益性骨灰堂”已有代码{CODE_OF_A}，改为{other}，确是同一项目换码"
    assert meant in page.words

    page = wu.send("/projects/import/confirm")
    assert page.status == 409
    assert f"“区公益性骨灰堂”已有代码{CODE_OF_A}，表中是{other}。" in page.words
    assert meant in page.words
    page = wu.send("/projects/import/confirm", **{"projects:3:code": "1"})

    assert "更新1个" in page.words
    rows = [project("", "区公益性骨灰堂", 项目代码=other)]
    assert "确是同一项目换码" not in upload(wu, fill(template(wu), rows, [])).words


def test_every_faulty_cell_is_named_and_nothing_can_be_imported(sign_in: SignIn) -> None:
    """Cells that cannot be read and rows that the rules refuse, in one list, by sheet and cell."""
    wu = sign_in("wuhaitao")
    rows = [
        project("A1", "澴河镇公益性骨灰堂", **{
            "项目代码": "2406-990102-04-01-317460", "总投资（万元）": 1200, "工程费用（万元）": 800,
            "工程建设其他费用（万元）": 300, "预备费（万元）": 50,
        }),
        project("A2", "东湖村公益性骨灰堂", **{"经办人*": "吴涛"}),
        project("A3", "东湖村公益性骨灰堂", **{"建设单位*": "养老服务科"}),
    ]  # fmt: skip
    replies = [
        reply("A1", "项目建议书批复", "第12号"),
        reply("A1", "可研批复", "澴发改审〔2024〕88号", date(2030, 1, 4)),
        reply("A1", "项目建议书批复", "澴发改审〔2024〕12号"),
    ]
    page = upload(wu, fill(template(wu), rows, replies))

    assert page.status == 200
    for words in (
        "项目 C3 项目代码“2406-990102-04-01-317460”的校验位不对。",
        "项目 F3 分项合计1,150.00万元，与总投资相差50.00万元。",
        "项目 E4 您的管辖范围内没有人员“吴涛”，可填：吴海涛。",
        "项目 D5 您的管辖范围内没有单位“养老服务科”，可填：区殡葬管理所。",
        "批复 C3 文号“第12号”不合规范。",
        "批复 D4 可研批复的日期2030-01-04晚于今天。",
        "批复 B5 项目建议书批复与第3行重复。",
    ):
        assert words in page.words
    assert "有 7 处要更正" in page.words
    assert not page.has_form("/projects/import/confirm")


def test_if_somebody_was_first_the_preview_is_shown_again(sign_in: SignIn) -> None:
    """What would be done has changed since: nothing is imported, and the page shows what it would be now."""
    wu, chen = sign_in("wuhaitao"), sign_in("chenwenjuan")
    content = fill(template(wu), *GOOD)
    upload(wu, content)
    upload(chen, content)
    chen.send("/projects/import/confirm")
    page = wu.send("/projects/import/confirm")

    assert page.status == 409
    assert "预览之后，有关项目或人员有了变动，尚未导入。" in page.words
    assert "无变化 2 个" in page.words


def test_a_second_click_imports_nothing_twice(sign_in: SignIn) -> None:
    """The form's own number makes the repetition harmless: the second answer is the first."""
    wu = sign_in("wuhaitao")
    upload(wu, fill(template(wu), *GOOD))
    form = wu.page.form("/projects/import/confirm")
    answers = [
        wu.client.post(form.action, data=form.values, headers={"Accept": "text/html"}, follow_redirects=False)
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert wu.open("/projects").words.count("澴河镇公益性骨灰堂") == 1


def test_what_begins_like_a_formula_stays_text(sign_in: SignIn) -> None:
    """On the page, and in a template whose lists hold it."""
    wu = sign_in("wuhaitao")
    title = '=HYPERLINK("http://x","骨灰堂")'
    upload(wu, fill(template(wu), [project("A1", title)], []))
    wu.send("/projects/import/confirm")

    assert title in wu.open("/projects").words


def _bomb() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("xl/workbook.xml", "<workbook/>" + " " * 60_000_000)
    return content.getvalue()


def _with_part(content: bytes, name: str, part: str) -> bytes:
    made = BytesIO(content)
    with zipfile.ZipFile(made, "a") as package:
        package.writestr(name, part)
    return made.getvalue()


LINK = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" '
    'Target="file:///c:/x.xlsx" TargetMode="External"/></Relationships>'
)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("pdf", "不是可收的格式"),
        ("locked", "有打开密码，或是旧版xls格式"),
        ("empty", "是空文件"),
        ("bomb", "解压后过大"),
        ("macro", "含有宏"),
        ("link", "引用了外部文件"),
        ("huge", "超过5 MB"),
        ("blank", "没有要导入的行"),
    ],
)
def test_a_hostile_or_hopeless_file_is_refused_at_the_field(sign_in: SignIn, kind: str, code: str) -> None:
    """Before anything is parsed, on the same page, with what to do."""
    wu = sign_in("wuhaitao")
    good = fill(template(wu), *GOOD)
    content = {
        "pdf": pdf(),
        "locked": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        "empty": b"",
        "bomb": _bomb(),
        "macro": _with_part(good, "xl/vbaProject.bin", "x"),
        "link": _with_part(good, "xl/externalLinks/_rels/externalLink1.xml.rels", LINK),
        "huge": good + b"\0" * 6_000_000,
        "blank": fill(template(wu), [], []),
    }[kind]
    page = upload(wu, content)

    assert page.status == 422
    assert code in page.words
    assert "intake-file-wrong" in page.ids


def test_a_ticket_of_somebody_else_opens_nothing(sign_in: SignIn) -> None:
    """Whoever finds the address of a preview cannot read the table."""
    wu = sign_in("wuhaitao")
    upload(wu, fill(template(wu), *GOOD))

    assert sign_in("tanli").open(wu.page.address).status == 422


def test_nothing_ticked_and_nothing_to_check(sign_in: SignIn) -> None:
    """The page says what is missing, and what there is to do elsewhere; a forged tick confirms nothing."""
    wu, li = sign_in("wuhaitao"), sign_in("liguodong")
    assert "没有等您核对的补录批复" in li.open("/checks").words
    upload(wu, fill(template(wu), *GOOD))
    wu.send("/projects/import/confirm")
    assert "没有等您核对的补录批复" in wu.open("/checks").words
    page = li.open("/checks")
    box = next(str(attrs["value"]) for _, attrs in page.tags if attrs.get("name") == "entry")
    assert li.send("/checks").status == 422
    assert "没有勾选事项" in li.page.words
    page = li.send("/checks", None, entry=f"{box.partition(':')[0]}:999")

    assert page.status == 409
    assert "没有这条待核对的登记" in page.words
    assert "项已确认" not in page.words


def test_of_several_ticked_one_that_is_refused_keeps_no_other_back(sign_in: SignIn) -> None:
    """Somebody was first with one of three: the page says why, and that two are done."""
    wu, li = sign_in("wuhaitao"), sign_in("liguodong")
    upload(wu, fill(template(wu), *GOOD))
    wu.send("/projects/import/confirm")
    page = li.open("/checks")
    form = next(each for each in page.forms if each.action == "/checks")
    boxes = [str(attrs["value"]) for _, attrs in page.tags if attrs.get("name") == "entry"]
    li.send("/checks", None, entry=boxes[0])

    answer = li.client.post(
        "/checks",
        data={**form.values, "command": "later", "entry": boxes},
        headers={"Accept": "text/html", "Origin": "http://127.0.0.1"},
    )

    assert answer.status_code == 409
    assert "其余 2 项已确认，登记生效。" in answer.text
    assert "没有等您核对的补录批复" in answer.text


def test_many_checks_are_one_line_of_the_work_list(sign_in: SignIn) -> None:
    """Forty replies do not push out what else waits; the line leads to the page of checks."""
    wu, li = sign_in("wuhaitao"), sign_in("liguodong")
    before = len(li.open("/").links)
    rows = [project(f"A{n}", f"第{n}公益性骨灰堂") for n in range(40)]
    replies = [reply(f"A{n}", "项目建议书批复", f"澴发改审〔2024〕{n + 1}号") for n in range(40)]
    upload(wu, fill(template(wu), rows, replies))
    wu.send("/projects/import/confirm")
    page = li.open("/")

    assert "补录的批复有 40 项待您核对原件（40 个项目）" in page.words
    assert len(page.links) == before + 1
