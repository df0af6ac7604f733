"""The demo on other days: whenever it is started, the same city shows the same trouble, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path

import pytest

import api.models  # noqa: F401 - its tables are made with the others
import notifications.models  # noqa: F401 - as above
from api import demo
from workflow import queries
from workflow.files import Files
from workflow.snapshot import shipped_calendar
from workflow.store import Store

FIRST, LAST = date(2026, 10, 8), date(2027, 12, 31)

TELLING = (
    date(2026, 10, 10),  # 国庆节 lies between the papers and the day
    date(2026, 11, 15),
    date(2026, 11, 22),  # a Sunday: the day the story was written for
    date(2027, 2, 17),  # in and after 春节
    date(2027, 10, 7),
    LAST,
)


def overview(day: date, folder: Path) -> queries.Warnings:
    """What 蒋慧 of the city sees under 预警 in a demo started at ten on that day."""
    store = Store(f"sqlite:///{folder / 'shenpi.db'}")
    store.start()
    numbers = count(1)
    world = demo.build(
        store,
        Files(folder / "documents"),
        now=datetime.combine(day, time(2), UTC),
        password_hash="",
        new_ref=lambda: f"project-{next(numbers)}",
    )
    seen: queries.Warnings = store.read(queries.warnings, person=world.people["jianghui"], day=day)
    store.close()
    return seen


def is_the_story(seen: queries.Warnings, day: date) -> None:
    """One late here, one late outside, one reply running out: as the story tells, to the day."""
    more = int(shipped_calendar().is_workday(day))
    told = {kind.key: [(each.project, each.title) for each in kind.items] for kind in seen.kinds}
    assert told["own-red"] == [("大院社区综合养老服务中心改造", "概算审核")]
    assert told["outside-red"] == [("特困人员供养服务综合体", "土地报备")]
    assert told["validity"] == [("区公益性骨灰堂", "可研批复")]
    words = {kind.key: kind.items[0].due.words for kind in seen.kinds if kind.items[0].due}
    assert f"超 {5 + more} 个工作日" in words["own-red"]
    assert f"超 {16 + more} 个工作日" in words["outside-red"]


@pytest.mark.parametrize("day", TELLING, ids=str)
def test_the_story_is_the_same_on_any_day(day: date, tmp_path: Path) -> None:
    is_the_story(overview(day, tmp_path), day)


@pytest.mark.slow
def test_the_story_is_the_same_all_through_the_year_to_come(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for ahead in range(0, (LAST - FIRST).days + 1, 9):
        day = FIRST + timedelta(ahead)
        is_the_story(overview(day, tmp_path_factory.mktemp("city")), day)
