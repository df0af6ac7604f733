"""What an ended or suspended project no longer takes, and clocks that nobody can begin anew by a detour."""

from __future__ import annotations

from datetime import date

import pytest

from tests.world import Dossier, World, definition_text, refused, reply
from workflow.actions import clocks, definitions, outside, projects
from workflow.events import ReplyLapsed
from workflow.state import Concluded


def with_the_office(world: World) -> Dossier:
    """A home whose 选址 lies with the outside office."""
    home = world.register("home").submitted("site", "site_plan")
    home.file("site")
    home.accept("site")
    return home


def move(found: Dossier, trigger: str) -> None:
    found.do(projects.move_project, "马德兴", trigger=trigger, reason_given="上级决定")


@pytest.mark.parametrize("trigger", ["suspend", "terminate"])
def test_a_letter_and_an_explanation_are_for_a_project_that_goes_on(world: World, trigger: str) -> None:
    home = with_the_office(world)
    move(home, trigger)
    before = home.kinds()

    codes = {"suspend": ["project-not-running"], "terminate": ["project-not-running", "not-outside"]}
    with refused(*codes[trigger]):
        home.do(outside.draft_letter, "谭丽", stage="site", text="商请")
    codes = {"suspend": ["project-not-running"], "terminate": ["no-clock"]}
    with refused(*codes[trigger]):
        home.do(clocks.file_explanation, "谭丽", stage="site", text="正在核实")
    assert home.kinds() == before


def test_a_letter_is_drafted_by_the_clerk_or_a_supervisor_only(world: World) -> None:
    home = with_the_office(world)

    with refused("not-the-clerk"):
        home.do(outside.draft_letter, "蒋慧", stage="site", text="商请")
    home.do(outside.draft_letter, "杨帆", stage="site", text="商请加快办理")

    assert home.kinds()[-1] == "letter.drafted"


def test_nothing_is_taken_over_into_a_project_that_has_stopped(world: World) -> None:
    home = world.register("home", taking_over=True)
    given = reply("site_opinion", "2026-08-03")
    home.do(projects.take_over_stage, "谭丽", stage="site", replies=[given])
    (number,) = home.state.entries
    move(home, "suspend")
    before = home.kinds()

    with refused("project-not-running"):
        home.confirm(int(number))
    with refused("project-not-running", "entry-pending"):
        home.do(projects.take_over_stage, "谭丽", stage="site", replies=[given])
    with refused("project-not-running", "entries-unchecked"):
        home.do(projects.close_take_over, "谭丽")
    home.reject(int(number))
    assert home.kinds()[: len(before)] == before


def test_a_reply_out_of_date_when_it_is_checked_lapses_like_any_other(world: World) -> None:
    """It lay with the checker until its last day had passed."""
    home = with_the_office(world)
    given = reply("site_opinion", "2026-09-01", valid_until=date(2026, 9, 10))
    number = home.record("site", Concluded(world.today, "approved", "同意", (given,)), as_printed=True)
    world.at("2026-09-14 10:00")
    home.confirm(number)
    world.sweep()

    assert home.at("site") == "lapsed"
    assert home.paper("site_opinion").lapsed
    assert [type(each.event) for each in home.history()].count(ReplyLapsed) == 1


def test_a_fact_taken_back_does_not_begin_the_preparation_anew(world: World) -> None:
    """The clerk makes a fact unknown and known again: the days already spent on the papers stay spent."""
    text = definition_text("home").replace("type: home", "type: home-if")
    text = text.replace(
        "phases: [立项, 用地]", "phases: [立项, 用地]\nfacts: {own: {title: 自建, kind: bool}}"
    )
    text = text.replace("    prepare: {within", "    when: own\n    prepare: {within")
    world.digests["home-if"] = world.do(definitions.publish, "顾明", text=text, name="home-if.yaml")
    home = world.register("home-if", facts={"own": True})
    due = home.due("proposal")
    world.workdays_pass(14)

    home.facts(own=None)
    assert home.at("proposal") == "waiting"
    home.facts(own=True)

    assert (home.at("proposal"), home.due("proposal")) == ("preparing", due)
