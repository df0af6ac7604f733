"""Nobody sweeps for days, clocks jump: each rung takes effect once, and never early."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api import condition
from api.main import _server_clock
from notifications import outbox
from tests.databases import Databases
from tests.faults.conftest import LONG
from tests.faults.story import mail_settings, prepare
from tests.world import Dossier, World, at
from workflow.actions import clocks
from workflow.actions.definitions import publish
from workflow.events import DECODER, RungFired
from workflow.people import SYSTEM
from workflow.record import instant, stamp
from workflow.scheduler import Beat, Metronome, reckoned
from workflow.store import Store

DUE = 10_000
"""How many rungs wait when the scheduler comes back; on PostgreSQL, in the suite, a tenth."""

ABREAST = 40
"""How many stages of a wide project run side by side."""


def wide() -> str:
    """A project type of many stages at once, each with a clock of its own."""
    papers = [f"  p{each}: {{title: 材料{each}}}" for each in range(ABREAST)]
    replies = [f"  r{each}: {{title: 批复{each}, number: required}}" for each in range(ABREAST)]
    stages = [
        f"  s{each}: {{title: 事项{each}, phase: 实施, needs: [p{each}], issues: [r{each}],"
        " prepare: {within: 15 workdays}, steps: [review: {title: 审核, by: section_chief, within: 2 workdays}]}"
        for each in range(ABREAST)
    ]
    head = "type: wide\nversion: 1\ntitle: 并联事项\nbasis: [政府投资条例（国务院令第712号）]\nphases: [实施]"
    return "\n".join([head, "documents:", *papers, *replies, "stages:", *stages, ""])


def rungs(hall: Dossier) -> list[int]:
    """The rungs that took effect, in the order they did; none before its time."""
    found = []
    for each in hall.history():
        if isinstance(each.event, RungFired):
            assert each.event.due_at <= each.at
            found.append(each.event.offset)
    return found


def test_three_days_away_and_every_rung_takes_effect_once_in_order(world: World) -> None:
    digest = world.store.act(publish, text=wide(), name="wide.yaml", actor=SYSTEM, now=world.now)
    world.digests["wide"] = digest
    share = DUE if LONG or world.store.dialect == "sqlite" else DUE // 10
    projects = [world.register("wide") for _ in range(share // ABREAST // 3 + 1)]
    tell(world)  # nobody has an address yet
    prepare(world.store)
    due = projects[0].stage("s0").clock
    assert due is not None
    assert due.due_on is not None
    world.at(f"{due.due_on} 08:00")
    world.sweep()
    tell(world)  # what came before the due day
    before, mails = fired(world), written(world)

    world.outage(3)
    assert world.sweep() == len(projects) * ABREAST
    assert world.sweep() == 0
    tell(world)

    after = fired(world)
    assert len(after) - len(before) >= share
    (ladder,) = Counter(Counter(row[:2] for row in after).values())
    assert len(set(after)) == len(after) == ladder * len(projects) * ABREAST, "each once"
    (order,) = {tuple(offsets) for offsets in in_order(after).values()}
    assert list(order) == sorted(order)
    told = {each for (each,) in world.rows(f"SELECT person_id FROM notice WHERE at = '{stamp(world.now)}'")}
    assert len(told) == 3
    assert written(world) - mails == Counter(told), "one mail for everybody who was told"


def tell(world: World) -> None:
    """The mails are written, when no more late rungs have come for a while."""
    outbox.expand(world.store, settings=mail_settings(1), now=world.now + timedelta(minutes=2))


def fired(world: World) -> list[tuple[int, str, int]]:
    """(project, stage, rung) in the order in which they took effect; none before its time."""
    found = []
    for project, at_, data in world.rows(
        "SELECT project_id, at, data FROM event WHERE project_id > 0 ORDER BY id"
    ):
        event = DECODER.decode(data)
        if isinstance(event, RungFired):
            assert event.due_at <= instant(at_)
            found.append((project, event.stage, event.offset))
    return found


def in_order(rows: list[tuple[int, str, int]]) -> dict[tuple[int, str], list[int]]:
    """The rungs of every stage in the order in which they took effect."""
    found = defaultdict(list)
    for project, stage, offset in rows:
        found[project, stage].append(offset)
    return found


def written(world: World) -> Counter[int]:
    """How many mails everybody got."""
    return Counter(person for (person,) in world.rows("SELECT person_id FROM mail"))


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1), timedelta(days=3650)])
def test_a_clock_that_jumps_back_makes_nothing_happen_twice(world: World, back: timedelta) -> None:
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    world.outage(3)
    world.sweep()
    before = hall.kinds()
    for now in (world.now - back, world.now, world.now - back, world.now):
        assert world.store.act(clocks.sweep, actor=SYSTEM, now=now) == 0

    assert hall.kinds() == before
    assert before.count("rung.fired") == 3


def test_a_clock_that_jumps_forward_and_comes_home_has_fired_each_rung_once(world: World) -> None:
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    right = world.now
    world.now = at("2027-03-01 10:00")
    world.sweep()
    fired = rungs(hall)
    world.now = right
    world.sweep()
    hall.approve("approval", "review", "杨帆")
    world.outage(5)
    world.sweep()

    assert len(fired) == len(set(fired))
    assert hall.at("approval") == "sign"


class Watch:
    """A machine's clock that somebody sets, and a machine that goes on evenly all the same."""

    def __init__(self) -> None:
        self.now = at("2026-11-20 10:00")
        self.elapsed = 0.0
        self.fired: list[datetime] = []
        self.metronome = Metronome(
            [("sweep", 20, self.fired.append)],
            clock=lambda: self.now, against=reckoned(lambda: self.now, lambda: self.elapsed),
        )  # fmt: skip

    def beat(self, after: timedelta, jump: timedelta = timedelta(0)) -> Beat:
        """So much time goes by, the clock is set forward by that much, and a beat comes."""
        self.elapsed += after.total_seconds()
        self.now += after + jump
        self.metronome._beat("sweep", self.fired.append)
        return self.metronome.beats[0]


@pytest.mark.parametrize("jump", [timedelta(days=3653), timedelta(seconds=61), -timedelta(hours=1)])
def test_a_process_whose_clock_jumps_fires_nothing_says_so_and_goes_on_when_it_is_right(
    jump: timedelta,
) -> None:
    watch, minute = Watch(), timedelta(minutes=1)
    assert watch.beat(minute).problem == ""

    told = watch.beat(minute, jump)
    assert "本机时间跳到" in told.problem
    assert "已暂停到点办理" in watch.beat(minute).problem
    assert len(watch.fired) == 1
    (concern,) = condition._beat_concerns((told,), watch.now, watch.now)
    assert concern.urgent
    assert "请核对本机日期和时间" in concern.text
    assert watch.beat(minute, -jump).problem == ""
    assert len(watch.fired) == 2


def test_a_clock_that_is_corrected_a_little_or_a_machine_that_slept_stops_nothing() -> None:
    watch = Watch()
    watch.beat(timedelta(hours=9))  # asleep: the time that has gone by counts it
    watch.beat(timedelta(minutes=1), timedelta(seconds=40))

    assert len(watch.fired) == 2


def test_a_beat_of_an_hour_that_is_still_to_come_means_that_the_clock_was_set_back() -> None:
    """The metronome waits for that hour, so nothing beats: the health page must not call that well."""
    watch = Watch()
    watch.beat(timedelta(minutes=1))

    assert not watch.metronome.beats[0].is_late(watch.now)
    assert watch.metronome.beats[0].is_late(watch.now - timedelta(days=1))


@pytest.mark.postgres
def test_on_a_server_the_second_clock_is_the_servers(postgres_copies: Databases, tmp_path: Path) -> None:
    store = Store(postgres_copies.copy(tmp_path))
    store.start()

    assert abs(store.read(_server_clock) - datetime.now(UTC)) < timedelta(minutes=1)
    store.close()
