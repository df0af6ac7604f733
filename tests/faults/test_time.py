"""Nobody sweeps for days, clocks jump: each rung takes effect once, and never early."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from notifications import outbox
from tests.faults.conftest import LONG
from tests.faults.story import mail_settings, prepare
from tests.world import Dossier, World, at
from workflow.actions import clocks
from workflow.actions.definitions import publish
from workflow.events import DECODER, RungFired
from workflow.people import SYSTEM
from workflow.record import instant, stamp

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
