"""The record as a file: a table for the office, a table for programs, or line by line with every hash.

Invariant: no cell is a formula, whatever somebody once typed; the lines hold what was hashed, unchanged.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from api.prints.workbook import FORMULA
from workflow.queries.audit import Entry

COLUMNS: Final = ("时刻", "项目", "序号", "种类", "人员", "经过", "校验码", "记录时刻（UTC）")
WIDTHS: Final = (20, 30, 8, 16, 18, 80, 20, 28)

_UNPRINTABLE: Final = {code: None for code in range(32) if code not in {9, 10, 13}}


class Format(Struct, frozen=True):
    """One way to write the record."""

    words: str
    ending: str
    media: str
    write: Callable[[Sequence[Entry]], bytes]


def neutral(text: str) -> str:
    """The text as a cell that is never a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def _rows(entries: Iterable[Entry]) -> Iterator[tuple[str, ...]]:
    for each in entries:
        values = (
            each.at,
            each.title or "管理事项",
            str(each.seq),
            each.kind,
            each.who,
            each.text,
            each.short,
            each.stamped,
        )
        yield tuple(neutral(value.translate(_UNPRINTABLE)) for value in values)


def to_csv(entries: Sequence[Entry]) -> bytes:
    """With a mark that tells office programs it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(entries))
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(entries: Sequence[Entry]) -> bytes:
    """Every cell typed as text, the heading fixed."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("审计记录")
    sheet.freeze_panes = "A2"
    for place, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFGH"[place]].width = width
    heading = []
    for words in COLUMNS:
        cell = WriteOnlyCell(sheet, words)
        cell.font = Font(bold=True)
        heading.append(cell)
    sheet.append(heading)
    for row in _rows(entries):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def to_lines(entries: Sequence[Entry]) -> bytes:
    """One JSON object a line: what was hashed, its hash, and the sentence beside it."""
    encoder = msgspec.json.Encoder(order="deterministic")
    return b"".join(
        encoder.encode(
            {
                "project": each.project,
                "ref": each.ref,
                "title": each.title,
                "seq": each.seq,
                "at": each.stamped,
                "actor": each.actor,
                "data": each.data,
                "hash": each.hash,
                "text": each.text,
            }
        )
        + b"\n"
        for each in entries
    )


FORMATS: Final[dict[str, Format]] = {
    "xlsx": Format(
        "Excel 表",
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        to_xlsx,
    ),
    "csv": Format("CSV", "csv", "text/csv; charset=utf-8", to_csv),
    "lines": Format("JSON 行（含原文和校验码）", "jsonl", "application/x-ndjson", to_lines),
}
"""By their names in the form."""
