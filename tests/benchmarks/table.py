"""A figure of a benchmark, and how a table shows it: the median of its rounds beside its aim."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from msgspec import Struct


class Row(Struct, frozen=True):
    """What was measured, its value in each round, and the most or the least that it should be."""

    what: str
    found: Sequence[float]
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def __str__(self) -> str:
        if not self.found:
            return self.what
        middle = statistics.median(self.found)
        spread = f"{_short(min(self.found))}–{_short(max(self.found))}" if len(self.found) > 1 else ""
        return f"{self.what:<56}{_short(middle):>9} {self.unit:<8}{spread:<16}{self._aim(middle)}".rstrip()

    def _aim(self, middle: float) -> str:
        if self.at_most is not None:
            return f"aim ≤ {self.at_most:g}  {'held' if middle <= self.at_most else 'MISSED'}"
        if self.at_least is not None:
            return f"aim ≥ {self.at_least:g}  {'held' if middle >= self.at_least else 'MISSED'}"
        return ""


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
