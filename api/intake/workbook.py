"""Opening a workbook that somebody sent: looked over before the library builds anything, then plain values.

Invariant: at most `MOST_ROWS` x `MOST_COLUMNS` cells of a sheet are ever built. Whatever cannot be taken as
a value (a formula never computed, an error, a merged cell) is kept as a `Flaw`, to be named by its cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import IO, Any, Final
from xml.parsers import expat
from zipfile import ZipFile

from msgspec import Struct
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from workflow.errors import Invalid, reason, says

says(
    {
        "workbook-protected": (
            "“{name}”有打开密码，或是旧版xls格式。",
            "请去掉密码，另存为xlsx格式后再上传。",
        ),
        "workbook-unreadable": ("“{name}”无法读取。", "请用办公软件打开，另存为xlsx格式后再上传。"),
        "workbook-too-much": ("“{name}”内容过多（{what}）。", "请删去多余的行、列和工作表，或分几次导入。"),
        "workbook-too-slow": (
            "“{name}”过于复杂，没有读完。",
            "请删去公式、格式和多余的工作表，另存后再上传。",
        ),
        "workbook-not-template": (
            "“{name}”不是本系统的批量补录模板：{what}。",
            "请在本页下载模板，把内容粘贴到模板中。",
        ),
        "workbook-type-unknown": ("“{name}”是“{type}”类型的模板，该类型没有发布。", "请联系管理员。"),
        "workbook-other-version": (
            "“{name}”是第{version}版模板，“{title}”现为第{now}版，要填的内容已有变化。",
            "请下载新模板，把内容粘贴过去。",
        ),
        "workbook-empty": ("“{name}”里没有要导入的行。", "请在“项目”表中从第3行起填写；示例行不导入。"),
    }
)

LARGEST: Final = 5 * 1024 * 1024
"""In bytes, as it is sent: a table of a thousand projects is a tenth of that."""
MOST_UNPACKED: Final = 32 * 1024 * 1024
MOST_ELEMENTS: Final = 600_000
"""XML elements of all parts together: each cell is two or three."""
MOST_ROWS: Final = 5_000
MOST_COLUMNS: Final = 200

_CHUNK: Final = 64 * 1024
_OLD: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Flaw(Struct, frozen=True):
    """What stands in a cell instead of a value, in words."""

    why: str


class Sheet(Struct, frozen=True):
    """One sheet as rows of values or flaws, the heading row included; row 1 comes first."""

    rows: tuple[tuple[Any, ...], ...]


def refused(code: str, name: str, **data: object) -> Invalid:
    """The refusal of a whole workbook."""
    return Invalid(reason(code, "file", name=name, **data))


def is_old_or_locked(head: bytes) -> bool:
    """Whether a file begins like an xls, or like an xlsx that a password locks: both are the same container."""
    return head.startswith(_OLD)


def read_sheets(content: bytes, name: str, wanted: tuple[str, ...]) -> dict[str, Sheet]:
    """The sheets of those titles that are there; Invalid if the workbook is too large or cannot be read."""
    _look_over(content, name)
    book = _load(content, name, computed=False)
    sheets = {each.title: each for each in book.worksheets if each.title in wanted}
    for sheet in sheets.values():
        _check_size(sheet, name)
    computed = {}
    if any(cell.data_type == "f" for sheet in sheets.values() for row in sheet.iter_rows() for cell in row):
        computed = {each.title: each for each in _load(content, name, computed=True).worksheets}
    return {
        title: Sheet(tuple(_rows(sheet, computed.get(title), _merged(sheet))))
        for title, sheet in sheets.items()
    }


def _look_over(content: bytes, name: str) -> None:
    """Count what the library would build, with a parser that builds nothing."""
    try:
        with ZipFile(BytesIO(content)) as package:
            too_much = _too_much(package)
    except Exception as error:
        raise refused("workbook-unreadable", name) from error
    if too_much:
        raise refused("workbook-too-much", name, what=too_much)


def _too_much(package: ZipFile) -> str:
    """What there is too much of; empty if all is within bounds."""
    entries = package.infolist()
    if sum(each.file_size for each in entries) > MOST_UNPACKED:
        return "解压后过大"
    counter = _Counter()
    for entry in entries:
        with package.open(entry) as part:  # whatever its name: the library reads what the package points to
            if counter.is_too_much(part):
                return "单元格过多"
    return ""


class _Counter:
    """Counts the elements of all parts, and the cells that a range makes the library build one by one."""

    def __init__(self) -> None:
        self._left = MOST_ELEMENTS

    def is_too_much(self, part: IO[bytes]) -> bool:
        """Whether there is, up to here; what is no XML, or not to its end, counts as far as it is."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._element
        with suppress(expat.ExpatError):
            while self._left >= 0 and (chunk := part.read(_CHUNK)):
                parser.Parse(chunk, False)
        return self._left < 0

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if name.rpartition(":")[2] in {"mergeCell", "hyperlink"} and ":" in attributes.get("ref", ""):
            left, top, right, bottom = range_boundaries(attributes["ref"])
            self._left -= ((right or 0) - (left or 0) + 1) * ((bottom or 0) - (top or 0) + 1)


def _load(content: bytes, name: str, *, computed: bool) -> Workbook:
    try:
        return load_workbook(BytesIO(content), data_only=computed, keep_links=False)
    except Exception as error:  # the library says what is odd about a file in every way that Python has
        raise refused("workbook-unreadable", name) from error


def _check_size(sheet: Worksheet, name: str) -> None:
    if sheet.max_row > MOST_ROWS or sheet.max_column > MOST_COLUMNS:
        what = f"“{sheet.title}”表超过{MOST_ROWS}行或{MOST_COLUMNS}列"
        raise refused("workbook-too-much", name, what=what)


def _merged(sheet: Worksheet) -> dict[tuple[int, int], str]:
    """Every merged cell -> the range that it lies in."""
    found: dict[tuple[int, int], str] = {}
    for area in sheet.merged_cells.ranges:
        for row in range(area.min_row, min(area.max_row, sheet.max_row) + 1):
            for column in range(area.min_col, min(area.max_col, sheet.max_column) + 1):
                found[row, column] = area.coord
    return found


def _rows(
    sheet: Worksheet, computed: Worksheet | None, merged: dict[tuple[int, int], str]
) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(sheet.iter_rows(), 1):
        yield tuple(
            Flaw(f"是合并单元格（{merged[number, place]}），请取消合并，逐格填写")
            if number > 1 and (number, place) in merged
            else _value(cell, computed)
            for place, cell in enumerate(row, 1)
        )


def _value(cell: Any, computed: Worksheet | None) -> Any:
    """What stands there; of a formula what it last came to."""
    if isinstance(cell, Cell) and cell.data_type == "f" and computed is not None:
        cell = computed.cell(cell.row, cell.column)
        if cell.value is None:
            return Flaw("是公式，但没有计算结果，请改填数值")
    if getattr(cell, "data_type", "") == "e":
        return Flaw(f"是错误值{cell.value}，请改填正确的内容")
    return cell.value


def address(column: int, row: int) -> str:
    """How people call a cell: D7."""
    return f"{get_column_letter(column)}{row}"
