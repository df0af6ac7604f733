"""Facts and the fields of replies: reading what was typed, typing what is stored, arithmetic promises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from unicodedata import normalize

from workflow.definition import Definition, FactType, Kind
from workflow.errors import Reason, reason
from workflow.state import ProjectState

INTEGER_DIGITS = 12
DECIMAL_DIGITS = 6
"""How many digits a number may have before and after the point: more is a slip of the finger."""

_NUMBER = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_WITH_UNIT = re.compile(rf"({_NUMBER.pattern})(?![0-9,.])\s*(.*)")
_SCALES = {
    "万元": {"万": "1", "万元": "1", "亿": "10000", "亿元": "10000", "元": "0.0001"},
}
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Control characters, and marks that turn the direction of writing: what is read is not what is there."""


def typed_values(definition: Definition, state: ProjectState) -> dict[str, Any]:
    """Facts and the fields of replies already issued, typed, under the names that conditions use."""
    values = {
        key: typed(definition.facts[key], raw) for key, raw in state.facts.items() if key in definition.facts
    }
    for key, paper in state.documents.items():
        if paper.fields and key in definition.documents:
            fields = definition.documents[key].fields
            values.update(
                {
                    f"{key}.{name}": typed(fields[name], raw)
                    for name, raw in paper.fields.items()
                    if name in fields
                }
            )
    return values


def typed(fact: FactType, raw: Any) -> Any:
    """The value as its kind; ValueError if it is not one. Money and decimals are kept as text."""
    if raw is None or raw == "":
        return None
    match fact.kind:
        case Kind.MONEY | Kind.DECIMAL:
            return _decimal(fact, raw)
        case Kind.INTEGER:
            return _integer(raw)
        case Kind.DATE:
            return raw if isinstance(raw, date) else _date(str(raw))
        case Kind.BOOL:
            return _boolean(raw)
        case Kind.CHOICE if str(raw) not in fact.options:
            raise ValueError(f"只能是{'、'.join(fact.options)}之一")
        case _:
            return _text(str(raw)) or None


def _date(raw: str) -> date:
    try:
        return date.fromisoformat(raw.strip())
    except ValueError as error:
        raise ValueError("请填写日期，如2026-09-18") from error


def _decimal(fact: FactType, raw: Any) -> Decimal:
    try:
        value = Decimal(str(raw).replace(",", "").replace("，", "").strip())
    except InvalidOperation as error:
        raise ValueError("请填写数字") from error
    if not value.is_finite() or value < 0 or value >= Decimal(10) ** 12:
        raise ValueError("数值不在合理范围内")
    if fact.kind is Kind.MONEY and value != value.quantize(Decimal("0.01")):
        raise ValueError("金额最多两位小数")
    return value


def _integer(raw: Any) -> int:
    if isinstance(raw, bool) or not str(raw).strip().isascii() or not str(raw).strip().isdigit():
        raise ValueError("请填写整数")
    value = int(str(raw).strip()) if len(str(raw)) < 16 else -1
    if value < 0:
        raise ValueError("数值不在合理范围内")
    return value


def _boolean(raw: Any) -> bool:
    words = {"true": True, "false": False, "是": True, "否": False}
    found = raw if isinstance(raw, bool) else words.get(str(raw).lower())
    if found is None:
        raise ValueError("请填写是或否")
    return found


def _text(raw: str) -> str:
    if len(raw) > 500:
        raise ValueError("文字超过500字")
    if is_misleading(raw):
        raise ValueError("含有不可见的控制字符")
    return raw.strip()


def _entered(fact: FactType, raw: Any) -> Any:
    """What was typed, read as its kind; full-width figures, thousands separators and units are taken.

    Stricter than `typed`, which also reads what was stored before.
    """
    if fact.kind in {Kind.MONEY, Kind.DECIMAL, Kind.INTEGER} and not isinstance(raw, bool):
        text = normalize("NFKC", str(raw)).strip() if raw is not None else ""
        return typed(fact, _plain_number(fact, text) if text else None)
    return typed(fact, raw)


def scales(unit: str) -> dict[str, str]:
    """What may be written after a number that is asked for in `unit`, and how many of that unit it is."""
    return {"": "1", **({normalize("NFKC", unit): "1"} if unit else {}), **_SCALES.get(unit, {})}


def plain_number(text: str, unit: str = "") -> str | None:
    """The figures of a number as people write it, in `unit`: 1,800万元, 1.8亿, ２８６０. None if it is no such number."""
    found = _WITH_UNIT.fullmatch(normalize("NFKC", text).strip())
    scale = scales(unit).get(found[2].strip()) if found else None
    if found is None or scale is None:
        return None
    figures = found[1].replace(",", "")
    if scale == "1":
        return figures
    scaled = format(Decimal(figures) * Decimal(scale), "f")
    return scaled.rstrip("0").rstrip(".") if "." in scaled else scaled


def _plain_number(fact: FactType, text: str) -> str:
    plain = plain_number(text, fact.unit)
    if plain is None:
        raise ValueError(_why_no_number(fact, text))
    whole, _, fraction = plain.partition(".")
    if fraction and fact.kind is Kind.INTEGER:
        raise ValueError("请填写整数")
    if len(whole.lstrip("0")) > INTEGER_DIGITS:
        raise ValueError("数值过大，请核对位数")
    if len(fraction) > DECIMAL_DIGITS:
        raise ValueError(f"最多{2 if fact.kind is Kind.MONEY else DECIMAL_DIGITS}位小数")
    return plain


def _why_no_number(fact: FactType, text: str) -> str:
    """What is wrong with it, and how to write it."""
    kind = "整数" if fact.kind is Kind.INTEGER else "数字"
    if text.startswith("-") and _NUMBER.fullmatch(text[1:]):
        return "不能是负数"
    if re.match(r"[0-9]", text) and re.fullmatch(r"[0-9,.]+[^0-9,.]{1,6}", text):
        return f"单位不对，此处的单位是{fact.unit}，请只填{kind}" if fact.unit else f"只填{kind}，不写单位"
    if re.fullmatch(r"[0-9]+(?:,[0-9]*)+(?:\.[0-9]*)?", text):
        return "逗号的位置不对，请写成2,860或2860"
    return f"请填写{kind}"


def stored(value: Any) -> Any:
    """How a typed value is kept in events: decimals and dates as text, the rest as it is."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def read_facts(types: Mapping[str, FactType], raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Reason]]:
    """The given values in stored form (None: unknown), and a reason for each that is not what it should be."""
    values: dict[str, Any] = {}
    reasons: list[Reason] = []
    for key, given in raw.items():
        if key not in types:
            reasons.append(reason("fact-undeclared", key, key=key))
            continue
        try:
            values[key] = stored(_entered(types[key], given))
        except ValueError as error:
            reasons.append(reason("fact-invalid", key, title=types[key].title, why=str(error)))
    return values, reasons


def check_sums(definition: Definition, facts: Mapping[str, Any]) -> list[Reason]:
    """Every arithmetic promise of the definition that the known facts break."""
    reasons = []
    for promise in definition.sums:
        numbers = [typed(definition.facts[key], facts.get(key)) for key in (promise.total, *promise.parts)]
        if any(number is None for number in numbers):
            continue
        total, parts = Decimal(numbers[0]), sum(map(Decimal, numbers[1:]), Decimal())
        if total != parts:
            fact = definition.facts[promise.total]
            form = "{:,.2f}" if fact.kind is Kind.MONEY else "{:,f}"
            reasons.append(
                reason(
                    "sum-differs",
                    promise.total,
                    parts=form.format(parts),
                    unit=fact.unit,
                    title=fact.title,
                    difference=form.format(abs(total - parts)),
                )
            )
    return reasons


def exceeded_caps(definition: Definition, state: ProjectState) -> list[Reason]:
    """Every fact that is greater than what a reply allows. A warning for the eye; nothing is refused by it."""
    values = typed_values(definition, state)
    reasons = []
    for paper in definition.documents.values():
        for field in paper.fields.values():
            fact = definition.facts.get(field.caps)
            amount, cap = values.get(field.caps), values.get(f"{paper.key}.{field.key}")
            if fact is None or amount is None or cap is None or amount <= cap:
                continue
            form = "{:,.2f}" if fact.kind is Kind.MONEY else "{:,f}"
            reasons.append(
                reason(
                    "cap-exceeded",
                    fact.key,
                    title=fact.title,
                    amount=form.format(Decimal(amount)),
                    unit=fact.unit,
                    paper=paper.title,
                    cap_title=field.title,
                    cap=form.format(Decimal(cap)),
                    difference=form.format(Decimal(amount) - Decimal(cap)),
                )
            )
    return reasons


def is_misleading(text: str) -> bool:
    """Whether control characters, or marks that turn the direction of writing, stand in the text."""
    return _INVISIBLE.search(text) is not None


def check_text(
    text: str, place: str, title: str, *, required: bool = False, longest: int = 2000, one_line: bool = False
) -> list[Reason]:
    """Whether a free text is there if it must be, not too long, and without control characters;
    with `one_line`, without line breaks too.
    """
    if required and not text.strip():
        return [reason("text-required", place, title=title)]
    if len(text) > longest:
        return [reason("text-too-long", place, title=title, longest=longest)]
    if is_misleading(text) or (one_line and re.search(r"[\r\n\t]", text)):
        return [reason("text-control-characters", place, title=title)]
    return []
