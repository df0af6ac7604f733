"""台账 as a workbook: typed cells, written row by row.

Invariant: whatever a person typed is text and stays text, however much it looks like a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from workflow.queries.ledger import LedgerRow
from workflow.queries.words import Due, Light

MOST: Final = 1_000_000
"""Rows: what a sheet of this format holds, less the header."""
AT_ONCE: Final = 2
"""How many ledgers are written at the same time."""
LONGEST_TEXT: Final = 32_767
"""Characters of a cell, as the format says."""

DATE, MONEY = "yyyy-mm-dd", "#,##0.00"
FORMULA: Final = re.compile(r"[\t\r\n\x00]|[\s\x00\u200b\ufeff]*[=+\-@＝＋－＠]")
"""How a cell begins that a spreadsheet may take for a formula once somebody edits it; some look past blanks."""

COLUMNS: Final = (
    ("项目", 36),
    ("项目代码", 24),
    ("类型", 18),
    ("单位", 18),
    ("经办", 10),
    ("状态", 10),
    ("阶段", 12),
    ("正在办理", 22),
    ("同时办理的其他事项", 10),
    ("在谁手里", 20),
    ("到期日", 12),
    ("到期说明", 34),
    ("本局", 16),
    ("外部门", 10),
    ("批复有效期", 10),
    ("最近失效日", 12),
)
"""Titles and widths of what every ledger has; a column for each sum follows."""
SUM_WIDTH: Final = 18

Value = str | int | date | Decimal | None


class LedgerBook:
    """A workbook that is being written: `add` rows, then `save` with a note of what it holds."""

    def __init__(self, sums: Sequence[str]) -> None:
        self.count = 0
        self._sums = tuple(sums)
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("台账")
        titles = [title for title, _ in COLUMNS] + list(self._sums)
        widths = [width for _, width in COLUMNS] + [SUM_WIDTH] * len(self._sums)
        for number, width in enumerate(widths, 1):
            self._sheet.column_dimensions[get_column_letter(number)].width = width
        self._last_column = get_column_letter(len(titles))
        _prepare(self._sheet)
        self._sheet.append([header(self._sheet, title) for title in titles])

    def add(self, rows: Iterable[LedgerRow]) -> None:
        """Write these projects below the others."""
        for row in rows:
            values = (*_values(row), *(row.sums.get(title) for title in self._sums))
            self._sheet.append([cell(self._sheet, value) for value in values])
            self.count += 1

    def save(self, to: IO[bytes], note: Sequence[tuple[str, Value]]) -> None:
        """End the ledger, add the sheet that says what it is, and write the file."""
        self._sheet.auto_filter.ref = f"A1:{self._last_column}{self.count + 1}"
        sheet = self._book.create_sheet("说明")
        sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, 60
        for title, value in note:
            said = cell(sheet, value)
            said.alignment = Alignment(horizontal="left", vertical="top", wrap_text=True)
            sheet.append([header(sheet, title), said])
        self._book.save(to)


def _prepare(sheet: Any) -> None:
    """The header stays in sight and on every page; landscape, as wide as one page."""
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A3
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddFooter.right.text = "第 &P 页 / 共 &N 页"


def _values(row: LedgerRow) -> tuple[Value, ...]:
    return (
        row.title,
        row.code,
        row.type_title,
        row.unit,
        row.clerk,
        row.state,
        row.phase,
        row.stage,
        row.others or None,
        row.holder,
        row.due.day if row.due else None,
        _due_words(row.due),
        *(_light_words(each) for each in (row.own, row.outside, row.validity)),
        row.valid_until,
    )


def _due_words(due: Due | None) -> str:
    if due is None:
        return ""
    return f"{due.words}（本局推算，以对方为准）" if due.outside else due.words


def _light_words(light: Light) -> str:
    return f"{light.shape} {light.word}".strip()


def header(sheet: Any, title: str) -> Any:
    """The title of a column, or of a row."""
    made = cell(sheet, title)
    made.font, made.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    return made


def cell(sheet: Any, value: Value) -> Any:
    """The value in its own type; a text stays a text, whatever it begins with."""
    if not isinstance(value, str):
        made = WriteOnlyCell(sheet, value=value)  # type: ignore[arg-type]  # the stubs know no date, no Decimal
        made.number_format = DATE if isinstance(value, date) else MONEY if isinstance(value, Decimal) else "0"
        return made
    text = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_TEXT]
    made = WriteOnlyCell(sheet, value=text)
    if text:
        made.data_type = "s"  # openpyxl takes a leading = for a formula
        made.number_format = "@"
        made.quotePrefix = FORMULA.match(text) is not None
    return made
