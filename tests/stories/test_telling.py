"""Who hears that work was taken from them, that its clock was changed, that its project stands still."""

from __future__ import annotations

from tests.world import Dossier, World
from workflow.actions.people import change_person
from workflow.events import IncidentRaised


def in_review(world: World) -> Dossier:
    """A hall whose review is 杨帆's; its clerk is 谭丽."""
    return world.register("hall").submitted("approval", "proposal", "minutes")


def test_whoever_had_a_step_hears_that_another_has_it_now(world: World) -> None:
    """罗秀英 gives 杨帆's review to 马德兴: both are told; nobody is told of what they did themselves."""
    found = in_review(world)
    found.hand_over("approval", "马德兴", by="罗秀英")
    assert (world.told("马德兴"), world.told("杨帆")) == (["handed_over"], ["decide", "relieved"])
    found.hand_over("approval", "杨帆", by="马德兴")

    assert (world.told("马德兴"), world.told("杨帆")[-1]) == (["handed_over"], "handed_over")


def test_whoever_was_to_review_hears_that_it_was_taken_back(world: World) -> None:
    """谭丽 withdraws what 杨帆 had been asked to review."""
    found = in_review(world)
    found.withdraw("approval")

    assert world.told("杨帆") == ["decide", "relieved"]


def test_nobody_is_told_of_what_they_did_just_now(world: World) -> None:
    """谭丽 takes back and submits, 杨帆 takes the project over; what opens by itself they hear of all the same."""
    found = in_review(world)
    assert world.told("谭丽") == ["opened"]
    found.withdraw("approval")
    home = world.register("home").submitted("site", "site_plan")
    found.hand_over("approval", "杨帆", by="杨帆")
    found.hand_over_project("杨帆", by="杨帆")

    assert home.at("site") == "external.filing"
    assert world.told("谭丽") == ["opened", "opened", "opened", "relieved", "relieved"]
    assert world.told("杨帆") == ["decide", "relieved"]


def test_a_clerk_hears_that_the_project_has_another_clerk(world: World) -> None:
    """罗秀英 gives 谭丽's project to 刘畅."""
    world.grant("刘畅", "规划财务股", "clerk")
    found = in_review(world)
    found.hand_over_project("刘畅", by="罗秀英")

    assert (world.told("刘畅"), world.told("谭丽")[-1]) == (["handed_over"], "relieved")


def test_holder_and_clerk_hear_that_a_clock_was_changed(world: World) -> None:
    """罗秀英 stops, resumes and extends the clock of 杨帆's review."""
    found = in_review(world)
    found.pause("approval")
    found.resume("approval")
    found.extend("approval", "2 workdays")

    assert world.told("杨帆") == ["decide", "retimed", "retimed", "retimed"]
    assert world.told("谭丽")[-3:] == ["retimed", "retimed", "retimed"]


def test_all_who_have_work_in_a_project_hear_that_it_stands_still_goes_on_and_ends(world: World) -> None:
    """罗秀英 suspends, resumes and terminates a project whose review 杨帆 has in hand."""
    found = in_review(world)
    for trigger in ("suspend", "resume", "terminate"):
        found.move(trigger)

    assert world.told("杨帆") == ["decide", "moved", "moved", "moved"]
    assert world.told("谭丽")[-3:] == ["moved", "moved", "moved"]
    assert world.told("罗秀英") == []


def test_whoever_can_hand_a_project_on_hears_that_its_clerk_is_gone(world: World) -> None:
    """谭丽's account is disabled while she prepares a stage: only a supervisor can give the project to another."""
    found = world.register("hall")
    world.do(change_person, "顾明", person=world.people["谭丽"], active=False)

    assert world.incidents() == ["holder-disabled"]
    assert (world.told("顾明"), world.told("杨帆")) == (["incident"], ["incident"])
    assert found.last(IncidentRaised).text.endswith("无人办理；请科（股）室负责人或分管领导在项目页移交经办")
