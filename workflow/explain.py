"""Puts a due date into words, one line a day, for `shenpi due --explain` and for pages. Pure.

Invariant: the words add nothing: every line is one `Day` of `clock.explain`, or a day after the due date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.calendar import weekday
from workflow.clock import ONE_DAY, Limit, due, explain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from workflow.calendar import Calendar
    from workflow.clock import Day, Span


def describe_due(
    calendar: Calendar,
    start: date,
    limit: Limit,
    spans: Iterable[Span] = (),
    extensions: Iterable[Limit] = (),
) -> list[str]:
    """The explanation as lines; the last is the due date (ISO), or says that the clock is stopped."""
    spans, extensions = tuple(spans), tuple(extensions)
    answer = due(calendar, start, limit, spans, extensions)
    days = explain(calendar, start, limit, spans, extensions)
    lines = [describe(day) for day in days]
    if answer is None:
        return [*lines, "停表中，恢复后再算到期日"]
    if answer.provisional:
        years = "、".join(str(year) for year in sorted({day.day.year for day in days if day.provisional}))
        lines.append(f"到期日暂定：载入{years}年放假安排后重新计算")
    return [*lines, answer.day.isoformat()]


def describe_late(calendar: Calendar, due_on: date, today: date) -> list[str]:
    """The days after a due date up to `today`: 2026-11-16 周一 超第1个工作日; 2026-11-14 周六 不计：周六."""
    lines, day, number = [], due_on, 0
    while day < today:
        day += ONE_DAY
        if calendar.is_workday(day):
            number += 1
            lines.append(f"{day} {weekday(day)} 超第{number}个工作日")
        else:
            lines.append(f"{day} {weekday(day)} 不计：{calendar.why(day)}")
    return lines


def describe(day: Day) -> str:
    """One day as a line: 2026-10-09 周五 第9个工作日; 2026-10-01 周四 不计：国庆节放假."""
    if not day.counted:
        text = f"不计：{day.why}"
    elif day.why:
        text = f"第{Limit(day.number, day.unit)}（{day.why}）"
    else:
        text = f"第{Limit(day.number, day.unit)}"
    provisional = f"（暂定：{day.day.year}年放假安排尚未载入）" if day.provisional else ""
    return f"{day.day} {weekday(day.day)} {text}{provisional}"
