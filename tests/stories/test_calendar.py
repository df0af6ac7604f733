"""A year that is not published yet: 暂定 dates, and what happens when the official arrangement is loaded."""

from __future__ import annotations

from datetime import date
from threading import Event

import pytest

from api.operations import rehearse_year
from tests.world import Dossier, World, at, definition_text, refused, reply
from workflow.actions.calendar import Loaded, load_year
from workflow.actions.definitions import publish
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


def test_a_validity_is_told_of_on_no_new_day_off(world: World) -> None:
    """项目建议书批复 ends on 2027-06-02; sixty working days before it, 2027-03-09, becomes a day off."""
    world.now = at("2026-06-02 10:00")
    home = world.register("home", taking_over=True)
    home.confirm(home.take_over("proposal", reply("proposal_reply", "2025-06-02", fields={"estimate": "1"})))
    home.close_take_over()
    before = home.paper("proposal_reply").clock
    off = "".join(
        f"  - {{days: 2027-{day}, why: 放假}}\n" for day in ("03-09", "04-05", "05-01", "05-02", "06-09")
    )
    loaded = load(world, f"year: 2027\nstatus: official\nsource: 国办发明电〔2026〕9号\noff:\n{off}")

    after = home.paper("proposal_reply").clock
    assert before is not None
    assert after is not None
    assert (before.next_at, after.next_at) == (at("2027-03-09 09:00"), at("2027-03-08 09:00"))
    assert (after.due_on, after.rung, loaded.moved) == (before.due_on, before.rung, 0)
    event = home.last(ClockChanged)
    assert (event.document, event.effect) == ("proposal_reply", "recomputed")


def test_a_stage_opens_after_its_working_days_as_they_were_announced(world: World) -> None:
    """公告满 twenty working days from 2026-12-14: 2027-01-12 as long as nobody knows the year, two days later with it."""
    text = definition_text("garden").replace("type: garden", "type: garden-workdays")
    world.digests["garden-workdays"] = world.do(
        publish, "顾明", text=text.replace("wait: 30 days", "wait: 20 workdays"), name="garden-workdays.yaml"
    )
    world.now = at("2026-12-04 10:00")
    found = world.register("garden-workdays", facts={"forest": "0", "farmland": False})
    found.submitted("study", "study_report")
    found.approve("study", "review", "杨帆", reply("study_reply", "2026-12-04", fields={"estimate": "10"}))
    found.submit("notice")
    world.at("2026-12-14 10:00")
    found.approve("notice", "publicity", "谭丽")
    before = found.stage("start").opens_on
    load(world)
    assert (before, found.stage("start").opens_on) == (date(2027, 1, 13), date(2027, 1, 14))
    world.at("2027-01-13 10:00")
    world.sweep()
    assert found.at("start") == "waiting"
    world.at("2027-01-14 00:00")
    world.sweep()

    assert found.at("start") == "preparing"
