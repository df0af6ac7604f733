"""The record as a file: a table for the office, a table for programs, or line by line with every hash.

Invariant: no cell is a formula, whatever somebody once typed; the lines hold what was hashed, unchanged.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from openpyxl import Workbook

from api.prints.workbook import FORMULA, cell, header
from workflow.content import FORMATS as MEDIA
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
    """The text as a line of a CSV holds it, so that it is never a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def _values(entry: Entry) -> tuple[str, ...]:
    title = entry.title or "管理事项"
    seq = str(entry.seq)
    return (entry.at, title, seq, entry.kind, entry.who, entry.text, entry.short, entry.stamped)


def to_csv(entries: Sequence[Entry]) -> bytes:
    """With a mark that tells office programs it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in entries:
        writer.writerow([neutral(value.translate(_UNPRINTABLE)) for value in _values(each)])
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(entries: Sequence[Entry]) -> bytes:
    """Every cell typed as text, the heading fixed."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("审计记录")
    sheet.freeze_panes = "A2"
    for place, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFGH"[place]].width = width
    sheet.append([header(sheet, words) for words in COLUMNS])
    for each in entries:
        sheet.append([cell(sheet, value) for value in _values(each)])
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
    "xlsx": Format("Excel 表", "xlsx", MEDIA["xlsx"], to_xlsx),
    "csv": Format("CSV", "csv", "text/csv; charset=utf-8", to_csv),
    "lines": Format("JSON 行（含原文和校验码）", "jsonl", "application/x-ndjson", to_lines),
}
"""By their names in the form."""
