"""The clock that never sleeps: rungs in order, once, never early; stopped, extended, explained."""

from __future__ import annotations

from datetime import date

from tests.world import Dossier, World, at, refused
from workflow.actions.clocks import extend_clock, pause_clock
from workflow.clock import SHANGHAI, parse_limit
from workflow.events import ClockChanged, ExplanationFiled, RungFired
from workflow.people import SYSTEM


def in_review(world: World) -> Dossier:
    """A hall whose review is 杨帆's since Tuesday 2026-09-01 and due on Thursday 09-03."""
    return world.register("hall").submitted("approval", "proposal", "minutes")


def rungs(found: Dossier, key: str = "approval") -> list[tuple[int, str, list[str]]]:
    """Every rung that took effect while 杨帆 held the stage: offset, day it was due, who was told."""
    return [
        (
            each.event.offset,
            f"{each.event.due_at.astimezone(SHANGHAI):%m-%d %H}",
            found.world.names(each.event.told),
        )
        for each in found.history()
        if isinstance(each.event, RungFired) and each.event.stage == key
    ]


CLIMB = [
    (-1, "09-02 09", ["杨帆"]),
    (0, "09-03 09", ["杨帆", "谭丽"]),
    (1, "09-04 09", ["罗秀英"]),
    (3, "09-08 09", ["马德兴"]),
    (10, "09-17 09", ["蒋慧"]),
]
"""The default ladder of that review; its rung three days before lay before it began."""


def test_a_ladder_tells_the_holder_first_and_then_upwards(world: World) -> None:
    """The holder hears of it before the deadline, the clerk with it, and superiors only after it."""
    found = in_review(world)
    world.workdays_pass(15)

    assert rungs(found) == CLIMB
    assert world.told("杨帆") == ["decide", "approaching", "due_today"]
    assert [world.told(name) for name in ("罗秀英", "马德兴", "蒋慧")] == [["escalated"]] * 3


def test_each_rung_fires_once_however_often_the_sweep_runs(world: World) -> None:
    """Sweeping every hour is the same as sweeping once."""
    found = in_review(world)
    world.workdays_pass(3)
    for hour in range(11, 18):
        world.at(f"2026-09-04 {hour}:00")
        assert world.sweep() == 0

    assert rungs(found) == CLIMB[:3]


def test_no_rung_fires_early(world: World) -> None:
    """Rungs take effect at nine o'clock of their day, not a second before."""
    found = in_review(world)
    world.at("2026-09-02 08:59")
    world.sweep()
    assert rungs(found) == []
    world.at("2026-09-02 09:00")
    world.sweep()

    assert rungs(found) == CLIMB[:1]


def test_after_an_outage_every_missed_rung_fires_in_order(world: World) -> None:
    """Three days without a sweep: nothing is lost, nothing doubled, and each says when it was due."""
    found = in_review(world)
    world.outage(3)
    world.sweep()
    world.sweep()

    assert rungs(found) == CLIMB[:3]
    world.workdays_pass(12)
    assert rungs(found) == CLIMB


def test_rungs_that_lie_before_the_step_began_are_skipped(world: World) -> None:
    """A step of one day has no rung three days before; its ladder begins with what is still ahead."""
    found = in_review(world)
    found.approve("approval", "review", "杨帆")
    world.workdays_pass(2)

    assert [offset for offset, _, _ in rungs(found)] == [0, 1]


def test_a_step_done_in_time_is_never_mentioned_again(world: World) -> None:
    """Whoever decides before the deadline hears nothing more of it."""
    found = in_review(world)
    world.workdays_pass(1)
    found.return_("approval", "review", "杨帆")
    world.workdays_pass(4)

    assert world.told("杨帆") == ["decide", "approaching"]
    assert world.told("罗秀英") == []


def test_a_new_visit_has_a_clock_and_a_ladder_of_its_own(world: World) -> None:
    """After a return and a new submission the ladder begins again for that visit."""
    found = in_review(world)
    world.workdays_pass(2)
    found.return_("approval", "review", "杨帆")
    found.submit("approval")
    world.workdays_pass(2)

    assert [offset for offset, _, _ in rungs(found)] == [-1, 0, -1, 0]


def test_an_extension_opens_a_new_epoch_whose_ladder_begins_again(world: World) -> None:
    """Two days more: the rungs before and on the new day come again, each once in the new epoch."""
    found = in_review(world)
    world.workdays_pass(2)
    found.extend("approval", "3 workdays")
    clock = found.stage("approval").clock
    assert clock is not None
    assert (clock.due_on, clock.epoch) == (date(2026, 9, 8), 1)
    world.workdays_pass(4)

    assert [(offset, day) for offset, day, _ in rungs(found)] == [
        (-1, "09-02 09"), (0, "09-03 09"), (-1, "09-07 09"), (0, "09-08 09"), (1, "09-09 09"),
    ]  # fmt: skip


def test_an_extension_is_a_chiefs_with_a_reason_and_a_measure(world: World) -> None:
    """Neither the holder nor a section chief extends a limit; nobody extends it beyond reason."""
    found = in_review(world)
    with refused("not-a-chief", "own-clock"):
        found.extend("approval", "2 workdays", by="杨帆")
    with refused("extension-too-long"):
        found.extend("approval", "61 workdays")
    with refused("text-required"):
        found.do(extend_clock, "罗秀英", stage="approval", by=parse_limit("1 workday"), reason_given="")
    with refused("no-clock"):
        found.extend("budget", "2 workdays")
    found.approve("approval", "review", "杨帆")
    with refused("own-clock"):
        found.extend("approval", "2 workdays", by="罗秀英")
    found.extend("approval", "2 workdays", by="马德兴")


def test_a_stopped_clock_has_no_due_date_and_fires_nothing(world: World) -> None:
    """Stopped on the day it is due, resumed four working days later: what was left is left."""
    found = in_review(world)
    world.workdays_pass(1)
    found.pause("approval")
    assert found.due("approval") is None
    with refused("clock-stopped"):
        found.pause("approval")
    with refused("clock-stopped"):
        found.extend("approval", "1 workday")
    world.workdays_pass(4)
    found.resume("approval")
    with refused("clock-not-stopped"):
        found.resume("approval")
    assert (world.today, found.due("approval")) == (date(2026, 9, 8), date(2026, 9, 9))
    world.workdays_pass(2)

    assert [offset for offset, _, _ in rungs(found)] == [-1, 0, 1]


def test_a_late_clock_is_not_stopped(world: World) -> None:
    """Stopping a late clock would only silence it: an explanation or an extension is asked for."""
    found = in_review(world)
    world.workdays_pass(2)
    found.pause("approval")
    found.resume("approval")
    world.workdays_pass(1)

    with refused("clock-late", says="情况说明"):
        found.pause("approval")
    with refused("text-required", "clock-late"):
        found.do(pause_clock, "罗秀英", stage="approval", reason_given=" ")


def test_the_clock_of_another_office_is_not_ours_to_stop(world: World) -> None:
    """What 发改 has in hand is recorded from their notice, never extended or paused here."""
    home = world.register("home").submitted("site", "site_plan")
    home.file("site")
    with refused("clock-is-outside"):
        home.extend("site", "2 workdays")
    with refused("clock-is-outside"):
        home.pause("site")
    with refused("clock-is-outside", "clock-not-stopped"):
        home.resume("site")


def test_the_holder_explains_before_the_next_rung(world: World) -> None:
    """情况说明 are the holder's own words about a late clock; they lie on the record when the chief hears of it."""
    found = in_review(world)
    world.workdays_pass(2)
    with refused("text-required"):
        found.explain("approval", " ", by="杨帆")
    with refused("not-the-holder"):
        found.explain("approval", by="罗秀英")
    with refused("no-clock"):
        found.explain("budget")
    found.explain("approval", "等待核价", by="杨帆")
    world.workdays_pass(1)

    kinds = found.kinds()
    assert kinds[-2:] == ["explanation.filed", "rung.fired"]
    assert found.last(ExplanationFiled).clock == "review"


def test_a_rung_that_reaches_nobody_is_an_incident(world: World) -> None:
    """If the post that should be told is empty, the administrator is, and the ladder goes on."""
    found = in_review(world)
    world.revoke("罗秀英", "云河县民政局", "deputy_director")
    world.workdays_pass(5)

    assert world.incidents() == ["ladder-reaches-nobody"]
    assert world.told("顾明") == ["incident"]
    assert world.told("马德兴") == ["escalated"]
    assert [offset for offset, _, _ in rungs(found)] == [-1, 0, 1, 3]


def test_gathering_papers_has_a_clock_of_its_own(world: World) -> None:
    """The commonest stall is the one before anything is submitted: 谭丽 hears of it like anybody."""
    found = world.register("hall")
    assert found.due("approval") == date(2026, 9, 21)
    world.workdays_pass(16)

    assert rungs(found)[:3] == [
        (-3, "09-17 09", ["谭丽"]),
        (-1, "09-20 09", ["谭丽"]),
        (0, "09-21 09", ["谭丽"]),
    ]
    assert world.told("罗秀英") == ["escalated"]


def test_rungs_of_many_projects_fire_in_the_order_they_were_due(world: World) -> None:
    """After an outage the oldest comes first, whatever project it belongs to."""
    first = in_review(world)
    world.at("2026-09-02 10:00")
    second = in_review(world)
    world.outage(4)
    world.sweep()

    assert [offset for offset, _, _ in rungs(first)] == [-1, 0, 1, 3]
    assert [offset for offset, _, _ in rungs(second)] == [-1, 0, 1]


def test_the_sweep_takes_a_little_at_a_time(world: World) -> None:
    """A limited sweep leaves the rest for the next call, and nothing is forgotten."""
    from workflow.actions.clocks import sweep

    found = [in_review(world) for _ in range(5)]
    world.outage(2)
    taken = [world.store.act(sweep, actor=SYSTEM, now=world.now, limit=2) for _ in range(4)]

    assert taken == [2, 2, 1, 0]
    assert all(len(rungs(each)) == 2 for each in found)


def test_a_handed_over_step_keeps_its_clock_and_tells_the_new_holder(world: World) -> None:
    """转办 is no way to win time."""
    found = in_review(world)
    world.workdays_pass(1)
    found.hand_over("approval", "马德兴", by="杨帆")
    assert found.due("approval") == date(2026, 9, 3)
    world.workdays_pass(1)

    assert rungs(found)[-1] == (0, "09-03 09", ["马德兴", "谭丽"])


def test_the_effects_of_a_clock_stand_on_the_record(world: World) -> None:
    """Stopped, resumed, extended: each with its reason and the clock as it stands afterwards."""
    found = in_review(world)
    found.pause("approval")
    found.resume("approval")
    found.extend("approval", "1 workday")

    effects = [each.event.effect for each in found.history() if isinstance(each.event, ClockChanged)]
    assert effects == ["stopped", "resumed", "extended"]
    assert found.due("approval") == date(2026, 9, 4)
    assert world.now == at("2026-09-01 10:00")
