"""Nobody sweeps for days, clocks jump, files are cut short: each rung takes effect once, never early; nothing half
is ever published.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from notifications import outbox
from tests.faults.conftest import LONG
from tests.faults.story import mail_settings
from tests.world import TYPES, Dossier, World, at, definition_text
from workflow.actions import clocks
from workflow.actions.definitions import publish
from workflow.errors import Invalid, Refused
from workflow.events import RungFired
from workflow.people import SYSTEM

DUE = 10_000 if LONG else 300


def rungs(hall: Dossier) -> list[int]:
    """The rungs that took effect, in the order they did; none before its time."""
    found = []
    for each in hall.history():
        if isinstance(each.event, RungFired):
            assert each.event.due_at <= each.at
            found.append(each.event.offset)
    return found


def test_three_days_away_and_every_rung_takes_effect_once_in_order(world: World) -> None:
    halls = [world.register("hall") for _ in range(DUE // 3)]
    due = halls[0].stage("approval").clock
    assert due is not None
    assert due.due_on is not None
    world.at(f"{due.due_on} 08:00")
    before = world.sweep()  # what came before the due day
    world.outage(3)
    assert world.sweep() == len(halls)
    assert (before, world.sweep()) == (len(halls), 0)

    (ladder,) = Counter(tuple(rungs(hall)) for hall in halls)
    assert list(ladder) == sorted(set(ladder)), "each once, in order"
    assert len(ladder) >= 3
    people = world.rows("SELECT count(DISTINCT person_id) FROM notice WHERE kind IN ('overdue', 'escalated')")
    late = world.now + timedelta(minutes=2)
    outbox.expand(world.store, settings=mail_settings(1), now=late)
    written = world.rows("SELECT count(DISTINCT person_id) FROM delivery")[0][0]
    assert written >= people[0][0], "whoever is told hears of it, in one mail or beside the reason why not"


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


@pytest.mark.parametrize("name", TYPES)
def test_a_type_that_is_published_is_never_replaced_by_a_part_of_its_file(world: World, name: str) -> None:
    whole = definition_text(name)
    before = world.rows("SELECT digest, text FROM definition ORDER BY digest")
    for length in range(0, len(whole), 1 if LONG else max(1, len(whole) // 40)):
        try:
            digest = world.store.act(
                publish, text=whole[:length], name=f"{name}.yaml", actor=SYSTEM, now=world.now
            )
        except (Invalid, Refused):
            continue
        assert digest == world.digests[name]

    assert world.rows("SELECT digest, text FROM definition ORDER BY digest") == before
