"""What many projects cost: a move among them beside one in an empty database, and what each list of fifty rows takes
in the database. Run: python -m tests.benchmarks.size --data DIR

DIR is one that `python -m tests.benchmarks.pages --data DIR` has filled; moves are made in a copy of it.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from api.settings import make
from tests.benchmarks.moves import Office, timed
from tests.benchmarks.pages import DAY, PEOPLE
from tests.benchmarks.table import Row
from workflow import queries
from workflow.queries import Filters
from workflow.store import Store

LISTS: dict[str, Callable[..., Any]] = {
    "项目, newest": queries.projects,
    "项目, by due date": partial(queries.projects, sort="due"),
    "项目, our own late": partial(queries.projects, filters=Filters(light="own-red"), sort="due"),
    "项目, a name": partial(queries.projects, filters=Filters(text="骨灰堂")),
    "我的待办": queries.worklist,
    "预警, our own late": partial(queries.warnings, kind="own-red"),
    "预警, outside late": partial(queries.warnings, kind="outside-red"),
    "看板": queries.board,
    "通知": queries.notices,
    "待核对": queries.checks,
    "审计": partial(queries.audit_entries, filters=queries.AuditFilter()),
}
AUDITORS = ("jianghui", "admin")
"""Who may read the record."""
REPEATED = 20


class _Watched:
    """Milliseconds of the statements that fetch a page (LIMIT) and of all others, since it was last asked."""

    def __init__(self, store: Store) -> None:
        self._page = self._other = self._began = 0.0
        event.listen(store.engine, "before_cursor_execute", self._begin)
        event.listen(store.engine, "after_cursor_execute", self._end)

    def _begin(self, *_: Any) -> None:
        self._began = time.perf_counter()

    def _end(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        took = (time.perf_counter() - self._began) * 1000
        if "LIMIT" in statement:
            self._page += took
        else:
            self._other += took

    def taken(self) -> tuple[float, float]:
        found = self._page, self._other
        self._page = self._other = 0.0
        return found


def lists(store: Store) -> Iterator[tuple[str, float, float]]:
    """Each list for each kind of person: its name, and the medians of its page and of what counts beside it."""
    watched = _Watched(store)
    numbers = dict(
        store.read(lambda it: [*map(tuple, it.execute(text("SELECT staff_number, id FROM person")))])
    )
    for who, kind in PEOPLE.items():
        for name, ask in LISTS.items():
            if name == "审计" and who not in AUDITORS:
                continue
            taken = []
            for _ in range(REPEATED):
                watched.taken()
                store.read(ask, person=numbers[who], day=DAY)
                taken.append(watched.taken())
            pages, others = zip(*taken, strict=True)
            yield f"{kind} {name}", statistics.median(pages), statistics.median(others)


def moves(data: Path, rounds: int, projects: int = 8) -> Row:
    """A move among many projects beside one in an empty database, taking turns."""
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / "many", Path(folder) / "empty"]
        for place in places:
            place.mkdir()
        shutil.copyfile(data / "shenpi.db", places[0] / "shenpi.db")
        offices = [Office(place) for place in places]
        ratios = []
        for number in range(rounds + 1):
            refs = [f"b{number}-{each}" for each in range(projects)]
            for office in offices:
                for ref in refs:
                    office.register(ref)
            many, empty = (timed([move for ref in refs for move in each.moves(ref)]) for each in offices)
            if number:  # the first round warms every cache, and does not count
                ratios.append(empty / many)
        for office in offices:
            office.store.close()
    return Row("a move here beside one in an empty database", ratios, "×", at_most=1.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    store = Store(make(data=arguments.data).database)
    store.start()
    try:
        print(f"{'':<32}{'its page':>10}{'counting':>12}   milliseconds in the database")
        for name, page, other in lists(store):
            print(f"{name:<32}{page:>10.2f}{other:>12.2f}{'   over 1 ms' if page > 1 else ''}", flush=True)
    finally:
        store.close()
    print(moves(arguments.data, arguments.rounds))


if __name__ == "__main__":
    main()
