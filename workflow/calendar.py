"""The working-day calendar: which days count, as the State Council arranged them year by year. Pure.

Invariant: every day of 2000-2100 has an answer; where the year is not officially arranged, the answer
is marked provisional (暂定), and nothing ever guesses a 调休.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, compress, count
from typing import Final, NamedTuple

from msgspec import Struct

from workflow.errors import Invalid, reason

FIRST: Final = date(2000, 1, 1)
LAST: Final = date(2100, 12, 31)
_ORIGIN: Final = FIRST.toordinal()
_SPAN: Final = (LAST - FIRST).days + 1
"""The days that a calendar answers for. Anything outside is a typing error, not a date of ours."""

SATURDAY: Final = 5
ORDINARY: Final = "工作日"
WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

_FIXED: Final = {(1, 1): "元旦", (5, 1): "劳动节", (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节"}
_SINCE_2025: Final = {(5, 2): "劳动节"}


class Status(StrEnum):
    """Whether a year is arranged by a published notice, or only by what the law fixes for every year."""

    OFFICIAL = "official"
    PROVISIONAL = "provisional"


STATUS_WORDS: Final = {Status.OFFICIAL: "已公布", Status.PROVISIONAL: "暂定"}


class Year(Struct, frozen=True):
    """One calendar year as arranged: only the days that differ from Monday to Friday, each with its reason.

    `off` are days that do not work (weekends inside a holiday may be named too); `work` are weekend days
    that do. `source` names the notice that says so.
    """

    year: int
    status: Status
    source: str
    off: Mapping[date, str] = {}
    work: Mapping[date, str] = {}

    @property
    def is_provisional(self) -> bool:
        """Whether a notice is still to come that may change these days."""
        return self.status is not Status.OFFICIAL


class Nature(NamedTuple):
    """What a day is: whether it works, and why, in Chinese."""

    works: bool
    why: str


class Change(Struct, frozen=True):
    """A day that worked and no longer does, or the other way round, when one year replaces another."""

    day: date
    was: Nature
    now: Nature

    def __str__(self) -> str:
        return f"{self.day} {weekday(self.day)}：{self.was.why} → {self.now.why}"


class Calendar:
    """Working days of 2000-2100. Of two `Year`s for the same year the later one given counts."""

    def __init__(self, years: Iterable[Year] = ()) -> None:
        self._years = {year.year: year for year in years}

    @property
    def years(self) -> tuple[Year, ...]:
        """The years loaded, in order."""
        return tuple(self._years[number] for number in sorted(self._years))

    def is_workday(self, day: date) -> bool:
        """Whether that day works."""
        return bool(self._table.flags[_place(day)])

    def is_provisional(self, day: date) -> bool:
        """Whether the answer for that day may still change: its year is not loaded, or not yet official."""
        return self._is_provisional(day.year)

    def _is_provisional(self, number: int) -> bool:
        year = self._years.get(number)
        return year is None or year.is_provisional

    def provisional_years(self, first: date, last: date) -> tuple[int, ...]:
        """The years from `first` to `last`, both included, whose arrangement may still change."""
        years = range(first.year, last.year + 1)
        return tuple([year for year in years if self._is_provisional(year)])

    def why(self, day: date) -> str:
        """Why that day works or not, in Chinese: 工作日, 周六, 国庆节放假, 国庆节调休上班."""
        _place(day)
        return nature(self._years.get(day.year), day).why

    def add_workdays(self, day: date, amount: int) -> date:
        """The working day that lies `amount` working days after `day`, or before it if negative.

        `day` itself is day 0 and need not work; 0 answers `day` unchanged. Raises `Invalid`
        (date-beyond-calendar) outside 2000-2100.
        """
        place = _place(day)
        if amount == 0:
            return day
        table = self._table
        turn = table.worked[place + 1] + amount - 1 if amount > 0 else table.worked[place] + amount
        if not 0 <= turn < len(table.workdays):
            raise _beyond(f"{day}起{amount}个工作日")
        return _day(table.workdays[turn])

    def workdays_between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and including `end`; if `end` is earlier, how many
        lie from `end` up to before `start`, as a negative number.

        So `workdays_between(day, add_workdays(day, n)) == n` for every n.
        """
        worked, begin, finish = self._table.worked, _place(start), _place(end)
        if finish >= begin:
            return worked[finish + 1] - worked[begin + 1]
        return worked[finish] - worked[begin]

    def next_workday(self, day: date) -> date:
        """`day` itself if it works, else the first working day after it."""
        table = self._table
        turn = table.worked[_place(day)]
        if turn == len(table.workdays):
            raise _beyond(f"{day}之后")
        return _day(table.workdays[turn])

    def workdays_in(self, year: int) -> int:
        """How many working days that year has."""
        worked = self._table.worked
        return worked[_place(date(year, 12, 31)) + 1] - worked[_place(date(year, 1, 1))]

    @cached_property
    def _table(self) -> _Table:
        """Built on first use, in milliseconds: then every question is a look-up, whatever the distance."""
        week = bytes((FIRST + timedelta(days=each)).weekday() < SATURDAY for each in range(7))
        flags = bytearray((week * (_SPAN // 7 + 1))[:_SPAN])
        for number in range(FIRST.year, LAST.year + 1):
            year = self._years.get(number)
            for day in year.off if year else _fixed(number):
                flags[_place(day)] = False
            for day in year.work if year else ():
                flags[_place(day)] = True
        return _Table(
            bytes(flags),
            array("i", accumulate(flags, initial=0)),
            array("i", compress(count(), flags)),
        )


class _Table(NamedTuple):
    """The calendar as look-ups by place, a day's distance from FIRST."""

    flags: bytes
    """Whether the day at that place works."""
    worked: array[int]
    """How many working days lie before that place."""
    workdays: array[int]
    """The places of the working days, in order."""


def nature(year: Year | None, day: date) -> Nature:
    """What `day` is under the arrangement of its year; None: only the fixed-date holidays are known."""
    off = year.off if year else _fixed(day.year)
    if year and (why := year.work.get(day)):
        return Nature(True, why)
    if why := off.get(day):
        return Nature(False, why if why.endswith("放假") else f"{why}放假")
    if day.weekday() >= SATURDAY:
        return Nature(False, weekday(day))
    return Nature(True, ORDINARY)


def differences(old: Year | None, new: Year) -> tuple[Change, ...]:
    """The days that begin or cease to work when `new` replaces `old` (None: the year was not loaded)."""
    if old and old.year != new.year:
        raise ValueError(f"cannot compare {old.year} with {new.year}")
    days = (date(new.year, 1, 1) + timedelta(days=each) for each in range(366))
    changes = (Change(day, nature(old, day), nature(new, day)) for day in days if day.year == new.year)
    return tuple(change for change in changes if change.was.works != change.now.works)


def weekday(day: date) -> str:
    """The name of its day of the week: 周一 to 周日."""
    return WEEKDAYS[day.weekday()]


def _fixed(year: int) -> dict[date, str]:
    """The holidays with a fixed date (全国年节及纪念日放假办法; 5月2日 since 国务院令第795号).

    春节, 清明, 端午 and 中秋 follow the moon and the sun: they are written in a year's file, never computed.
    """
    fixed = _FIXED if year < 2025 else _FIXED | _SINCE_2025
    return {date(year, month, day): why for (month, day), why in fixed.items()}


def _place(day: date) -> int:
    place = day.toordinal() - _ORIGIN
    if not 0 <= place < _SPAN:
        raise _beyond(str(day))
    return place


def _day(place: int) -> date:
    return date.fromordinal(place + _ORIGIN)


def _beyond(day: str) -> Invalid:
    return Invalid(reason("date-beyond-calendar", day=day))
