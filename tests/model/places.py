"""What the reference keeps of a stage: where it stands, its clock, the order that chases it, the entry that waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil

CLOSED = {"waiting", "not_applicable", "issued", "refused", "lapsed", "cancelled"}
PASSED = {"issued", "not_applicable"}
EXTENSION = 5


@dataclass
class Entry:
    """A record that waits for its check: who made it, in whose standing, and what it says of a reply."""

    what: str
    by: str
    standing: str
    checkers: list[str]
    on: date
    said: dict[str, str]

    @property
    def hands(self) -> set[str]:
        """Who cannot check it."""
        return {self.by, self.standing}


@dataclass
class Order:
    """A 督办单 that waits for its answer: who issued it, in whose standing, until when, and whether that day was missed."""

    by: str
    standing: str
    until: date
    missed: bool = False


@dataclass
class Clock:
    """The time that a place has: its first day, its working days, and the days that do not count."""

    started: date
    limit: int
    outside: bool
    stops: list[tuple[date, date | None, str]] = field(default_factory=list)
    extended: bool = False

    @property
    def stopped(self) -> str:
        """Why it stands still; empty while it runs."""
        return self.stops[-1][2] if self.stops and self.stops[-1][1] is None else ""

    def stop(self, on: date, why: str) -> None:
        self.stops.append((on, None, why))

    def resume(self, on: date) -> None:
        begin, _, why = self.stops.pop()
        self.stops.append((begin, on, why))

    def due(self, is_workday: Callable[[date], bool]) -> date | None:
        """Its last day, counted one by one."""
        if self.stopped:
            return None
        day, left = self.started, self.limit + EXTENSION * self.extended
        while left:
            day += timedelta(days=1)
            left -= is_workday(day) and not any(begin <= day < (end or day) for begin, end, _ in self.stops)
        return day

    def is_pressing(self, today: date, is_workday: Callable[[date], bool]) -> bool:
        """Whether it is late, or in the last fifth of its time, and at least on the last working day before."""
        due = self.due(is_workday)
        if due is None:
            return False
        length, left = (
            sum(is_workday(start + timedelta(days=each)) for each in range(1, (due - start).days + 1))
            for start in (self.started, today)
        )
        return left <= max(1, ceil(length / 5))


@dataclass
class Stage:
    """Where a stage stands."""

    state: str = "waiting"
    visit: int = 0
    acts: list[tuple[str, ...]] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    papers: set[str] = field(default_factory=set)
    entry: Entry | None = None
    again: str = ""
    """Who has to make an entry again that was rejected."""
    order: Order | None = None
    clock: Clock | None = None
    prepared: Clock | None = None
    """The clock of its preparation, which goes on in the same visit."""

    @property
    def is_open(self) -> bool:
        return self.state not in CLOSED

    @property
    def step(self) -> str:
        return "" if not self.is_open or self.state == "preparing" else self.state.split(".")[0]

    @property
    def part(self) -> str:
        return self.state.partition(".")[2]
