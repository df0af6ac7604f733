"""Who has the standing: ways round separation of duties that a hostile colleague tried, and where each ends."""

from __future__ import annotations

import pytest

from tests.world import Dossier, World, refused, reply
from workflow import queries
from workflow.actions.people import delegate, grant_post
from workflow.actions.projects import register_project, stop_waiting
from workflow.errors import Refused, WorkflowError
from workflow.events import IncidentRaised


def in_review(world: World) -> Dossier:
    """A hall whose 立项审批 waits for its review."""
    return world.register("hall").submitted("approval", "proposal", "minutes")


def test_a_reviewer_cannot_choose_who_signs_after_him(world: World) -> None:
    """杨帆 has reviewed; the signature that follows is not his to give to anybody."""
    hall = in_review(world)
    hall.approve("approval", "review", "杨帆")

    with refused("not-the-holder"):
        hall.hand_over("approval", to="马德兴", by="杨帆")


def test_a_decision_is_handed_only_to_somebody_with_the_post(world: World) -> None:
    """A clerk cannot sign for a section chief by being handed the step; a chief above can."""
    hall = in_review(world)

    with refused("receiver-without-post", says="科（股）室负责人"):
        hall.hand_over("approval", to="蒋慧", by="杨帆")
    hall.hand_over("approval", to="马德兴", by="杨帆")
    assert hall.holders("approval") == ["马德兴"]


def test_nothing_is_handed_to_whoever_administers(world: World) -> None:
    """顾明 sees every project, and works on none: not even the papers of one are his to gather."""
    hall = world.register("hall")

    with refused("receiver-administers", says="系统管理员"):
        hall.hand_over("approval", to="顾明", by="谭丽")


def test_nobody_grants_himself_a_post_or_acts_for_a_chief_on_his_own_word(world: World) -> None:
    """An administrator administers; deciding is for others, and no post may be both."""
    bureau = world.organisations["云河县民政局"]
    with refused("own-grant", "administrator-decides"):
        world.do(grant_post, "顾明", person=world.people["顾明"], organisation=bureau, key="section_chief")
    with refused("administrator-decides"):
        world.do(grant_post, "顾明", person=world.people["罗秀英"], organisation=bureau, key="administrator")
    with refused("own-grant", "administrator-decides"):
        world.do(
            delegate, "顾明", principal=world.people["罗秀英"], agent=world.people["顾明"],
            starts_on=world.today, ends_on=world.today, reason_given="代办",
        )  # fmt: skip


def test_an_administrator_acts_for_nobody_whoever_asks_them_to(world: World) -> None:
    """Not by a delegation of the chief's own, nor by one that was there before the post."""
    hall = in_review(world)
    with refused("administrator-decides"):
        world.delegate("杨帆", "顾明", "2026-09-01", "2026-09-30")
    world.person("何静", "规划财务股", "clerk")
    world.delegate("杨帆", "何静", "2026-09-01", "2026-09-30")
    world.grant("何静", "市民政局", "administrator")

    with refused("not-the-holder"):
        hall.approve("approval", "review", "何静")
    world.revoke("何静", "市民政局", "administrator")
    hall.approve("approval", "review", "何静")


def test_a_project_code_belongs_to_one_project(world: World) -> None:
    """The second project that names a code hears whose it is; a terminated one lets go of it."""
    first = world.register("hall", "县便民服务点", code="2411-441900-04-01-542884")
    with refused("code-taken", says="县便民服务点"):
        world.register("hall", code="2411-441900-04-01-542884")
    first.move("terminate", "罗秀英")

    assert world.register("hall", code="2411-441900-04-01-542884").state.code == "2411-441900-04-01-542884"


def test_whose_code_it_is_is_told_only_to_who_may_see_the_project(world: World) -> None:
    """刘畅 of another section is told that the code is taken, not by what."""
    world.register("hall", "县便民服务点", code="2411-441900-04-01-542884")
    with pytest.raises(Refused) as found:
        world.register("hall", by="刘畅", organisation="养老服务股", code="2411-441900-04-01-542884")

    assert [each.code for each in found.value.reasons] == ["code-taken-elsewhere"]
    assert "便民" not in str(found.value)


def test_a_reply_that_is_the_project_code_gives_it_to_the_project(world: World) -> None:
    """Nobody types it twice, and whoever copies another project's hears whose it is."""
    code = "2411-441900-04-01-542884"
    first, second = (
        world.register("garden", title).submitted("study", "study_report") for title in ("甲园", "乙园")
    )
    given = reply("study_reply", world.today.isoformat(), number=code, fields={"estimate": "900"})
    first.approve("study", "review", "杨帆", given)

    assert first.state.code == code
    with refused("code-taken", says="甲园"):
        second.approve("study", "review", "杨帆", given)


def test_a_fact_that_a_condition_reads_begins_a_running_review_again(world: World) -> None:
    """The review rested on another size of forest land: it begins again, and 杨帆 is told."""
    garden = world.register("garden", facts={"forest": "1"})
    garden.submitted("study", "study_report")
    garden.approve("study", "review", "杨帆", reply("study_reply", world.today.isoformat()))
    garden.submitted("forest", "forest_report")
    garden.facts(forest="2.5")

    assert garden.kinds().count("stage.restarted") == 1
    assert garden.at("forest") == "review"
    assert world.told("杨帆")[-1] == "restarted"


@pytest.mark.parametrize("title", ["甲\r\nBcc: x@y.example", "甲\n乙", "甲\x00"])
def test_a_title_is_one_line(world: World, title: str) -> None:
    """A line break in a title would break a mail's subject."""
    with pytest.raises(WorkflowError) as error:
        world.do(
            register_project, "谭丽", ref="X1", digest=world.digests["hall"], title=title,
            organisation=world.organisations["规划财务股"], clerk=world.people["谭丽"],
        )  # fmt: skip

    assert error.value.code == "text-control-characters"


def test_who_lets_a_project_go_on_need_not_see_what_it_waits_for(world: World) -> None:
    """孙平 leads 规划财务股 alone: he hears that what is waited for has ended, not what it was, and can let go of it."""
    world.person("孙平", "规划财务股", "deputy_director")
    elsewhere = world.register("hall", "养老服务站", by="刘畅", organisation="养老服务股")
    hall = world.register("hall")
    hall.wait_for(elsewhere, by="马德兴")
    elsewhere.move("terminate")
    assert world.told("孙平") == ["incident"]
    assert "养老服务站" not in hall.last(IncidentRaised).text

    page = world.store.read(
        queries.overview, ref=hall.ref, person=world.people["孙平"], day=world.today, recent=5
    )
    [wait] = page.project.waits
    assert (wait.ref, wait.words, wait.stop.allowed) == ("", "等待“另一项目”投用", True)
    hall.do(stop_waiting, "孙平", other=wait.stop.target, reason_given="可先行")
    assert hall.at("approval") == "preparing"


def test_who_hands_in_the_same_file_once_more_can_still_decide(world: World) -> None:
    """杨帆 sends the report along with another stage's papers: nothing in it is his, and nobody else could review it."""
    garden = world.register("garden").submitted("study", "study_report")
    garden.hand_over("site", to="杨帆", by="谭丽")
    garden.upload("study_report", by="杨帆")
    assert world.names(garden.paper("study_report").authors) == ["谭丽"]
    garden.approve("study", "review", "杨帆", reply("study_reply", world.today.isoformat()))

    assert garden.at("study") == "issued"
