"""What one cell says, as text that the engine's rules read: exact or refused, never guessed.

Invariant: a conversion is made only where it has one meaning (full-width digits, 万 and 亿 with 万元, a date
cell); everything else is a `ValueError` in words that follow “D7：”.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from unicodedata import normalize

from api.intake.columns import NO, YES, Column
from api.intake.workbook import Flaw
from workflow.definition import Kind
from workflow.rules import as_written, plain_number

_UNSEEN: Final = "\u200b\u200c\u200d\ufeff\u00ad"
_DASHES: Final = str.maketrans("—–‐‑−", "-----")
_DAY: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_GROUPS: Final = re.compile(r"(\d{4})(\d{6})(\d{2})(\d{2})(\d{6})")
_LONGEST: Final = {"number": 200, "issuer": 200, "kept_at": 200}


def read_cell(column: Column, value: Any) -> str:
    """The cell as text in one spelling; empty if nothing stands there. ValueError with what is wrong."""
    _expect(not isinstance(value, Flaw), getattr(value, "why", ""))
    if value is None or (isinstance(value, str) and not _text(value)):
        return ""
    found = _READERS.get(column.key, _BY_KIND.get(column.kind, _plain))(column, value)
    longest = _LONGEST.get(column.key, 500)
    if len(found) > longest:
        raise ValueError(f"超过{longest}字，请精简")
    return found


def _expect(fits: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition, as assert takes one
    if not fits:
        raise ValueError(otherwise)


def _text(value: Any) -> str:
    """A value as its words: no space and nothing unseen around it, whole numbers without a point."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return format(value, ".15g")
    return str(value).strip().strip(_UNSEEN).strip()


def _plain(_: Column, value: Any) -> str:
    _expect(isinstance(value, str | int | float | date), "不是文字，请改填文字")
    return _text(value)


def _ascii(value: Any) -> str:
    """Digits, letters and signs in their narrow form."""
    return normalize("NFKC", _text(value)).translate(_DASHES)


def _number(column: Column, value: Any) -> str:
    _expect(isinstance(value, str | int | float) and not isinstance(value, bool), "不是数字，请改填数字")
    written = _text(value)
    if not isinstance(value, str):
        return _decimal(Decimal(written))
    found = plain_number(written, column.unit)
    if found is None:
        example = f"，单位{column.unit}" if column.unit else ""
        raise ValueError(f"“{written[:30]}”不是数字，请只填数字{example}")
    return _decimal(Decimal(found))


def _decimal(value: Decimal) -> str:
    """Without an exponent, and without zeros that say nothing."""
    if not value.is_finite() or value.adjusted() > 20:
        raise ValueError("数值不在合理范围内，请核对")
    written = format(value, "f")
    return (written.rstrip("0").rstrip(".") if "." in written else written) or "0"


def _date(_: Column, value: Any) -> str:
    if isinstance(value, date):
        return _text(value)
    written = _ascii(value)
    found = _DAY.fullmatch(written) or _COMPACT.fullmatch(written)
    year, month, day = (int(part) for part in (found.groups() if found else (0, 0, 0)))
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise ValueError(f"“{written[:30]}”不是日期，请填成2024-07-16的样式") from None


def _yes_or_no(_: Column, value: Any) -> str:
    written = _ascii(value).upper()
    if written in {YES, "TRUE", "√", "Y", "1"}:
        return YES
    if written in {NO, "FALSE", "×", "N", "0"}:
        return NO
    raise ValueError(f"“{written[:30]}”不是“是”或“否”，请填“是”或“否”")


def _choice(column: Column, value: Any) -> str:
    written = _text(value)
    if written not in column.options:
        raise ValueError(f"“{written[:30]}”不在可选之列，请填{'、'.join(column.options)}之一")
    return written


def code_of(written: str) -> str:
    """A project code, however its digits and dashes were typed."""
    narrow = "".join(_ascii(written).split())
    found = _GROUPS.fullmatch(narrow)
    return "-".join(found.groups()) if found else narrow


def _code(_: Column, value: Any) -> str:
    _expect(isinstance(value, str), "是数字，末几位可能已丢失，请把单元格设为文本后重填")
    return code_of(value)


def _reply_number(column: Column, value: Any) -> str:
    """文号: digits narrow, the year in hexagonal brackets, everything else as on the original."""
    digits = {ord("０") + digit: str(digit) for digit in range(10)}
    return as_written(_plain(column, value).translate(digits))


_READERS: Final[Mapping[str, Callable[[Column, Any], str]]] = {"code": _code, "number": _reply_number}
_BY_KIND: Final[Mapping[Kind, Callable[[Column, Any], str]]] = {
    Kind.MONEY: _number,
    Kind.DECIMAL: _number,
    Kind.INTEGER: _number,
    Kind.DATE: _date,
    Kind.BOOL: _yes_or_no,
    Kind.CHOICE: _choice,
}
