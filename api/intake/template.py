"""The template of a project type: a workbook with lists to choose from, notes on its headings and an example.

Invariant: whatever a definition or a directory says is written as text, never as a formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from api.intake.columns import (
    CHOICES,
    EXAMPLE,
    GUIDE,
    IDENTITY,
    NO,
    PROJECTS,
    REPLIES,
    YES,
    Column,
    fingerprint,
    project_columns,
    reply_columns,
    reply_titles,
)
from api.intake.names import Names
from workflow.definition import Definition, Kind

EXAMPLE_TITLE: Final = "示例：某某项目（本行不导入）"
EXAMPLE_NUMBER: Final = "澴发改审〔2024〕61号"
EXAMPLE_CODE: Final = "2406-990102-04-01-317469"

LAST_ROW: Final = 2000
"""Down to which row lists and formats reach."""

_HEAD = PatternFill("solid", start_color="F3F1EA")
_LINE = Border(bottom=Side("thin", color="B9B5A8"))
_FORMATS: Final = {
    Kind.MONEY: "#,##0.00",
    Kind.DECIMAL: "General",
    Kind.INTEGER: "0",
    Kind.DATE: "yyyy-mm-dd",
}

_GUIDE: Final = (
    "1. “项目”表每行填一个正在办理的项目；“批复”表每行填一份已经取得的批复。带*的列必须填写。",
    "2. “批复”表的“项目”一列，填“项目”表里的行名、项目代码或项目名称，指明是哪个项目的批复。",
    "3. 单位、经办人、批复名称等从下拉列表中选。不清楚的项目信息先空着，以后再补；空着的不会改动已登记的内容。",
    "4. 金额按列名中的单位填写。日期写成2024-07-16。项目代码和文号按原件照填。",
    "5. 首行“示例”不会导入，可以留着。请不要改动第一行的列名，也不要合并单元格。",
    "6. 填好后在“批量补录”页面上传。系统先逐格检查，列出将登记、更新的内容；有一处不对，就一行也不导入。",
    "7. 同一项目再次导入时，按项目代码（没有代码的按单位和名称）对应，只更新有变化的内容，不会重复登记。",
    "8. 导入的批复由他人对照原件核对后才生效。本系统不得录入涉密内容。",
)


def make_template(definition: Definition, names: Names) -> bytes:
    """The workbook for that definition, with the units and clerks that these names offer."""
    book = Workbook()
    projects = book.active
    assert isinstance(projects, Worksheet)  # noqa: S101 - a new workbook has one sheet
    projects.title = PROJECTS
    replies, guide = book.create_sheet(REPLIES), book.create_sheet(GUIDE)
    lists = _Lists(book)
    titles = reply_titles(definition)
    offered: Mapping[str, Sequence[str]] = {
        "units": names.units,
        "clerks": names.clerks,
        "replies": list(titles.values()),
    }
    columns = project_columns(definition)
    _fill(projects, columns, _example_project(definition, columns, names), lists, offered)
    _fill(replies, reply_columns(definition), _example_reply(titles), lists, offered)
    _write_guide(guide, definition)
    _write_identity(book.create_sheet(IDENTITY), definition)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def put(cell: Cell | MergedCell, value: Any) -> None:
    """Write a value; a text stays a text, whatever it begins with."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


class _Lists:
    """The hidden sheet that lists are taken from, under names: every program keeps those."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._sheet: Worksheet = book.create_sheet(CHOICES)
        self._sheet.sheet_state = "hidden"
        self._names: dict[str, str] = {}

    def formula(self, key: str, values: Sequence[str]) -> str:
        """What a validation refers to for these values."""
        if key not in self._names:
            place = len(self._names) + 1
            for row, value in enumerate(values, 1):
                put(self._sheet.cell(row, place), value)
            name = f"shenpi_list_{place}"
            letter = get_column_letter(place)
            where = f"'{CHOICES}'!${letter}$1:${letter}${len(values)}"
            self._book.defined_names[name] = DefinedName(name, attr_text=where)
            self._names[key] = name
        return self._names[key]


def _fill(
    sheet: Worksheet,
    columns: Sequence[Column],
    example: Mapping[str, Any],
    lists: _Lists,
    offered: Mapping[str, Sequence[str]],
) -> None:
    for place, column in enumerate(columns, 1):
        letter = get_column_letter(place)
        head = sheet.cell(1, place)
        put(head, column.heading)
        head.font, head.fill, head.border = Font(bold=True), _HEAD, _LINE
        head.alignment = Alignment(wrap_text=True, vertical="top")
        if column.help:
            head.comment = Comment(column.help, "审批", width=260, height=90)
        dimension = sheet.column_dimensions[letter]
        dimension.width = 30 if column.key in {"title", "document"} else 24 if column.key == "code" else 16
        dimension.number_format = _FORMATS.get(column.kind, "@")
        shown = sheet.cell(2, place)
        shown.number_format = _FORMATS.get(column.kind, "@")
        shown.font = Font(italic=True, color="6B6B66")
        if column.key in example:
            put(shown, example[column.key])
        _validate(sheet, letter, column, lists, offered)
    sheet.row_dimensions[1].height = 34
    sheet.freeze_panes = "C2" if sheet.title == PROJECTS else "B2"


def _validate(
    sheet: Worksheet, letter: str, column: Column, lists: _Lists, offered: Mapping[str, Sequence[str]]
) -> None:
    values = offered.get(column.choices) or column.options
    if column.kind is Kind.BOOL:
        formula = f'"{YES},{NO}"'
    elif values:
        formula = lists.formula(column.choices, values)
    else:
        return
    rule = DataValidation("list", formula1=formula, allow_blank=True, showErrorMessage=True)
    rule.errorTitle, rule.error = "请从列表中选", f"“{column.title}”只能从下拉列表中选。"
    sheet.add_data_validation(rule)
    rule.add(f"{letter}2:{letter}{LAST_ROW}")


def _example_project(definition: Definition, columns: Sequence[Column], names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {column.key: _example_of(column) for column in columns if "fact." in column.key}
    for promise in definition.sums:
        found[f"fact.{promise.total}"] = sum(found[f"fact.{part}"] for part in promise.parts)
    return {
        **found,
        "row": EXAMPLE,
        "title": EXAMPLE_TITLE,
        "code": EXAMPLE_CODE,
        "organisation": "".join(names.units[:1]),
        "clerk": "".join(names.clerks[:1]),
    }


def _example_of(column: Column) -> Any:
    match column.kind:
        case Kind.MONEY | Kind.INTEGER:
            return 100
        case Kind.DECIMAL:
            return 1.5
        case Kind.DATE:
            return date(2024, 7, 16)
        case Kind.BOOL:
            return YES
        case Kind.CHOICE:
            return column.options[0]
        case _:
            return "如实填写"


def _example_reply(titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "project": EXAMPLE,
        "document": next(iter(titles.values()), ""),
        "number": EXAMPLE_NUMBER,
        "issued_on": date(2024, 7, 16),
        "issuer": "发展和改革局",
        "kept_at": "局档案室2024年第3盒",
    }


def _write_guide(sheet: Worksheet, definition: Definition) -> None:
    sheet.column_dimensions["A"].width = 110
    put(sheet["A1"], f"{definition.title}（第{definition.version}版）批量补录")
    sheet["A1"].font = Font(bold=True, size=14)
    for row, words in enumerate(_GUIDE, 3):
        put(sheet.cell(row, 1), words)
        sheet.cell(row, 1).alignment = Alignment(wrap_text=True, vertical="top")


def _write_identity(sheet: Worksheet, definition: Definition) -> None:
    """What the template was made from, where nobody changes it by mistake."""
    sheet.sheet_state = "veryHidden"
    marks = ("shenpi", definition.type, definition.version, definition.digest, fingerprint(definition))
    for row, value in enumerate(marks, 1):
        put(sheet.cell(row, 1), value)
