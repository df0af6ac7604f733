"""What goes out on paper: a page and a PDF from one description, complete, legible, and only for those who may."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from api.prints.lists import project_list
from api.prints.press import LARGEST, Press
from api.prints.sheet import (
    Cell,
    Column,
    Imprint,
    Letter,
    Pair,
    Particulars,
    Sheet,
    Signature,
    Signatures,
    Statement,
    Table,
)
from api.settings import Print
from tests.hostile import TEMPLATES
from tests.web.conftest import City, SignIn
from tests.web.desk import Desk
from workflow.errors import Refused
from workflow.queries.ledger import LedgerRow
from workflow.queries.restarts import AGAIN
from workflow.queries.words import LIGHTS, Due

LONGEST = "澴川市澴阳区特困人员供养服务综合体（含失能护理中心、儿童福利院、救助管理站及配套附属设施）新建项目"
NOW = datetime(2026, 11, 23, 2, 0, 30, 123456, tzinfo=UTC)
IMPRINT = Imprint("2026-11-23", "澴川市民政局", "蒋慧")
REVIEW = "/stages/budget_review"
FILING = "/stages/land_filing"


@pytest.fixture(scope="module")
def press() -> Press:
    return Press(Print())


def opened(desk: Desk, address: str) -> PdfReader:
    """The PDF at that address."""
    answer = desk.client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    return PdfReader(io.BytesIO(answer.content))


def text(pdf: PdfReader) -> str:
    """All its words, without the line ends that paper needs."""
    return "".join(page.extract_text() for page in pdf.pages).replace("\n", "")


def fonts(pdf: PdfReader) -> list[Any]:
    """Every font that any page uses."""
    pages: list[Any] = list(pdf.pages)
    return [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]


def every_font_is_inside(pdf: PdfReader) -> bool:
    """Whether the paper looks the same on a machine without any Chinese font."""
    parts = [each.get_object() for font in fonts(pdf) for each in font["/DescendantFonts"]]
    return bool(parts) and all(
        {"/FontFile2", "/FontFile3"} & set(each["/FontDescriptor"].get_object()) for each in parts
    )


@pytest.mark.parametrize(
    ("who", "project", "address", "words"),
    [
        ("liuchang", "E", f"{REVIEW}/sheet", ["呈批件", "总投资 386.00 万元", "分管领导审签", "材料校验码", "同意后"]),
        ("liuchang", "E", f"{REVIEW}/papers", ["材料清单", "局党组会纪要", "仅登记", "区民政局办公室", "缺（推荐）"]),
        ("liuchang", "E", f"{REVIEW}/explanation", ["情况说明", "李国栋", "11月13日 周五", "签名："]),
        ("liuchang", "E", "/papers", ["材料清单", "改造工程概算书", "2610-990102-04-01-773156", "校验码"]),
        ("tanli", "D", f"{FILING}/letter", ["代拟稿，未发", "商请", "县自然资源和规划局：", "云河县民政局"]),
    ],
)  # fmt: skip
def test_page_and_pdf_of_a_paper_say_the_same(
    city: City, sign_in: SignIn, who: str, project: str, address: str, words: list[str]
) -> None:
    desk = sign_in(who)
    path = f"/projects/{city.projects[project]}{address}"

    page = desk.open(path)
    pdf = opened(desk, f"{path}.pdf")

    printed = text(pdf)
    for each in words:
        assert each in page.words
        assert each in printed
    assert f"{path}.pdf" in page.links
    assert every_font_is_inside(pdf)
    assert "第 1 页 / 共 1 页" in printed
    assert "2026-11-23" in printed
    assert "打印" in printed


def test_a_pdf_comes_with_a_chinese_name_to_be_looked_at_and_never_kept_by_the_browser(
    city: City, sign_in: SignIn
) -> None:
    answer = sign_in("liuchang").client.get(f"/projects/{city.projects['E']}{REVIEW}/sheet.pdf")

    named = unquote(answer.headers["content-disposition"])
    assert named == "inline; filename*=UTF-8''呈批件-大院社区综合养老服务中心改造·概算审核.pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"pdfaid:part>2<" in answer.content


@pytest.mark.parametrize("paper", ["sheet", "papers", "letter", "explanation", "order"])
def test_a_stranger_finds_no_paper(city: City, sign_in: SignIn, paper: str) -> None:
    supervised(city, sign_in)
    desk = sign_in("tanli")
    path = f"/projects/{city.projects['E']}{REVIEW}/{paper}"

    assert [desk.client.get(f"{path}{kind}").status_code for kind in ("", ".pdf")] == [404, 404]
    assert desk.client.get(f"/projects/{city.projects['E']}/papers.pdf").status_code == 404


def test_there_is_no_letter_while_the_work_is_in_our_own_house(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liuchang")
    path = f"/projects/{city.projects['E']}{REVIEW}"

    assert desk.client.get(f"{path}/letter.pdf").status_code == 404
    page = desk.open(path)
    assert f"{path}/sheet.pdf" in page.links
    assert f"{path}/letter" not in page.links


def test_what_the_late_holder_said_is_printed_in_their_own_words(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    path = f"/projects/{city.projects['E']}{REVIEW}"
    desk.open(path)
    desk.send("/explanation", text="概算书第三章须与造价站核对。\n预计周三回复。")

    printed = text(opened(desk, f"{path}/explanation.pdf"))

    assert "概算书第三章须与造价站核对。" in printed
    assert "李国栋（规划财务科科长）2026-11-23" in printed


def supervised(city: City, sign_in: SignIn) -> str:
    """陈文娟 asks 李国栋; the address of the 督办单."""
    desk, path = sign_in("chenwenjuan"), f"/projects/{city.projects['E']}{REVIEW}"
    desk.open(path)
    desk.send("/supervise", wanted="请查明原因，写明何时可办结", due_on="2026-11-25")
    return f"{path}/order"


def test_an_order_prints_with_lines_to_answer_on_and_then_with_its_answer(
    city: City, sign_in: SignIn
) -> None:
    desk, nowhere = sign_in("liguodong"), f"/projects/{city.projects['E']}{REVIEW}/order"
    assert desk.client.get(nowhere).status_code == 404
    path = supervised(city, sign_in)
    for shown in (desk.open(path).words, text(opened(desk, f"{path}.pdf"))):
        for words in (
            "督办单",
            "陈文娟（副局长）",
            "请查明原因，写明何时可办结",
            "2026-11-25",
            "承办人签名：",
            "超 6 个工作日",
        ):
            assert words in shown
    desk.open(path.removesuffix("/order"))
    desk.send("/explanation", text="须与造价站核对。\r\n预计11月24日办结。")

    printed = text(opened(desk, f"{path}.pdf"))
    assert "李国栋就“概算审核”答复督办：须与造价站核对。" in printed
    assert '<p class="indent">预计11月24日办结。' in desk.open(path).html
    assert "签名" not in printed


def test_the_list_of_projects_prints_as_it_is_filtered_with_lights_in_words(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("jianghui")

    whole = text(opened(desk, "/projects/print.pdf"))
    late = text(opened(desk, "/projects/print.pdf?light=own-red&size=a3"))
    names = {
        desk.client.get(f"/projects/print.pdf?size={size}").headers["content-disposition"]
        for size in ("a4", "a3")
    }
    page = desk.open("/projects/print?light=own-red")

    assert len(names) == 2, "one does not overwrite the other"
    assert "全部项目 · 共6个" in whole
    assert "区殡仪馆二期" in whole
    assert "■ 超期" in late
    assert "李国栋" in late
    assert "本局超期 · 共1个" in late
    assert "区殡仪馆二期" not in late
    assert "大院社区" in page.words
    assert "/projects/print.pdf?light=own-red&size=a4" in page.links
    assert "区公益性骨灰堂" not in text(opened(sign_in("tanli"), "/projects/print.pdf"))


def fifty(amount: int = 50, name: str = LONGEST) -> list[LedgerRow]:
    """So many projects, each in the longest words that occur."""
    due = Due(date(2027, 1, 5), "2027年1月5日 周二（暂定）· 剩 29 个工作日", LIGHTS["yellow"], True)
    return [
        LedgerRow(
            f"r{number}", f"{name}{number}", "", "特困", "云河县民政局规划财务股", "谭丽", "在办", "规划立项",
            "建设项目用地预审与选址意见书", 3, "县自然资源和规划局", due, LIGHTS["yellow"], LIGHTS["red"],
            LIGHTS["green"], None, {},
        )
        for number in range(amount)
    ]  # fmt: skip


@pytest.mark.parametrize(("size", "width"), [("a4-landscape", 842), ("a3-landscape", 1191)])
def test_fifty_projects_with_the_longest_names_stand_on_one_page(press: Press, size: str, width: int) -> None:
    rows = fifty()

    sheet = project_list(rows, count=50, narrowed="全部项目", imprint=IMPRINT, size=size)  # type: ignore[arg-type]
    pdf = PdfReader(io.BytesIO(press.set(sheet, NOW)))

    assert len(pdf.pages) == 1
    assert round(float(pdf.pages[0].mediabox.width)) == width
    assert text(pdf).count("■ 超期") == 51  # and once in the legend
    assert text(pdf).count("剩 29 个工作日") == 50
    assert "第 1 页 / 共 1 页" in text(pdf)


def test_a_clock_that_began_again_has_its_room_among_fifty(press: Press) -> None:
    """Nothing of it is cut, nor of the days."""
    again = replace(LIGHTS["green"], word=f"{LIGHTS['green'].word}·{AGAIN}")
    rows = [*fifty(49), replace(fifty(1)[0], own=again)]

    sheet = project_list(rows, count=50, narrowed="全部项目", imprint=IMPRINT, size="a4-landscape")
    pdf = PdfReader(io.BytesIO(press.set(sheet, NOW)))

    assert len(pdf.pages) == 1
    assert text(pdf).count("正常·重新计时") == 1
    assert text(pdf).count("剩 29 个工作日") == 50


@pytest.mark.parametrize(
    ("amount", "name", "points"),
    [(6, "大院社区综合养老服务中心改造", 10.5), (18, "区公益性骨灰堂", 9.5), (20, "区公益性骨灰堂", 8.5), (14, LONGEST, 7.2)],
)  # fmt: skip
def test_fewer_projects_stand_there_whole_and_in_larger_letters(
    press: Press, amount: int, name: str, points: float
) -> None:
    """A leader reads six projects without glasses."""
    rows = fifty(amount, name)

    sheet = project_list(rows, count=amount, narrowed="全部项目", imprint=IMPRINT, size="a4-landscape")
    pdf = PdfReader(io.BytesIO(press.set(sheet, NOW)))

    assert len(pdf.pages) == 1
    assert text(pdf).count(name) == amount
    assert letters(pdf) == points


def letters(pdf: PdfReader) -> float:
    """How large the words of the list are, in points."""
    sizes: list[float] = []
    pdf.pages[0].extract_text(
        visitor_text=lambda words, _cm, _tm, _font, size: sizes.append(size) if "谭丽" in words else None
    )
    return round(sizes[0], 1)


def test_a_hundred_projects_say_on_each_page_who_printed_them_and_which_page_it_is(press: Press) -> None:
    columns = (Column("项目", 3), Column("在谁手里", 1))
    rows = tuple((Cell(f"第{number}个项目"), Cell("谭丽")) for number in range(150))
    sheet = Sheet(
        "项目一览", "全部", (Table("", columns, rows, "", single=True),), IMPRINT, format="a4-landscape"
    )

    pages = [page.extract_text() for page in PdfReader(io.BytesIO(press.set(sheet, NOW))).pages]

    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert "2026-11-23 · 澴川市民政局 · 蒋慧 打印" in page
        assert f"第 {number} 页 / 共 {len(pages)} 页" in page
        assert "在谁手里" in page


def test_long_names_many_papers_and_nothing_at_all_break_no_sheet(press: Press) -> None:
    long = "A" * 300 + "项目" * 100
    columns = tuple(Column(f"列{number}", 1) for number in range(8))
    many = tuple(tuple(Cell(long[:40], "备注" * 9) for _ in columns) for _ in range(60))
    sheet = Sheet(
        title=long,
        about="试印",
        blocks=(
            Particulars(((Pair("项目", (long,)),), (Pair("甲", ()), Pair("乙", (long, long))))),
            Table("材料", columns, many, "没有"),
            Table("批复", columns, (), "还没有批复。"),
            Signatures(tuple(Signature("会签", long, "") for _ in range(9))),
            Statement("说明", (), "", 3),
            Letter("", (), ""),
        ),
        imprint=Imprint("2026-11-23", "", "蒋慧"),
    )

    pdf = PdfReader(io.BytesIO(press.set(sheet, NOW)))

    assert len(pdf.pages) > 3
    assert "还没有批复。" in text(pdf)
    assert text(pdf).count("签名：") == 9


def test_what_looks_like_source_is_printed_as_words(press: Press) -> None:
    hostile = '#read("/etc/passwd") #eval("1+1") $x^2$ [a] *b* _c_ \\ `d` <e> @f // g'
    sheet = Sheet(hostile, hostile, (Particulars(((Pair(hostile, (hostile,)),),)),), IMPRINT)

    printed = text(PdfReader(io.BytesIO(press.set(sheet, NOW))))

    assert '#read("/etc/passwd")' in printed
    assert "root:" not in printed


def test_a_sign_that_no_font_has_spoils_no_sheet(city: City, sign_in: SignIn, press: Press) -> None:
    """A rare name, a box ticked by an input method, a picture: one project's words keep nobody from printing the list."""
    rare = "𠮷☑😀"
    pdf = PdfReader(io.BytesIO(press.set(Sheet(f"王{rare}", "一", (), IMPRINT), NOW)))
    assert text(pdf).startswith("王")

    found = opened(sign_in("jianghui"), f"/projects/print.pdf?type={rare}")
    assert "没有符合条件的项目" in text(found)


def test_no_template_is_computed_on_paper(press: Press) -> None:
    lines = tuple(Pair(f"第{number}项", (each,)) for number, each in enumerate(TEMPLATES))
    sheet = Sheet("材料清单", "试印", (Particulars((lines,)),), IMPRINT)

    printed = re.sub(r"\s", "", text(PdfReader(io.BytesIO(press.set(sheet, NOW)))))

    assert [each for each in TEMPLATES if re.sub(r"\s", "", each) not in printed] == []
    assert "root:" not in printed


def test_the_same_sheet_at_the_same_instant_is_the_same_file(press: Press) -> None:
    sheet = Sheet("材料清单", "试印", (), IMPRINT)

    assert press.set(sheet, NOW) == press.set(sheet, NOW)


async def _print(press: Press, sheet: Sheet) -> bytes:
    return await press.pdf(sheet, NOW)


def test_a_sheet_beyond_all_measure_is_refused_before_it_is_set(press: Press) -> None:
    sheet = Sheet("材料清单", "x" * (LARGEST + 1), (), IMPRINT)

    with pytest.raises(Refused) as refused:
        asyncio.run(_print(press, sheet))

    assert refused.value.code == "print-too-large"


def test_the_fonts_of_the_office_come_first_and_missing_ones_are_made_up_for(tmp_path: Path) -> None:
    office = Press(Print(fonts=tmp_path, body_font=("仿宋_GB2312", "Noto Sans SC")))
    sheet = Sheet("商请函", "试印", (Letter("某局：", ("请予支持。",), "某局"),), IMPRINT)

    pdf = PdfReader(io.BytesIO(office.set(sheet, NOW)))
    names = {str(font["/BaseFont"]) for font in fonts(pdf)}

    assert names
    assert all("NotoSansSC" in name for name in names)
