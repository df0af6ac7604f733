"""What the pure core costs beside its floors. Run: python -m tests.benchmarks.core

Working days beside a loop over days, and the strict loader beside the bare YAML parser, in the same run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import yaml

from workflow.loader import load
from workflow.snapshot import shipped_calendar

DEFINITION = Path(__file__).parents[2] / "definitions" / "welfare-complex.yaml"
ROUNDS = 15


def median(call: Callable[[], object], times: int = 1) -> float:
    """Seconds of one call, the median of several rounds of `times` calls."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(times):
            call()
        rounds.append((time.perf_counter() - began) / times)
    return statistics.median(rounds)


def walk(day: date, amount: int) -> date:
    """The floor: one question a day."""
    while amount:
        day += timedelta(days=1)
        amount -= chinese_calendar.is_workday(day)
    return day


def main() -> None:
    calendar, start, text = shipped_calendar(), date(2025, 3, 3), DEFINITION.read_text(encoding="utf-8")
    assert calendar.add_workdays(start, 30) == walk(start, 30)
    ours = median(lambda: calendar.add_workdays(start, 30), 1000)
    loop = median(lambda: walk(start, 30))
    print(
        f"30 working days: {ours * 1e6:.2f} µs, a day loop {loop * 1e6:.0f} µs: {loop / ours:.0f} times faster"
    )
    strict = median(lambda: load(text, DEFINITION.name))
    bare = median(lambda: yaml.compose(text, Loader=yaml.CSafeLoader))
    lines = text.count("\n")
    print(
        f"{lines} lines of YAML: proved in {strict * 1e3:.1f} ms, composed in {bare * 1e3:.1f} ms: {strict / bare:.1f}x"
    )


if __name__ == "__main__":
    main()
