"""Time as the law counts it: limits, ledgers and due dates. Pure; `now` is always an argument.

Invariant: a due date is a function of (ledger, calendar) alone, and can explain itself day by day.
Working days count by the calendar; natural days, months and years count every day and end on a working one.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from workflow.calendar import ORDINARY
from workflow.errors import Invalid, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workflow.calendar import Calendar

# A fixed offset, because China has kept one since 1991 and reading a zone file would be IO.
SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")

NINE: Final = time(9, 0)
"""When rungs take effect on a working day, Shanghai time, unless an office sets another hour."""

ONE_DAY: Final = timedelta(days=1)


class Unit(StrEnum):
    """The units of a limit, each counted by its own rule."""

    WORKDAYS = "workdays"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"

    @property
    def is_natural(self) -> bool:
        """Whether days off count too: every unit but working days."""
        return self is not Unit.WORKDAYS


_SPAN_WORDS: Final = {"stopped": "停表", "excluded": "扣除"}
_WORDS: Final = {Unit.WORKDAYS: "个工作日", Unit.DAYS: "日", Unit.MONTHS: "个月", Unit.YEARS: "年"}


class Limit(Struct, frozen=True):
    """A length of time as a rule states it: 20 workdays, 30 days, 3 months, 2 years."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount}{_WORDS[self.unit]}"


class Span(Struct, frozen=True):
    """A stretch that does not count: stopped on `start`, resumed on `end` (None: still stopped).

    Days from `start` up to, not including, `end` are not counted: working days for limits in working days,
    all days for the others.
    """

    start: date
    end: date | None
    why: str = ""
    kind: str = "stopped"  # "stopped" | "excluded"


class Due(Struct, frozen=True):
    """A due date, and whether it rests on a provisional calendar year (暂定)."""

    day: date
    provisional: bool


class Day(Struct, frozen=True):
    """One line of an explanation: a day, whether it counted, its number, and why.

    `number` is how many days have counted so far in that `unit`; `provisional` says that this line may
    change when the arrangement of its year is published.
    """

    day: date
    counted: bool
    number: int
    why: str
    provisional: bool
    unit: Unit = Unit.WORKDAYS


def parse_limit(text: str) -> Limit:
    """The limit that "20 workdays", "1 month" states; ValueError if it states none."""
    found = re.fullmatch(r"([1-9][0-9]{0,4}) (workday|day|month|year)s?", " ".join(text.split()))
    if not found:
        raise ValueError(f"“{text}”不是期限，请写成 20 workdays、30 days、3 months 或 2 years 的样子")
    return Limit(int(found[1]), Unit(f"{found[2]}s"))


def parse_span(text: str) -> Span:
    """The span that "2026-09-21..2026-09-29" states: stopped on one day, resumed on the other. ValueError."""
    try:
        start, end = (date.fromisoformat(part) for part in text.split(".."))
    except ValueError:
        raise ValueError(f"“{text}”不是停表期间，请写成 2026-09-21..2026-09-29 的样子") from None
    if end < start:
        raise ValueError(f"停表期间“{text}”的恢复日早于停表日，请核对")
    return Span(start, end)


def due(
    calendar: Calendar,
    start: date,
    limit: Limit,
    spans: Iterable[Span] = (),
    extensions: Iterable[Limit] = (),
) -> Due | None:
    """The day on whose end the limit expires; None while a span is open.

    `start` is day 0 [民法典第201条, by analogy]. Extensions run on from the expiry before them, in order.
    What ends on a day off ends on the next working day [民法典第203条]. Raises `Invalid` beyond the calendar.
    """
    stretches = _merged(spans)
    if stretches is None:
        return None
    end, provisional = start, False
    for each in (limit, *extensions):
        begin, end = end, _expiry(calendar, end, each, stretches)
        if end > begin and not each.unit.is_natural:
            provisional |= bool(calendar.provisional_years(begin + ONE_DAY, end))
    day = calendar.next_workday(end)
    return Due(day, provisional or bool(calendar.provisional_years(end, day)))


def explain(
    calendar: Calendar,
    start: date,
    limit: Limit,
    spans: Iterable[Span] = (),
    extensions: Iterable[Limit] = (),
) -> tuple[Day, ...]:
    """Every day from `start`, with its number or why it does not count; the last one is the due day.

    While a span is open the explanation ends on the day the clock stopped.
    """
    spans = tuple(spans)
    days = [Day(start, False, 0, "起算当日", False, Unit.DAYS if limit.unit.is_natural else Unit.WORKDAYS)]
    for turn, each in enumerate((limit, *extensions)):
        if not _walk(calendar, days, each, spans, extended=turn > 0):
            return tuple(days)
    _roll(calendar, days)
    return tuple(days)


def remaining(calendar: Calendar, today: date, due_on: date) -> int:
    """How many working days are left after `today`, the due day included; negative as soon as it is late.

    Late days are the working days after the due day up to today, and at least one: the weekend after a
    Friday's deadline is late by one already.
    """
    if today <= due_on:
        return calendar.workdays_between(today, due_on)
    return -max(1, calendar.workdays_between(due_on, today))


def elapsed(
    calendar: Calendar, start: date, today: date, spans: Iterable[Span] = (), unit: Unit = Unit.WORKDAYS
) -> int:
    """How many days have counted after `start` up to and including `today`: working days, or all days."""
    if today <= start:
        return 0
    closed = (replace(span, end=span.end or max(span.start, today + ONE_DAY)) for span in spans)
    counted = _distance(calendar, unit, start, today)
    for begin, end in _merged(closed) or ():
        counted -= _within(calendar, unit, start, begin, min(end, today + ONE_DAY))
    return counted


def rung_at(calendar: Calendar, due_on: date, offset: int, at: time = NINE) -> datetime:
    """When a rung takes effect, in UTC: at that hour of the working day `offset` working days from `due_on`.

    A `due_on` that is a day off (the end of a validity) stands for the next working day.
    """
    day = calendar.add_workdays(calendar.next_workday(due_on), offset)
    return datetime.combine(day, at, SHANGHAI).astimezone(UTC)


def deadline_at(day: date) -> datetime:
    """The instant at which that day is over in Shanghai (24:00), in UTC."""
    return datetime.combine(day + ONE_DAY, time.min, SHANGHAI).astimezone(UTC)


def local_day(instant: datetime) -> date:
    """The day it is in Shanghai at that instant; ValueError for an instant without a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(SHANGHAI).date()


def validity_end(issued_on: date, limit: Limit) -> date:
    """The last day a paper is valid: the same calendar day later, whether it works or not.

    29 February ends on the 28th. ValueError for working days: no paper is valid by them.
    """
    if not limit.unit.is_natural:
        raise ValueError(f"有效期不能以工作日计：{limit}")
    return _later(issued_on, limit.amount, limit.unit)


def renew_from(valid_until: date, limit: Limit, calendar: Calendar | None = None) -> date:
    """The day from which renewal is due: that long before a paper lapses. Working days need the calendar."""
    if limit.unit.is_natural:
        return _later(valid_until, -limit.amount, limit.unit)
    if calendar is None:
        raise ValueError(f"提前{limit}需要工作日历")
    return calendar.add_workdays(valid_until, -limit.amount)


def _expiry(calendar: Calendar, begin: date, limit: Limit, stretches: Sequence[tuple[date, date]]) -> date:
    """Where `limit` ends when it runs from `begin`: each stretch on the way pushes the end by its length."""
    unit = limit.unit
    end = _later(begin, limit.amount, unit) if unit.is_natural else calendar.add_workdays(begin, limit.amount)
    for first, resumed in stretches:
        if first > end:
            break
        lost = _within(calendar, unit, begin, first, resumed)
        end = _later(end, lost, Unit.DAYS) if unit.is_natural else calendar.add_workdays(end, lost)
    return end


def _within(calendar: Calendar, unit: Unit, after: date, first: date, resumed: date) -> int:
    """How many days of the stretch from `first` up to before `resumed` lie after `after`."""
    before, last = max(after, first - ONE_DAY), resumed - ONE_DAY
    return _distance(calendar, unit, before, last) if last > before else 0


def _distance(calendar: Calendar, unit: Unit, start: date, end: date) -> int:
    return (end - start).days if unit.is_natural else calendar.workdays_between(start, end)


def _merged(spans: Iterable[Span]) -> list[tuple[date, date]] | None:
    """The stretches in order and apart, so that no day is lost twice; None if one is open."""
    stretches: list[tuple[date, date]] = []
    for start, end in sorted((span.start, span.end or date.max) for span in spans):
        if end == date.max:
            return None
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(end, stretches[-1][1])
        elif start < end:
            stretches.append((start, end))
    return stretches


def _later(day: date, amount: int, unit: Unit) -> date:
    """The same calendar day that many days, months or years later (earlier if negative).

    Where the month has no such day, its last day [民法典第202条].
    """
    try:
        if unit is Unit.DAYS:
            return day + timedelta(days=amount)
        months = amount * 12 if unit is Unit.YEARS else amount
        year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError):
        raise Invalid(reason("date-beyond-calendar", day=f"{day}起{Limit(amount, unit)}")) from None


def _walk(
    calendar: Calendar, days: list[Day], limit: Limit, spans: tuple[Span, ...], *, extended: bool
) -> bool:
    """Count `limit` day by day onto `days`; False if it met an open span. The slow twin of `_expiry`."""
    natural, day = limit.unit.is_natural, days[-1].day
    unit = Unit.DAYS if natural else Unit.WORKDAYS
    number = days[-1].number if days[-1].unit is unit else 0
    goal = number + ((_later(day, limit.amount, limit.unit) - day).days if natural else limit.amount)
    while number < goal:
        day += ONE_DAY
        could = natural or calendar.is_workday(day)
        span = _span_on(day, spans)
        number += could and span is None
        if span and (could or span.end is None):
            why = f"{_SPAN_WORDS[span.kind]}（{span.why}）" if span.why else _SPAN_WORDS[span.kind]
        elif not could:
            why = calendar.why(day)
        else:
            why = _how_counted(calendar, day, natural=natural, extended=extended)
        provisional = not natural and calendar.is_provisional(day)
        days.append(Day(day, could and span is None, number, why, provisional, unit))
        if span and span.end is None:
            return False
    return True


def _span_on(day: date, spans: tuple[Span, ...]) -> Span | None:
    return next((each for each in spans if each.start <= day and (each.end is None or day < each.end)), None)


def _how_counted(calendar: Calendar, day: date, *, natural: bool, extended: bool) -> str:
    """What is worth saying about a day that counted: nothing, if it is an ordinary one."""
    why = "" if natural else calendar.why(day).replace(ORDINARY, "")
    return "，".join(word for word in (why, "延长" if extended else "") if word)


def _roll(calendar: Calendar, days: list[Day]) -> None:
    """End on a working day: if the last day is a day off, the next working day takes its number."""
    last = days[-1]
    day, unit = last.day, last.unit
    days[-1] = replace(last, provisional=calendar.is_provisional(day))
    if calendar.is_workday(day):
        return
    number = last.number - 1 if last.counted else last.number
    if last.counted:
        days.pop()
        day -= ONE_DAY
    while not calendar.is_workday(day := day + ONE_DAY):
        why = f"{calendar.why(day)}，末日顺延"
        days.append(Day(day, False, number, why, calendar.is_provisional(day), unit))
    days.append(Day(day, True, last.number, "末日顺延", calendar.is_provisional(day), unit))
