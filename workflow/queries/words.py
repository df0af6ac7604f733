"""Days, limits and lights as people read them: 10月22日 周四 · 剩 3 个工作日, ▲ 临期. Pure.

Invariant: a light always has a shape and a word beside its colour, and red, yellow and green mean
nothing else anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from workflow.calendar import Calendar, weekday
from workflow.clock import SHANGHAI, local_day, remaining
from workflow.state import ISSUED, NOT_APPLICABLE, Clock
from workflow.timing import VALIDITY


class Light(Struct, frozen=True):
    """One light: its colour for the eye, its shape for print and the colour-blind, its word for the ear."""

    colour: str
    shape: str
    word: str


LIGHTS = {
    "green": Light("green", "●", "正常"),
    "yellow": Light("yellow", "▲", "临期"),
    "red": Light("red", "■", "超期"),
    "grey": Light("grey", "◌", "暂停"),
    "done": Light("done", "✓", "办结"),
    "none": Light("none", "", ""),
}


class Due(Struct, frozen=True):
    """A due date in words. `outside` says that it is another office's, worked out by us."""

    day: date | None
    words: str
    light: Light
    provisional: bool = False
    outside: bool = False


def caution_of(marks: Sequence[str]) -> str:
    """What to say beside a file that carries such things; the empty string for one that carries none."""
    return f"文件含{'、'.join(marks)}，请核实来源后再打开" if marks else ""


def light_on(warn_on: date | None, due_on: date | None, today: date) -> Light:
    """The light of these two days; none where no day is set."""
    if due_on is None:
        return LIGHTS["none"]
    if today > due_on:
        return LIGHTS["red"]
    return LIGHTS["yellow" if warn_on is not None and today >= warn_on else "green"]


def row_day(text: str | None) -> date | None:
    """A day as rows keep it."""
    return date.fromisoformat(text) if text else None


def row_light(warn_on: str | None, due_on: str | None, today: date) -> Light:
    """The light of two days as rows keep them."""
    return light_on(row_day(warn_on), row_day(due_on), today)


def due_of(clock: Clock | None, calendar: Calendar, today: date) -> Due | None:
    """The clock's due date in words; None without a clock, or once nothing is counted any more."""
    if clock is None or (clock.due_on is None and not clock.stopped):
        return None
    if clock.due_on is None:
        return Due(
            None, f"停表中（{clock.spans[-1].why or '已暂停'}）", LIGHTS["grey"], outside=clock.outside
        )
    light = light_on(clock.warn_on, clock.due_on, today)
    words = due_words(
        calendar, clock.due_on, today, provisional=clock.provisional, validity=clock.key == VALIDITY
    )
    return Due(clock.due_on, words, light, clock.provisional, clock.outside)


def due_words(
    calendar: Calendar, due_on: date, today: date, *, provisional: bool = False, validity: bool = False
) -> str:
    """10月22日 周四 · 剩 3 个工作日; with （暂定） where the calendar may still change it."""
    mark = "（暂定）" if provisional else ""
    return f"{day_words(due_on, today)}{mark} · {left_words(calendar, due_on, today, validity=validity)}"


def left_words(calendar: Calendar, due_on: date, today: date, *, validity: bool = False) -> str:
    """剩 3 个工作日, 今日到期, 超 2 个工作日: how far away a due date is."""
    if today == due_on:
        return "今日到期"
    left = abs(remaining(calendar, today, due_on))
    if today > due_on:
        return "已失效" if validity else f"超 {max(left, 1)} 个工作日"
    return f"剩 {left} 个工作日" if left else "最后 1 天"


def day_words(day: date, today: date) -> str:
    """10月22日 周四; with its year when that is not this one."""
    year = "" if day.year == today.year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日 {weekday(day)}"


def clock_day(day: date, today: date) -> str:
    """11月16日, without its weekday; with its year when that is not this one."""
    return day_words(day, today).partition(" ")[0]


def since_words(instant: datetime | None, today: date) -> str:
    """When something began, as a day: 11月11日 周三, 今日."""
    if instant is None:
        return ""
    day = local_day(instant)
    return "今日" if day == today else day_words(day, today)


def clock_time(instant: datetime) -> str:
    """An instant in Shanghai, to the minute: 2026-11-20 09:00."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def state_light(state: str, due: Due | None) -> Light:
    """The light of a stage: that of its clock while it is open, ✓ once issued, none otherwise."""
    if state == ISSUED:
        return LIGHTS["done"]
    if state == NOT_APPLICABLE or due is None:
        return LIGHTS["none"]
    return due.light
