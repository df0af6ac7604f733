"""A year that is not published yet: 暂定 dates, and what happens when the official arrangement is loaded."""

from __future__ import annotations

from datetime import date
from threading import Event

import pytest

from api.operations import rehearse_year
from tests.world import Dossier, World, at, refused
from workflow.actions.calendar import Loaded, load_year
from workflow.errors import Forbidden, Invalid
from workflow.events import ClockChanged
from workflow.people import SYSTEM
from workflow.transaction import Transaction

OFFICIAL = """\
year: 2027
status: official
source: 国办发明电〔2026〕9号
off:
  - {days: [2027-01-01, 2027-01-03], why: 元旦}
  - {days: [2027-01-04, 2027-01-05], why: 元旦}
work:
  - {day: 2027-01-09, why: 元旦}
"""


def over_new_year(world: World) -> Dossier:
    """A hall whose preparation began on 2026-12-22 and is due fifteen working days later, in 2027."""
    world.now = at("2026-12-22 10:00")
    return world.register("hall")


def load(world: World, text: str = OFFICIAL, by: str = "顾明") -> Loaded:
    """The administrator loads a year."""
    found = world.do(load_year, by, text=text, name="2027.yaml")
    assert isinstance(found, Loaded)
    return found


def test_a_date_that_rests_on_a_provisional_year_says_so(world: World) -> None:
    """Every due date that reaches into 2027 is 暂定 until the State Council has published it."""
    hall = over_new_year(world)
    clock = hall.stage("approval").clock
    assert clock is not None
    assert (clock.due_on, clock.provisional) == (date(2027, 1, 13), True)
    early = (
        world.register("hall", title="年内")
        .submitted("approval", "proposal", "minutes")
        .stage("approval")
        .clock
    )

    assert early is not None
    assert (early.due_on, early.provisional) == (date(2026, 12, 24), False)


def test_loading_the_official_year_recomputes_with_an_event(world: World) -> None:
    """Each clock it moves gets an event of its own, under a new epoch, and is 暂定 no longer."""
    hall = over_new_year(world)
    loaded = load(world)

    clock = hall.stage("approval").clock
    assert clock is not None
    assert (clock.due_on, clock.provisional, clock.epoch) == (date(2027, 1, 14), False, 1)
    event = hall.last(ClockChanged)
    assert (event.effect, "2027" in event.reason) == ("recomputed", True)
    assert (loaded.moved, loaded.status) == (1, "official")
    assert date(2027, 1, 9) in [change.day for change in loaded.changes]


def test_what_does_not_move_still_loses_its_provisional_mark(world: World) -> None:
    """An arrangement that changes nothing for a date makes it certain, and its rungs stay where they were."""
    hall = over_new_year(world)
    before = hall.stage("approval").clock
    loaded = load(world, OFFICIAL.replace("  - {days: [2027-01-04, 2027-01-05], why: 元旦}\n", "").replace(
        "work:\n  - {day: 2027-01-09, why: 元旦}\n", "work: []\n"))  # fmt: skip

    after = hall.stage("approval").clock
    assert before is not None
    assert after is not None
    assert (after.due_on, after.provisional, after.epoch, loaded.moved) == (before.due_on, False, 0, 0)
    assert after.next_at == before.next_at


def test_loading_the_same_year_again_changes_nothing(world: World) -> None:
    """A second load of the same arrangement moves no date and makes no event in a project."""
    hall = over_new_year(world)
    load(world)
    before = len(hall.kinds())
    loaded = load(world)

    assert (loaded.changes, loaded.moved) == ((), 0)
    assert len(hall.kinds()) == before


def test_a_faulty_year_never_replaces_a_good_one(world: World) -> None:
    """Every finding is listed, and the dates stay as they were."""
    hall = over_new_year(world)
    due = hall.due("approval")
    with pytest.raises(Invalid) as caught:
        load(
            world, OFFICIAL.replace("2027-01-09", "2027-01-11").replace("status: official", "status: perhaps")
        )

    assert caught.value.reasons
    assert hall.due("approval") == due


def test_only_an_administrator_loads_a_year(world: World) -> None:
    """How time is counted is not the clerk's to change."""
    over_new_year(world)
    with refused("not-an-administrator", kind=Forbidden):
        load(world, by="谭丽")
    load(world)
    world.sweep()


def test_stopped_and_finished_clocks_are_left_alone(world: World) -> None:
    """Only what runs is worked out anew; a stopped clock meets the new calendar when it resumes."""
    hall = over_new_year(world)
    hall.pause("approval")
    assert load(world).moved == 0
    hall.resume("approval")

    assert hall.due("approval") == date(2027, 1, 14)


def test_a_rehearsal_says_what_would_move_and_nothing_of_it_stays(world: World) -> None:
    hall = over_new_year(world)
    was, before = hall.due("approval"), world.rows("SELECT seq, head FROM administration")

    shown = rehearse_year(world.store, OFFICIAL, "2027.yaml", world.now)

    assert (hall.due("approval"), world.rows("SELECT seq, head FROM administration")) == (was, before)
    assert world.store.act(lambda tx: tx.calendar.is_provisional(date(2027, 1, 4)))
    assert load(world) == shown
    assert shown.moved == 1


def test_a_rehearsal_disturbs_nobody_who_works_beside_it(world: World) -> None:
    """What came in with it is done once; before, the rehearsal took it down and it was done again."""
    over_new_year(world)
    go_on, done = Event(), []
    asked = {"text": OFFICIAL, "name": "2027.yaml", "actor": SYSTEM, "now": world.now}

    held = world.store.submit(lambda tx: go_on.wait())
    beside = [world.store.submit(lambda tx: done.append("one"))]
    shown = world.store.rehearse(load_year, **asked)
    beside.append(world.store.submit(lambda tx: done.append("two")))
    go_on.set()

    assert (held.result(), shown.result().moved) == (True, 1)
    assert [each.result() for each in beside] == [None, None]
    assert sorted(done) == ["one", "two"]


def test_a_year_keeps_no_project_of_the_house_in_hand(world: World) -> None:
    for _ in range(3):
        over_new_year(world)

    def loads(tx: Transaction) -> int:
        load_year(tx, text=OFFICIAL, name="2027.yaml", actor=SYSTEM, now=world.now)
        return len(tx._open)

    assert world.store.act(loads) == 0
