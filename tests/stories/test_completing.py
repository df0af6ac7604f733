"""补登: a field of a reply that was left empty, and that conditions wait for, is filled in by one and checked by another."""

from __future__ import annotations

from textwrap import dedent

from tests.stories.test_asked import tasks
from tests.world import Dossier, World, refused, reply
from workflow.actions import definitions
from workflow.actions.replies import complete_reply
from workflow.events import ReplyCompleted
from workflow.people import SYSTEM
from workflow.state import Completed

ROAD = dedent("""
    type: road
    version: 1
    title: 道路建设
    phases: [报批]
    documents:
      study_report: {title: 可行性研究报告}
      study_reply: {title: 可研批复, fields: {estimate: {title: 估算, kind: money, unit: 万元}}}
      excess_report: {title: 超估算说明}
    stages:
      study:
        title: 可研审批
        phase: 报批
        needs: [study_report]
        issues: [study_reply]
        steps: [{review: {title: 科室审核, by: section_chief}}]
      budget:
        title: 概算审批
        phase: 报批
        needs: [study_reply, {document: excess_report, when: study_reply.estimate > 1000}]
        steps: [{review: {title: 科室审核, by: section_chief}}]
      council:
        title: 集体决策
        phase: 报批
        when: study_reply.estimate > 500
        steps: [{review: {title: 科室审核, by: section_chief}}]
""")
"""A paper, and a whole stage that needs no reply, depend on what the reply says."""


def without_estimate(world: World) -> Dossier:
    """A garden whose study was approved, and nobody wrote down the estimate that 集体决策 depends on."""
    found = world.register("garden", facts={"forest": "0"}).submitted("study", "study_report")
    found.approve("study", "review", "杨帆", reply("study_reply", world.today.isoformat()))
    return found


def complete(found: Dossier, basis: str = "", by: str = "谭丽", **fields: str) -> int:
    """The empty fields of the study's reply are filled in; returns the number of the entry."""
    what = Completed("study_reply", fields, basis)
    return int(found.do(complete_reply, by, stage="study", what=what))


def test_a_field_that_was_left_empty_is_filled_in_and_what_waited_for_it_goes_on(world: World) -> None:
    """谭丽 is asked for 估算 and enters it; from 罗秀英's check on 集体决策 begins, and the reply is the same version."""
    found = without_estimate(world)
    assert tasks(world, "council") == [("council", "waiting", "谭丽")]
    number = complete(found, estimate="1,200万元")
    assert found.at("council") == "waiting"
    found.confirm(number)

    assert found.at("council") == "preparing"
    paper = found.paper("study_reply")
    assert (paper.version, paper.fields) == (1, {"estimate": "1200"})


def test_what_the_original_does_not_say_is_filled_in_with_where_it_comes_from(world: World) -> None:
    found = without_estimate(world)
    found.confirm(complete(found, basis="原件未载明，取自可研报告第八章", estimate="900"))

    assert found.at("council") == "not_applicable"
    assert found.last(ReplyCompleted).basis == "原件未载明，取自可研报告第八章"


def test_nothing_that_is_said_is_ever_overwritten(world: World) -> None:
    found = without_estimate(world)
    found.confirm(complete(found, estimate="900"))

    with refused("reply-complete", says="可研批复"):
        complete(found, estimate="1200")


def test_whoever_fills_it_in_does_not_check_it(world: World) -> None:
    found = without_estimate(world)
    number = complete(found, estimate="900", by="杨帆")

    with refused("own-entry"):
        found.confirm(number, by="杨帆")
    found.confirm(number, by="罗秀英")
    assert found.paper("study_reply").fields == {"estimate": "900"}


def test_a_wrong_or_empty_value_is_refused_and_so_is_another_project(world: World) -> None:
    found = without_estimate(world)
    with refused("fact-invalid", says="估算"):
        complete(found, estimate="不详")
    with refused("text-required"):
        complete(found, estimate="")
    with refused("not-the-clerk"):
        complete(found, estimate="900", by="蒋慧")


def test_an_entry_that_is_not_confirmed_changes_nothing_and_asks_again(world: World) -> None:
    found = without_estimate(world)
    found.reject(complete(found, estimate="900"))

    assert found.paper("study_reply").fields == {}
    assert tasks(world, "council") == [("council", "waiting", "谭丽")]
    found.confirm(complete(found, estimate="1200"))
    assert found.at("council") == "preparing"


def test_nobody_is_asked_for_what_a_reply_will_say_before_it_is_issued(world: World) -> None:
    """集体决策 waits for 可研批复; once that is there without its 估算, both stages say where to fill it in."""
    world.digests["road"] = world.store.act(
        definitions.publish, text=ROAD, name="road.yaml", actor=SYSTEM, now=world.now
    )
    road = world.register("road")
    assert tasks(world, "council") == []
    assert road.waits_for("council")[0] == "等待可研批复"
    road.submitted("study", "study_report")
    road.approve("study", "review", "杨帆", reply("study_reply", world.today.isoformat()))
    assert tasks(world, "council") == [("council", "waiting", "谭丽")]

    with refused("field-unknown", says="请在“可研审批”中补登"):
        road.submit("budget")
    road.confirm(complete(road, estimate="800"))
    assert (road.at("council"), road.at("budget")) == ("preparing", "preparing")
    road.submit("budget")
