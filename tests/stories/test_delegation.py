"""Acting for somebody: dated, on pending work too, always visible, one step deep."""

from __future__ import annotations

from tests.world import Dossier, World, at, day, refused, reply
from workflow.actions.people import delegate, end_delegation
from workflow.errors import Forbidden, NotFound
from workflow.events import StageSubmitted, StepDecided


def in_review(world: World) -> Dossier:
    """A hall whose 立项审批 waits for 杨帆."""
    return world.register("hall").submitted("approval", "proposal", "minutes")


def test_a_delegate_finds_what_was_already_pending(world: World) -> None:
    """委托 covers work that waits already, from its first day to its last, both included."""
    hall = in_review(world)
    world.delegate("杨帆", "马德兴", "2026-09-02", "2026-09-03")
    with refused("not-the-holder"):
        hall.approve("approval", "review", "马德兴")
    world.at("2026-09-02 00:00")
    hall.approve("approval", "review", "马德兴")

    assert hall.at("approval") == "sign"
    assert world.name(hall.last(StepDecided).on_behalf) == "杨帆"


def test_a_delegation_ends_with_its_last_day(world: World) -> None:
    """At midnight after the last day the delegate may no longer act, and the principal still may."""
    hall = in_review(world)
    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-02")
    world.at("2026-09-03 00:00")
    with refused("not-the-holder"):
        hall.approve("approval", "review", "马德兴")
    hall.approve("approval", "review", "杨帆")

    assert hall.last(StepDecided).on_behalf == 0


def test_the_principal_goes_on_working_while_somebody_stands_in(world: World) -> None:
    """A delegation gives, it does not take away."""
    hall = in_review(world)
    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-30")
    hall.approve("approval", "review", "杨帆")

    assert hall.last(StepDecided).on_behalf == 0


def test_who_acts_for_others_cannot_pass_it_on(world: World) -> None:
    """Depth one: 蒋慧 acts for 马德兴, 马德兴 for 杨帆, but 蒋慧 not for 杨帆."""
    hall = in_review(world)
    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-30")
    world.delegate("马德兴", "蒋慧", "2026-09-01", "2026-09-30")

    with refused("not-the-holder"):
        hall.approve("approval", "review", "蒋慧")


def test_a_delegate_from_another_section_sees_what_the_principal_sees(world: World) -> None:
    """刘畅 knows nothing of 谭丽's project until she stands in for her, and nothing afterwards."""
    hall = world.register("hall")
    with refused("project-not-found", kind=NotFound):
        hall.upload("proposal", by="刘畅")
    world.delegate("谭丽", "刘畅", "2026-09-01", "2026-09-01")
    hall.upload("proposal", "minutes", by="刘畅")
    hall.submit("approval", by="刘畅")
    assert world.name(hall.last(StageSubmitted).on_behalf) == "谭丽"
    world.at("2026-09-02 09:00")

    with refused("project-not-found", kind=NotFound):
        hall.withdraw("approval", by="刘畅")


def test_a_delegation_is_ended_before_its_day(world: World) -> None:
    """The principal comes back early and says so; from then on nobody stands in."""
    hall = in_review(world)
    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-30")
    with refused("not-an-administrator", kind=Forbidden):
        end(world, by="马德兴")
    end(world, by="杨帆")
    with refused("not-the-holder"):
        hall.approve("approval", "review", "马德兴")
    with refused("delegation-not-found"):
        end(world, by="杨帆")


def end(world: World, by: str) -> None:
    """杨帆's delegation to 马德兴 ends."""
    world.do(end_delegation, by, principal=world.people["杨帆"], agent=world.people["马德兴"])


def test_a_disabled_principal_is_acted_for_by_nobody(world: World) -> None:
    """A delegation does not outlive the account it came from."""
    from workflow.actions.people import change_person

    hall = in_review(world)
    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-30")
    world.do(change_person, "顾明", person=world.people["杨帆"], active=False)
    with refused("not-the-holder"):
        hall.approve("approval", "review", "马德兴")
    world.do(change_person, "顾明", person=world.people["杨帆"], active=True)
    hall.approve("approval", "review", "马德兴")


def test_a_delegation_has_possible_days_a_reason_and_two_people(world: World) -> None:
    """By the principal or an administrator, for at most a year, to another active person."""
    yangfan, madexing = world.people["杨帆"], world.people["马德兴"]
    cases = [
        ((yangfan, yangfan, "2026-09-01", "2026-09-02"), "delegation-to-self"),
        ((yangfan, 999, "2026-09-01", "2026-09-02"), "person-not-found"),
        ((yangfan, madexing, "2026-09-03", "2026-09-02"), "delegation-dates"),
        ((yangfan, madexing, "2026-08-03", "2026-08-31"), "delegation-dates"),
        ((yangfan, madexing, "2026-09-01", "2027-09-30"), "delegation-too-long"),
    ]
    for (principal, agent, starts, ends), code in cases:
        with refused(code):
            world.do(
                delegate, "杨帆", principal=principal, agent=agent, starts_on=day(starts), ends_on=day(ends),
                reason_given="出差",
            )  # fmt: skip
    with refused("text-required"):
        world.do(
            delegate, "顾明", principal=yangfan, agent=madexing, starts_on=day("2026-09-01"),
            ends_on=day("2026-09-02"), reason_given="",
        )  # fmt: skip
    with refused("not-an-administrator", kind=Forbidden):
        world.do(
            delegate, "谭丽", principal=yangfan, agent=madexing, starts_on=day("2026-09-01"),
            ends_on=day("2026-09-02"), reason_given="出差",
        )  # fmt: skip


def test_a_delegation_that_adds_no_day_is_refused(world: World) -> None:
    """杨帆 has forgotten that he asked 马德兴 last week; for longer, or for other days, he asks again."""
    world.delegate("杨帆", "马德兴", "2026-09-07", "2026-09-11")

    for starts, ends in (("2026-09-07", "2026-09-11"), ("2026-09-08", "2026-09-08")):
        with refused("delegation-given"):
            world.delegate("杨帆", "马德兴", starts, ends)
    world.delegate("杨帆", "马德兴", "2026-09-07", "2026-09-14")
    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-09")
    world.delegate("杨帆", "罗秀英", "2026-09-07", "2026-09-11")
    world.delegate("罗秀英", "马德兴", "2026-09-07", "2026-09-11")


def test_a_delegation_that_began_is_the_same_whatever_first_day_is_written(world: World) -> None:
    """Days gone by count for nothing; one that was ended counts for nothing either."""
    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-11")
    world.now = at("2026-09-03 09:00")
    with refused("delegation-given"):
        world.delegate("杨帆", "马德兴", "2026-08-20", "2026-09-11")
    end(world, "杨帆")

    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-11")


def test_a_delegate_shows_on_every_kind_of_act(world: World) -> None:
    """代 stands on returns and refusals as on approvals."""
    from workflow.events import StageRefused, StageReturned

    hall = in_review(world)
    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-30")
    hall.return_("approval", "review", "马德兴")
    hall.submit("approval")
    hall.refuse("approval", "review", "马德兴")

    assert world.names([hall.last(StageReturned).on_behalf, hall.last(StageRefused).on_behalf]) == [
        "杨帆",
        "杨帆",
    ]


def test_a_delegated_chief_may_lead(world: World) -> None:
    """Who stands in for the deputy may extend and suspend as the deputy may."""
    hall = in_review(world)
    with refused("not-a-chief"):
        hall.move("start", by="蒋慧")
    world.delegate("罗秀英", "蒋慧", "2026-09-01", "2026-09-30")
    hall.move("start", by="蒋慧")

    assert hall.state.state == "active"
    assert reply("approval_reply", "2026-09-01").document == "approval_reply"
