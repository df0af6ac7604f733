"""补录: a project in mid-course, reply by reply, entered by one and checked by another; no rung for the past."""

from __future__ import annotations

from datetime import date

import pytest

from tests.world import Dossier, World, at, definition_text, refused, reply
from workflow.actions.definitions import publish
from workflow.actions.people import change_person
from workflow.errors import Refused
from workflow.events import RungFired
from workflow.state import ReplyData


def running(world: World) -> Dossier:
    """A garden that began years ago and is being taken over."""
    return world.register("garden", taking_over=True, facts={"forest": "1.2", "farmland": False})


def old(document: str, on: str = "2025-03-04") -> ReplyData:
    """A reply of the past, kept in the archive."""
    return reply(document, on)


def test_nothing_opens_until_the_taking_over_is_closed(world: World) -> None:
    """While replies are being entered no stage is open, no clock runs, and nothing is submitted."""
    found = running(world)
    assert found.state.stages == {}
    found.upload("site_plan")
    with refused("taking-over-open", "illegal-move"):
        found.submit("site")
    found.close_take_over()

    assert found.at("site") == "preparing"
    assert world.told("谭丽") == ["opened"] * 3


def test_a_reply_is_entered_by_one_and_checked_by_another(world: World) -> None:
    """Who entered it does not check it; the stage then counts as issued and is marked 补录."""
    found = running(world)
    number = found.take_over("study", old("study_reply"))
    with refused("own-entry", says="杨帆"):
        found.confirm(number, by="谭丽")
    with refused("entries-unchecked", says="可研审批"):
        found.close_take_over()
    found.confirm(number)
    found.close_take_over()

    stage = found.stage("study")
    assert (stage.state, stage.taken_over, stage.issued_on) == ("issued", True, date(2025, 3, 4))
    assert found.at("forest") == "preparing"


def test_what_lies_behind_an_entered_reply_counts_as_done(world: World) -> None:
    """With 设计批复 in hand, everything before it is done too; a reply that is needed again is entered later."""
    found = running(world)
    found.confirm(found.take_over("design", old("design_reply")))
    found.close_take_over()

    behind = ["study", "site", "forest", "village", "design"]
    assert [(found.at(key), found.stage(key).taken_over) for key in behind] == [("issued", True)] * 5
    assert found.waits_for("notice") == ["使用林地审核同意书尚未录入：请在“使用林地审核”中补录批复"]
    assert found.holders("notice") == ["谭丽"], "nobody else can enter it, and nothing else is waited for"
    found.confirm(found.take_over("forest", old("forest_consent")))
    assert found.at("notice") == "preparing"


def test_a_reply_that_stands_for_what_is_needed_is_asked_for_as_well(world: World) -> None:
    """开工公告 needs 用地预审意见, for which 选址审查's opinion stands: that it was never entered is 谭丽's to mend."""
    text = definition_text("garden").replace("version: 1", "version: 2")
    text = text.replace("needs: [forest_consent]", "needs: [precheck]")
    world.digests["garden"] = world.do(publish, "顾明", text=text, name="garden.yaml")
    found = running(world)
    found.confirm(found.take_over("design", old("design_reply")))
    found.close_take_over()

    assert found.waits_for("notice") == ["用地预审意见尚未录入：请在“选址审查”中补录批复"]
    assert found.holders("notice") == ["谭丽"]
    found.confirm(found.take_over("site", old("combined_opinion")))
    assert found.at("notice") == "preparing"


def test_no_rung_ever_fires_for_the_past(world: World) -> None:
    """Clocks begin when the taking-over is closed; years of history make no noise."""
    hall = world.register("hall", taking_over=True)
    hall.confirm(hall.take_over("approval", old("approval_reply", "2020-01-02")))
    world.workdays_pass(2)
    hall.close_take_over()
    world.sweep()
    assert [each for each in hall.history() if isinstance(each.event, RungFired)] == []

    assert hall.due("budget") == world.in_workdays(10)


def test_an_expired_reply_that_is_still_needed_lapses_when_the_taking_over_ends(world: World) -> None:
    """It makes no rung of the past, but what waits for it must not wait in silence: it is to be applied for again."""
    home = world.register("home", taking_over=True)
    home.confirm(home.take_over("site", reply("site_opinion", "2020-01-02")))
    home.confirm(home.take_over("proposal", reply("proposal_reply", "2026-08-03")))
    assert home.at("site") == "issued"
    home.close_take_over()
    world.sweep()

    assert (home.at("site"), home.at("land")) == ("lapsed", "waiting")
    assert world.told("谭丽")[-1] == world.told("杨帆")[-1] == "lapsed"
    home.reapply("site")
    assert home.at("site") == "preparing"


def test_an_expired_reply_that_has_done_its_work_is_history(world: World) -> None:
    """What needed it was issued long ago: nobody hears of its age."""
    home = world.register("home", taking_over=True)
    home.confirm(home.take_over("site", reply("site_opinion", "2020-01-02")))
    home.confirm(home.take_over("land", old("land_reply")))
    home.close_take_over()
    world.sweep()

    assert home.at("site") == "issued"
    assert home.paper("site_opinion").clock is None
    assert "reply.lapsed" not in home.kinds()


def test_an_entered_reply_needs_number_day_and_evidence(world: World) -> None:
    """补录 is no back door: the number is checked, the day is past, and the original is somewhere."""
    hall = world.register("hall", taking_over=True)
    with refused("reply-without-evidence", says="存放处"):
        hall.take_over("approval", reply("approval_reply", "2025-03-04", kept_at=" "))
    with refused("number-malformed", "date-in-future"):
        hall.take_over("approval", reply("approval_reply", "2026-09-02", "第15号"))
    with refused("reply-not-given"):
        hall.take_over("approval")
    with refused("reply-not-issued-here", "reply-not-given"):
        hall.take_over("approval", reply("budget_reply", "2025-03-04"))
    hall.take_over(
        "approval", reply("approval_reply", "2025-03-04", kept_at="", sha256="ab" * 32, name="批复.pdf")
    )


def test_a_stage_without_replies_is_taken_over_too(world: World) -> None:
    """A notice that hung out long ago is entered with nothing but its check."""
    found = running(world)
    found.confirm(found.take_over("notice"))
    found.close_take_over()

    assert found.at("notice") == "issued"
    assert found.stage("start").opens_on == date(2026, 10, 9)


def test_only_the_clerk_or_a_supervisor_takes_over(world: World) -> None:
    """Whose project it is enters its past; and one entry at a time for a stage."""
    found = running(world)
    with refused("not-the-clerk"):
        found.take_over("study", old("study_reply"), by="蒋慧")
    number = found.take_over("study", old("study_reply"), by="罗秀英")
    with refused("entry-pending"):
        found.take_over("study", old("study_reply"))
    found.confirm(number)
    with refused("not-the-clerk"):
        found.close_take_over(by="蒋慧")
    found.close_take_over(by="杨帆")


def test_after_the_taking_over_only_its_own_stages_are_corrected(world: World) -> None:
    """A mistake found later is entered and checked again; a stage of ours cannot be taken over then."""
    found = running(world)
    found.confirm(found.take_over("study", old("study_reply")))
    found.close_take_over()
    with refused("not-taking-over"):
        found.close_take_over()
    with refused("not-taking-over"):
        found.take_over("site", old("combined_opinion"))
    found.confirm(found.take_over("study", reply("study_reply", "2025-03-05", "云发改审〔2025〕8号")))

    assert found.paper("study_reply").number == "云发改审〔2025〕8号"
    assert found.paper("study_reply").version == 2


def test_a_rejected_entry_leaves_the_stage_as_it_was(world: World) -> None:
    """What does not agree with the original has no effect."""
    found = running(world)
    found.reject(found.take_over("study", old("study_reply")))
    found.close_take_over()

    assert found.at("study") == "preparing"


def test_a_project_terminated_while_it_is_taken_over_leaves_nothing_to_check(world: World) -> None:
    """No stage had been touched yet; the reply that 杨帆 was to check waits for nobody any more."""
    hall = world.register("hall", taking_over=True)
    number = hall.take_over("approval", reply("approval_reply", "2025-03-04", "云民审〔2025〕15号"))
    hall.move("terminate")

    assert (hall.state.entries, world.rows("SELECT what FROM task")) == ({}, [])
    with refused("entry-not-found"):
        hall.reject(number)
    with refused("project-not-running", "illegal-move"):
        hall.take_over("approval", reply("approval_reply", "2025-03-04", "云民审〔2025〕15号"))


@pytest.mark.parametrize("code", ["2411-441900-04-01-542884", ""])
def test_a_taken_over_project_is_followed_like_any_other_afterwards(world: World, code: str) -> None:
    """From its closing on, clocks start, rungs fire and the sweep does its work."""
    hall = world.register("hall", taking_over=True, code=code)
    hall.confirm(hall.take_over("approval", old("approval_reply")))
    hall.close_take_over()
    world.now = at("2026-09-16 10:00")
    world.sweep()

    assert world.told("谭丽") == ["opened", "approaching", "approaching", "due_today"]
    assert world.told("罗秀英") == ["escalated"]


def test_a_taking_over_whose_clerk_is_gone_is_an_incident(world: World) -> None:
    """No stage and no clock waits for 谭丽, only the entering itself: her chief hears that it needs another clerk."""
    found = running(world)
    world.do(change_person, "顾明", person=world.people["谭丽"], active=False)

    assert world.incidents() == ["holder-disabled"]
    assert (world.told("顾明"), world.told("杨帆")) == (["incident"], ["incident"])
    found.hand_over_project("杨帆", by="罗秀英")


def test_a_taking_over_whose_clerk_leaves_the_unit_is_an_incident_too(world: World) -> None:
    """With her post she loses sight of it: nobody else is asked to go on."""
    running(world)
    world.revoke("谭丽", "规划财务股", "clerk")

    assert world.incidents() == ["holder-disabled"]


def test_nobody_takes_over_for_good_by_a_delegation_that_ends(world: World) -> None:
    """刘畅 sees it while she acts for 谭丽; afterwards nobody would be left to enter anything."""
    found = running(world)
    world.delegate("谭丽", "刘畅", "2026-09-01", "2026-09-04")

    with refused("receiver-out-of-scope"):
        found.hand_over_project("刘畅")
    with refused("receiver-out-of-scope"):
        world.register("hall", by="刘畅", clerk="刘畅", taking_over=True)
    with refused("receiver-administers"):
        found.hand_over_project("顾明")


@pytest.mark.parametrize(
    ("on", "until"),
    [("9999-12-31", None), ("0026-03-04", None), ("2025-03-04", "9999-12-31"), ("2100-12-01", None)],
)
def test_a_day_that_no_calendar_knows_is_named_when_it_is_entered(
    world: World, on: str, until: str | None
) -> None:
    """A slip of the pen in a year, or 长期 typed as 9999: refused at its reply, not when the taking-over is to end."""
    home = world.register("home", taking_over=True)
    given = reply("site_opinion", on, "", valid_until=date.fromisoformat(until) if until else None)

    with pytest.raises(Refused) as found:
        home.take_over("site", given, as_printed=True)
    assert ("date-beyond-calendar", "site_opinion") in {
        (each.code, each.place) for each in found.value.reasons
    }
