"""全部项目一页: fifty projects on one landscape page, for a leader. From ledger rows to a sheet; pure.

Invariant: every light is a shape and a word, so that a copy in black and white says the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec.structs import replace

from api.prints.sheet import Cell, Column, Format, Imprint, Sheet, Table
from workflow.queries.ledger import LedgerRow
from workflow.queries.restarts import AGAIN
from workflow.queries.words import Light

MOST = 500
"""Ten pages. Whoever wants more wants the ledger."""

_COLUMNS: Final = (
    Column("序", 3, "center"),
    Column("项目", 23),
    Column("单位", 11),
    Column("经办", 6),
    Column("状态", 5),
    Column("阶段", 8),
    Column("正在办理", 14),
    Column("在谁手里", 13),
    Column("到期", 23),
    Column("本局", 7),
    Column("外部门", 7),
    Column("批复有效期", 8),
)
_AGAIN: Final = 12
"""How wide the column of our own light is where one says that a clock began again."""
_WEEKDAY = re.compile(r" 周[一二三四五六日]")
"""Left out here, where every row has one line."""
_ORDER = ("red", "yellow", "grey", "green", "done", "none")


def project_list(
    rows: Sequence[LedgerRow], *, count: int, narrowed: str, imprint: Imprint, size: Format
) -> Sheet:
    """The projects, those in trouble first. `count` is how many match, `narrowed` by which filters."""
    ordered = sorted(rows, key=_urgency)
    cut = f"只列最近登记的{len(rows)}个，其余请缩小筛选范围或导出台账。" if count > len(rows) else ""
    return Sheet(
        title="项目一览",
        about=narrowed,
        summary=f"共{count}个 · {_counts(rows)}",
        blocks=(
            Table(
                "",
                _columns(rows),
                tuple(_row(number, row) for number, row in enumerate(ordered, 1)),
                "没有符合条件的项目。",
                single=True,
            ),
        ),
        imprint=imprint,
        remark=f"{cut}■ 超期　▲ 临期　● 正常　◌ 暂停。外部门的期限为本局推算，以对方为准。",
        format=size,
    )


def _columns(rows: Sequence[LedgerRow]) -> tuple[Column, ...]:
    """The columns, with room for what stands in them."""
    if not any(AGAIN in row.own.word for row in rows):
        return _COLUMNS
    return tuple(replace(each, share=_AGAIN) if each.title == "本局" else each for each in _COLUMNS)


def _urgency(row: LedgerRow) -> tuple[int, int, int, date]:
    lights = (row.own, row.outside, row.validity)
    own, outside, validity = (_ORDER.index(each.colour) for each in lights)
    return min(own, outside), validity, own, (row.due and row.due.day) or date.max


def _counts(rows: Sequence[LedgerRow]) -> str:
    late = sum(row.own.colour == "red" for row in rows)
    soon = sum(row.own.colour == "yellow" for row in rows)
    outside = sum(row.outside.colour == "red" for row in rows)
    validity = sum(row.validity.colour in {"red", "yellow"} for row in rows)
    return f"本局超期{late} · 本局临期{soon} · 外部门超期{outside} · 批复有效期临近{validity}"


def _row(number: int, row: LedgerRow) -> tuple[Cell, ...]:
    others = f"等{row.others + 1}项" if row.others else ""
    return (
        Cell(str(number)),
        Cell(row.title),
        Cell(row.unit),
        Cell(row.clerk),
        Cell(row.state),
        Cell(row.phase or "—"),
        Cell(f"{row.stage}{others}" or "—"),
        Cell(row.holder or "—"),
        Cell(_WEEKDAY.sub("", row.due.words) if row.due else "—"),
        *(_light(each) for each in (row.own, row.outside, row.validity)),
    )


def _light(light: Light) -> Cell:
    return Cell(f"{light.shape} {light.word}" if light.shape else "—", light=light.colour)
