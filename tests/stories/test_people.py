"""Who is who: people, posts and organisations, and what happens when nobody holds a post."""

from __future__ import annotations

import pytest

from tests.world import World, refused
from workflow.actions.incidents import resolve_incident
from workflow.actions.people import (
    add_organisation,
    add_person,
    change_organisation,
    change_person,
    grant_post,
    revoke_post,
)
from workflow.errors import Forbidden, NotFound
from workflow.events import EntryOffered, StepOffered
from workflow.snapshot import snapshot
from workflow.state import Filed
from workflow.transaction import Transaction


def incident(world: World) -> int:
    """The number of the open incident."""
    return int(world.rows("SELECT id FROM incident WHERE resolved_at IS NULL")[0][0])


def test_an_incident_closed_before_anything_was_done_is_one_again(world: World) -> None:
    """Refused, taken over, waiting for what was terminated: each still waits for somebody who is not there."""
    refused_one, awaited = (
        world.register("hall").submitted("approval", "proposal", "minutes"),
        world.register("hall"),
    )
    refused_one.refuse("approval", "review", "杨帆")
    world.register("hall", clerk="杨帆").wait_for(awaited)
    world.register("garden", taking_over=True)
    awaited.move("terminate")
    world.do(change_person, "顾明", person=world.people["谭丽"], active=False)
    found = world.incidents()
    assert sorted(found) == ["awaited-terminated", "holder-disabled", "holder-disabled"]
    for [number] in world.rows("SELECT id FROM incident"):
        world.do(resolve_incident, "顾明", incident=number, how="已知悉")

    assert sorted(world.incidents()) == sorted(found)
    refused_one.hand_over_project("杨帆", by="罗秀英")
    [number, *_] = [
        row[0] for row in world.rows("SELECT id FROM incident WHERE resolved_at IS NULL AND stage <> ''")
    ]
    world.do(resolve_incident, "顾明", incident=number, how="已移交杨帆")
    assert len(world.incidents()) == len(found) - 1


def test_nobody_holding_the_post_is_an_incident_and_its_resolution_offers_the_step(world: World) -> None:
    """Nothing is stuck silently: the administrator fills the post, says so, and the step goes to its holder."""
    world.revoke("杨帆", "规划财务股", "section_chief")
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    assert (hall.holders("approval"), world.incidents()) == ([], ["nobody-holds-post"])
    world.person("何静", "规划财务股", "section_chief")
    with refused("not-an-administrator", kind=Forbidden):
        world.do(resolve_incident, "谭丽", incident=incident(world), how="已任命")
    with refused("text-required"):
        world.do(resolve_incident, "顾明", incident=incident(world), how=" ")
    number = incident(world)
    world.do(resolve_incident, "顾明", incident=number, how="何静任股长")

    assert (hall.holders("approval"), world.incidents()) == (["何静"], [])
    assert world.names(hall.last(StepOffered).holders) == ["何静"]
    assert world.told("何静") == ["decide"]
    with refused("incident-not-found", kind=NotFound):
        world.do(resolve_incident, "顾明", incident=number, how="再办一次")
    hall.approve("approval", "review", "何静")


def test_resolving_an_incident_while_still_nobody_holds_the_post_is_not_silent(world: World) -> None:
    """A step without a holder has an open incident, whatever was said about an earlier one."""
    world.revoke("杨帆", "规划财务股", "section_chief")
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    try:
        world.do(resolve_incident, "顾明", incident=incident(world), how="以后再说")
    finally:
        assert hall.holders("approval") == []
        assert world.incidents() == ["nobody-holds-post"]


def test_a_step_that_nobody_holds_can_be_handed_over_by_a_supervisor(world: World) -> None:
    """The chief above can give the orphaned step to somebody without waiting for a new appointment."""
    world.revoke("杨帆", "规划财务股", "section_chief")
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    hall.hand_over("approval", "马德兴", by="罗秀英")

    assert hall.holders("approval") == ["马德兴"]
    hall.approve("approval", "review", "马德兴")


def test_a_post_is_looked_for_upwards_never_sideways(world: World) -> None:
    """The nearest ancestor that has a holder decides; a chief of the section next door does not."""
    world.revoke("杨帆", "规划财务股", "section_chief")
    world.grant("刘畅", "养老服务股", "section_chief")
    world.grant("蒋慧", "市民政局", "section_chief")
    hall = world.register("hall").submitted("approval", "proposal", "minutes")

    assert hall.holders("approval") == ["蒋慧"]


def test_any_one_of_several_holders_decides(world: World) -> None:
    """Whoever holds the post when the step opens may decide; one decision is enough."""
    world.person("何静", "规划财务股", "section_chief")
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    assert sorted(hall.holders("approval")) == sorted(["杨帆", "何静"])
    hall.approve("approval", "review", "何静")

    assert hall.at("approval") == "sign"
    with refused("step-not-open"):
        hall.approve("approval", "review", "杨帆")


def test_a_disabled_account_holds_nothing(world: World) -> None:
    """A person who left is not offered a step; the next one up is."""
    world.grant("马德兴", "云河县民政局", "section_chief")
    world.do(change_person, "顾明", person=world.people["杨帆"], active=False)
    hall = world.register("hall").submitted("approval", "proposal", "minutes")

    assert hall.holders("approval") == ["马德兴"]


def test_people_are_entered_once_by_an_administrator(world: World) -> None:
    """One person, one account: separation of duties is by person."""
    with refused("not-an-administrator", kind=Forbidden):
        world.do(add_person, "谭丽", name="何静", staff_number="S99")
    with refused("staff-number-taken"):
        world.do(add_person, "顾明", name="何静", staff_number="S1")
    for written in ("s1", "Ｓ１", " S1 ", "ｓ1"):
        with refused("staff-number-taken"):
            world.do(add_person, "顾明", name="谭丽", staff_number=written)
    with refused("text-required", "text-required", "email-malformed"):
        world.do(add_person, "顾明", name="", staff_number=" ", email="he jing@x")
    world.do(add_person, "顾明", name="何静", staff_number="S99", email="hejing@yunhe.example")


def test_an_account_is_changed_by_its_administrator_and_a_password_by_its_owner(world: World) -> None:
    """Everybody may change their own password; nobody switches himself off."""
    tanli, guming = world.people["谭丽"], world.people["顾明"]
    world.do(change_person, "谭丽", person=tanli, password_hash="x")
    with refused("not-an-administrator", kind=Forbidden):
        world.do(change_person, "谭丽", person=tanli, email="t@yunhe.example")
    with refused("not-an-administrator", kind=Forbidden):
        world.do(change_person, "杨帆", person=tanli, password_hash="y")
    with refused("cannot-disable-self"):
        world.do(change_person, "顾明", person=guming, active=False)
    with refused("person-not-found"):
        world.do(change_person, "顾明", person=999, active=False)
    with refused("email-malformed"):
        world.do(change_person, "顾明", person=tanli, email="谭丽")
    world.do(change_person, "顾明", person=tanli, email="t@yunhe.example", active=True)


def test_posts_are_granted_and_revoked_by_an_administrator(world: World) -> None:
    """A post is known, granted once, to an active person, in an organisation that exists."""
    tanli, section = world.people["谭丽"], world.organisations["规划财务股"]
    with refused("not-an-administrator", kind=Forbidden):
        world.do(grant_post, "谭丽", person=tanli, organisation=section, key="director")
    with refused("person-not-found", "organisation-not-found", "post-unknown"):
        world.do(grant_post, "顾明", person=999, organisation=999, key="king")
    with refused("post-held-already"):
        world.do(grant_post, "顾明", person=tanli, organisation=section, key="clerk")
    with refused("post-not-held"):
        world.do(revoke_post, "顾明", person=tanli, organisation=section, key="director")
    with refused("not-an-administrator", kind=Forbidden):
        world.do(revoke_post, "谭丽", person=tanli, organisation=section, key="clerk")


def test_organisations_make_a_tree(world: World) -> None:
    """A new section lies below an existing one; posts are found upwards through it at once."""
    with refused("organisation-not-found", "text-required"):
        world.do(add_organisation, "顾明", name=" ", parent=999)
    with refused("not-an-administrator", kind=Forbidden):
        world.do(add_organisation, "谭丽", name="殡葬管理所", parent=0)
    made = world.do(add_organisation, "顾明", name="殡葬管理所", parent=world.organisations["规划财务股"])
    world.organisations["殡葬管理所"] = made
    world.grant("谭丽", "殡葬管理所", "clerk")
    hall = world.register("hall", organisation="殡葬管理所").submitted("approval", "proposal", "minutes")

    assert hall.holders("approval") == ["杨帆"]


def test_a_change_of_people_is_seen_by_the_next_command(world: World) -> None:
    """A post that was just taken away gives no right any more, on whichever connection."""
    hall = world.register("hall")
    hall.move("reserve", by="罗秀英")
    world.revoke("罗秀英", "云河县民政局", "deputy_director")
    with refused("project-not-found", kind=NotFound):
        hall.move("start", by="罗秀英")
    world.grant("罗秀英", "云河县民政局", "director")
    hall.move("start", by="罗秀英")

    assert hall.state.state == "active"


def test_what_a_disabled_person_alone_had_in_hand_goes_to_whoever_holds_the_post(world: World) -> None:
    """With another holder the step moves on by itself; without one it is an incident until it is filled."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    yangfan = world.people["杨帆"]
    world.do(change_person, "顾明", person=yangfan, active=False)
    assert (hall.holders("approval"), world.incidents()) == (["杨帆"], ["holder-disabled"])
    number = incident(world)
    world.do(resolve_incident, "顾明", incident=number, how="以后再说")
    assert world.incidents() == ["holder-disabled"], "saying so does not make it so"
    world.person("何静", "规划财务股", "section_chief")
    world.do(resolve_incident, "顾明", incident=incident(world), how="何静任股长")

    assert (hall.holders("approval"), world.incidents()) == (["何静"], [])
    world.do(change_person, "顾明", person=yangfan, active=True)
    world.do(change_person, "顾明", person=world.people["何静"], active=False)
    assert (hall.holders("approval"), world.incidents()) == (["杨帆"], [])


def test_who_is_given_something_back_hears_what_is_asked_of_them(world: World) -> None:
    """小李 leaves with a preparation and a filing in hand: 谭丽 hears 待报送 and 待办, not that she is to approve them."""
    world.person("小李", "规划财务股", "clerk")
    home = world.register("home").submitted("site", "site_plan")
    for stage in ("proposal", "site"):
        home.hand_over(stage, "小李", by="谭丽")
    before = len(world.told("谭丽"))
    world.do(change_person, "顾明", person=world.people["小李"], active=False)

    assert (home.holders("proposal"), home.holders("site")) == (["谭丽"], ["谭丽"])
    assert sorted(world.told("谭丽")[before:]) == ["opened", "record"]


def test_what_waits_for_somebody_whose_post_is_taken_away_goes_on_as_well(world: World) -> None:
    """Without a post nobody sees the project, however active the account; with another one that sees it, all stays."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    world.grant("杨帆", "云河县民政局", "clerk")
    world.revoke("杨帆", "规划财务股", "section_chief")
    assert (hall.holders("approval"), world.incidents()) == (["杨帆"], [])
    world.revoke("杨帆", "云河县民政局", "clerk")
    assert (hall.holders("approval"), world.incidents()) == (["杨帆"], ["holder-disabled"])
    world.person("何静", "规划财务股", "section_chief")
    world.do(resolve_incident, "顾明", incident=incident(world), how="何静任股长")
    assert (hall.holders("approval"), world.incidents()) == (["何静"], [])
    hall.return_("approval", "review", "何静")
    world.revoke("谭丽", "规划财务股", "clerk")

    assert (hall.holders("approval"), world.incidents()) == (["谭丽"], ["holder-disabled"])


def test_a_check_that_only_disabled_people_could_make_is_an_incident(world: World) -> None:
    """The stage itself has an active holder; what hangs is the check, until somebody new may make it."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    hall.sign_on_paper("approval", "review", "杨帆")
    for name in ("罗秀英", "马德兴"):
        assert world.incidents() == []
        world.do(change_person, "顾明", person=world.people[name], active=False)

    assert world.incidents() == ["holder-disabled"]
    assert "有登记待核对" in world.rows("SELECT text FROM incident")[0][0]
    world.do(resolve_incident, "顾明", incident=incident(world), how="以后再说")
    assert world.incidents() == ["holder-disabled"], "saying so does not make it so"
    world.person("何静", "规划财务股", "section_chief")
    world.do(resolve_incident, "顾明", incident=incident(world), how="何静任股长")

    assert (world.told("何静")[-1], world.incidents()) == ("check", [])
    assert world.names(hall.last(EntryOffered).entry.checkers) == ["何静"]


def test_a_check_goes_to_another_when_its_checker_is_disabled(world: World) -> None:
    """Whoever else may check the original is asked at once; who made the entry never is."""
    world.person("何静", "规划财务股", "section_chief")
    home = world.register("home").submitted("site", "site_plan")
    world.do(change_person, "顾明", person=world.people["何静"], active=False)
    number = home.record("site", Filed(world.today))
    world.do(change_person, "顾明", person=world.people["杨帆"], active=False)
    assert world.told("罗秀英")[-1] == "check"
    home.confirm(number, by="罗秀英")

    assert home.at("site") == "external.filed"


def test_a_stage_that_comes_back_to_a_disabled_clerk_is_an_incident(world: World) -> None:
    """The clerk had nothing in hand when he left, so nothing could be handed on then."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    world.do(change_person, "顾明", person=world.people["谭丽"], active=False)
    assert world.incidents() == []
    hall.return_("approval", "review", "杨帆")

    assert (hall.holders("approval"), world.incidents()) == (["谭丽"], ["holder-disabled"])


def test_people_and_units_keep_their_order_whatever_was_changed_last(world: World) -> None:
    """A table that is read without an order gives whoever was changed last at the end, on PostgreSQL."""
    world.do(change_person, "顾明", person=world.people["谭丽"], email="tanli@yunhe.example")
    world.do(change_organisation, "顾明", organisation=world.organisations["规划财务股"], name="计划财务股")
    directory = world.store.act(lambda tx: tx.directory)

    assert list(directory.people) == sorted(directory.people)
    assert list(directory.organisations) == sorted(directory.organisations)


@pytest.mark.parametrize("rehearsed", [False, True], ids=["failed", "rehearsed"])
def test_a_name_that_was_taken_back_is_seen_by_nobody(world: World, rehearsed: bool) -> None:
    """What an administrator's action read of its own doing is kept for no other action and no page."""
    own = []

    def renames(tx: Transaction) -> None:
        change_person(tx, person=world.people["谭丽"], name="谭莉", actor=world.people["顾明"], now=world.now)
        own.append(looked_up(tx))
        if not rehearsed:
            raise ZeroDivisionError

    def looked_up(tx: Transaction) -> str:
        return tx.directory.name(world.people["谭丽"])

    if rehearsed:
        world.store.rehearse(renames).result()
    else:
        with pytest.raises(ZeroDivisionError):
            world.store.act(renames)
    world.do(
        change_person, "顾明", person=world.people["杨帆"], name="杨凡"
    )  # under the number that was given back

    assert own[-1] == "谭莉"
    assert world.store.act(looked_up) == "谭丽"
    assert world.store.read(snapshot).directory.name(world.people["谭丽"]) == "谭丽"
