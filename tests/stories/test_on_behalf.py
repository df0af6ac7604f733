"""代: whatever somebody does in the standing of another names that other, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Dossier, World, refused, reply
from workflow import queries
from workflow.actions.outside import draft_letter
from workflow.actions.people import change_person
from workflow.actions.projects import stop_waiting
from workflow.events import (
    EntryRejected,
    EntryWithdrawn,
    FactsChanged,
    OutsideMoved,
    ProjectRegistered,
    StageTakenOver,
    StageWithdrawn,
    StepDecided,
)
from workflow.state import Concluded, Filed

CLERK, CHIEF, DEPUTY = "刘畅", "孙平", "蒋慧"
"""Who stands in for 谭丽, 杨帆 and 罗秀英; of their own, none of them could do any of it."""


@pytest.fixture
def away(world: World) -> World:
    """The bureau while the three of them are away."""
    world.person(CHIEF)
    for principal, agent in (("谭丽", CLERK), ("杨帆", CHIEF), ("罗秀英", DEPUTY)):
        world.delegate(principal, agent, "2026-09-01", "2026-09-30")
    return world


def for_whom(project: Dossier) -> list[tuple[str, str]]:
    """Who stood in for whom in what that project's record tells, each pair once, in order."""
    world = project.world
    told = [(world.name(each.actor), world.name(each.event.on_behalf)) for each in project.history()]
    return list(dict.fromkeys(pair for pair in told if pair[1] != "系统"))


def test_whatever_a_clerks_delegate_does_says_so(away: World) -> None:
    """Registering, facts, papers, submitting, taking back, handing over, explaining: 刘畅 for 谭丽, and nobody else."""
    hall = away.register("hall", by=CLERK, clerk="谭丽")
    hall.facts(CLERK, total="100.00")
    hall.upload("proposal", by=CLERK)
    hall.enter("minutes", by=CLERK)
    hall.explain("approval", by=CLERK)
    hall.submit("approval", by=CLERK)
    hall.withdraw("approval", by=CLERK)
    hall.hand_over("approval", "杨帆", by=CLERK)
    hall.hand_over_project("杨帆", by=CLERK)

    assert for_whom(hall) == [(CLERK, "谭丽")]
    assert {each.event.on_behalf for each in hall.history()} == {away.people["谭丽"]}
    assert away.name(hall.paper("proposal").on_behalf) == "谭丽"


def test_whatever_a_chiefs_delegate_does_says_so(away: World) -> None:
    """The clock, the project as a whole, waiting, a soft gate: 蒋慧 for 罗秀英."""
    hall, other = away.register("hall"), away.register("hall")
    hall.extend("approval", "3 workdays", DEPUTY)
    hall.pause("approval", DEPUTY)
    hall.resume("approval", DEPUTY)
    hall.wait_for(other, by=DEPUTY)
    hall.do(stop_waiting, DEPUTY, other=other.ref, reason_given="可先行")
    hall.move("suspend", DEPUTY)
    garden = away.register("garden", facts={"forest": "0", "farmland": False})
    garden.pass_over("design", "environment", by=DEPUTY)

    assert for_whom(hall) == for_whom(garden) == [(DEPUTY, "罗秀英")]
    assert [each.event.on_behalf for each in hall.history() if each.actor == away.people["谭丽"]] == [0, 0]


def test_nobody_checks_what_was_entered_in_their_name(away: World) -> None:
    """孙平 enters a reply for 杨帆: it is compared by 罗秀英, and not by 杨帆 whom the record names with it."""
    home = away.register("home", taking_over=True)
    number = home.take_over("site", reply("site_opinion", "2026-08-03", ""), by=CHIEF, as_printed=True)
    assert away.names(home.state.entries[str(number)].checkers) == ["罗秀英"]
    with refused("not-the-checker"):
        home.confirm(number, by="杨帆")
    away.do(change_person, "顾明", person=away.people["罗秀英"], active=False)

    assert away.names(home.state.entries[str(number)].checkers) == ["马德兴"]


def test_an_entry_says_for_whom_it_was_made_and_for_whom_it_was_checked(away: World) -> None:
    """What the outside office did, entered by 刘畅 for 谭丽 and compared by 孙平 for 杨帆."""
    home = away.register("home").submitted("proposal", "proposal")
    home.approve("proposal", "review", "杨帆")
    home.reject(home.record("proposal", filed(home), by=CLERK), by=CHIEF)
    home.take_back(home.record("proposal", filed(home), by=CLERK), by=CLERK)
    number = home.record("proposal", filed(home), by=CLERK)
    assert away.name(home.state.entries[str(number)].on_behalf) == "谭丽"
    home.confirm(number, by=CHIEF)
    home.do(draft_letter, CLERK, stage="proposal", text="请予支持。")

    assert for_whom(home) == [(CLERK, "谭丽"), (CHIEF, "杨帆")]
    found = [home.last(kind) for kind in (EntryRejected, EntryWithdrawn, OutsideMoved)]
    assert [away.name(each.on_behalf) for each in found] == ["杨帆", "谭丽", "杨帆"]


def test_a_decision_from_outside_says_for_whom_it_was_entered(away: World) -> None:
    """In the record, where the step is done, and to whoever looks at the stage."""
    home = away.register("home").submitted("proposal", "proposal")
    home.approve("proposal", "review", "杨帆")
    home.file("proposal")
    home.accept("proposal")
    replied = Concluded(away.today, "approved", "同意", (reply("proposal_reply", "2026-09-01"),))
    home.confirm(home.record("proposal", replied, by=CLERK, as_printed=True), by=CHIEF)

    shown = away.store.read(
        queries.stage_file, ref=home.ref, stage="proposal", person=away.people["谭丽"], day=away.today
    )
    words = "刘畅（代谭丽）登记，孙平（代杨帆）核对原件"
    assert words in shown.steps[-1].done
    assert any(words in told.text for told in shown.record)


def filed(home: Dossier) -> Filed:
    """It was handed in today."""
    return Filed(home.world.today, "收件1号")


def test_a_reply_taken_over_says_for_whom_it_was_entered_and_compared(away: World) -> None:
    """补录 by two who stand in: the paper itself names both."""
    home = away.register("home", taking_over=True)
    given = reply("proposal_reply", "2026-08-03")
    home.confirm(home.take_over("proposal", given, by=CLERK, as_printed=True), by=CHIEF)
    home.close_take_over(by=CLERK)

    paper = home.paper("proposal_reply")
    assert (away.name(paper.on_behalf), away.name(paper.checked_for)) == ("谭丽", "杨帆")
    assert away.name(home.last(StageTakenOver).on_behalf) == "杨帆"


def test_a_signature_on_paper_is_the_signers_and_names_for_whom_it_was_compared(away: World) -> None:
    """孙平 compares for 杨帆 what 马德兴 has signed, who holds the same post; neither has decided anything by it."""
    away.grant("马德兴", "规划财务股", "section_chief")
    hall = away.register("hall").submitted("approval", "proposal", "minutes")
    hall.confirm(hall.sign_on_paper("approval", "review", "马德兴", by=CLERK), by=CHIEF)

    decided = hall.last(StepDecided)
    assert (away.name(decided.signed_by), away.name(decided.on_behalf)) == ("马德兴", "杨帆")
    assert hall.stage("approval").acts[-1].people == (away.people["马德兴"],)


@pytest.mark.parametrize("by", ["谭丽", "杨帆"])
def test_who_has_the_standing_themselves_acts_for_nobody(world: World, by: str) -> None:
    """杨帆 stands in for 谭丽, and may himself change the facts of any project of the section."""
    world.delegate("谭丽", "杨帆", "2026-09-01", "2026-09-30")
    hall = world.register("hall")
    hall.facts(by, total="100.00")

    assert hall.last(FactsChanged).on_behalf == 0


def test_who_takes_back_what_another_handed_in_for_them_acts_for_nobody(away: World) -> None:
    """谭丽 is back a day early."""
    hall = away.register("hall")
    hall.upload("proposal", "minutes", by=CLERK)
    hall.submit("approval", by=CLERK)
    hall.withdraw("approval", by="谭丽")

    assert hall.last(StageWithdrawn).on_behalf == 0


def test_of_several_whose_standing_one_has_the_one_that_it_takes_is_named(world: World) -> None:
    """蒋慧 stands in for 谭丽 and for 罗秀英: the clerk's papers in the one's name, the extension in the other's."""
    for principal in ("谭丽", "罗秀英"):
        world.delegate(principal, DEPUTY, "2026-09-01", "2026-09-30")
    hall = world.register("hall", by="刘畅", organisation="养老服务股")
    found: dict[str, Any] = {}
    hall.extend("approval", "3 workdays", DEPUTY)
    found["extended"] = hall.history()[-1].event.on_behalf
    hall.facts(DEPUTY, total="100.00")
    found["facts"] = hall.last(FactsChanged).on_behalf
    own = world.register("hall")
    own.upload("proposal", by=DEPUTY)
    found["paper"] = own.paper("proposal").on_behalf

    assert {what: world.name(who) for what, who in found.items()} == {
        "extended": "罗秀英",
        "facts": "罗秀英",
        "paper": "谭丽",
    }


def test_old_records_without_a_word_of_it_read_as_before(world: World) -> None:
    """An event of before carries no such field; it is read as done for nobody, and its hash stands."""
    hall = world.register("hall")
    [[data]] = world.rows("SELECT data FROM event WHERE project_id = 1 AND seq = 1")

    assert "on_behalf" not in data
    assert hall.last(ProjectRegistered).on_behalf == 0
