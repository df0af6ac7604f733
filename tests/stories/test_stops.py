"""What somebody stopped is not forgotten: whoever can let it go on is asked again, as long as it stands still."""

from __future__ import annotations

from tests.world import Dossier, World
from workflow.actions.clocks import REVIEW, running_projects, settle_project
from workflow.actions.people import change_person
from workflow.events import StopReviewed
from workflow.people import SYSTEM
from workflow.state import Accepted, Filed, SpecialBegan


def mornings(world: World, amount: int) -> None:
    """That many working days begin, each with its look at every project; twice, as after a new start."""
    for _ in range(amount):
        world.workdays_pass(1)
        for project in world.store.act(running_projects, actor=SYSTEM, now=world.now) * 2:
            world.store.act(settle_project, project=project, actor=SYSTEM, now=world.now)


def asked(found: Dossier) -> list[StopReviewed]:
    """Each time that somebody was asked about it."""
    return [each.event for each in found.history() if isinstance(each.event, StopReviewed)]


def test_a_clock_that_a_chief_stopped_is_asked_about_every_four_weeks_until_it_runs(world: World) -> None:
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    hall.pause("approval")
    began = world.today
    mornings(world, REVIEW - 1)
    assert asked(hall) == []
    mornings(world, 1)

    [event] = asked(hall)
    assert (event.stage, event.since, event.days) == ("approval", began, REVIEW)
    for name in ("谭丽", "杨帆", "罗秀英"):
        assert world.told(name)[-1] == "standing"
    mornings(world, REVIEW)
    assert [each.days for each in asked(hall)] == [REVIEW, 2 * REVIEW]
    hall.resume("approval")
    mornings(world, REVIEW + 1)
    assert len(asked(hall)) == 2


def test_a_special_procedure_that_nobody_ends_is_asked_about(world: World) -> None:
    """特别程序 was said to have begun; that it ended, nobody wrote down."""
    home = world.register("home").submitted("site", "site_plan")
    for what in (Filed(world.today), Accepted(world.today), SpecialBegan(world.today, "专家评审")):
        home.confirm(home.record("site", what, as_printed=True))
    mornings(world, REVIEW)

    assert [each.reason for each in asked(home)] == ["专家评审"]


def test_a_suspended_project_is_asked_about_whatever_it_was_at(world: World) -> None:
    """资金未落实: nothing of it waits for anybody, but 罗秀英 can let it go on; with her gone, the administrator hears."""
    hall = world.register("hall")
    hall.move("suspend")
    began = world.today
    mornings(world, REVIEW)

    [event] = asked(hall)
    assert (event.stage, event.since, event.reason) == ("", began, "局党组会决定")
    assert (world.told("谭丽")[-1], world.told("罗秀英")[-1]) == ("standing", "standing")
    assert "standing" not in world.told("顾明")
    for name in ("罗秀英", "杨帆"):
        world.do(change_person, "顾明", person=world.people[name], active=False)
    mornings(world, REVIEW)
    assert "standing" in world.told("顾明")
