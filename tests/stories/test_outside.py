"""Outside offices decide, we record: filed, accepted, corrected, stopped, extended, concluded."""

from __future__ import annotations

from datetime import date

import pytest

from tests.world import Dossier, World, day, definition_text, refused, reply
from workflow import queries
from workflow.actions.definitions import publish
from workflow.clock import parse_limit
from workflow.events import LetterDrafted
from workflow.files import StoredFile
from workflow.queries.stored import named_files
from workflow.state import (
    Accepted,
    Concluded,
    Corrected,
    CorrectionNotified,
    Extended,
    Filed,
    Fix,
    Scan,
    SpecialBegan,
    SpecialEnded,
)

STAGE = "proposal"
REPLY = reply("proposal_reply", "2026-09-10", fields={"estimate": "980.00"})


def home(world: World) -> Dossier:
    """A home whose 项目建议书 has been reviewed and waits to be filed at 发改."""
    found = world.register("home").submitted(STAGE, "proposal")
    found.approve(STAGE, "review", "杨帆")
    return found


def accepted(world: World) -> Dossier:
    """The same, accepted on 2026-09-01."""
    found = home(world)
    found.file(STAGE)
    found.accept(STAGE)
    return found


def test_a_receipt_is_scanned_with_its_filing(world: World) -> None:
    """The scan lies with the entry: what 杨帆 checks it by, and what the record names for ever."""
    found = home(world)
    receipt = StoredFile("a" * 64, "回执.pdf", 300, "application/pdf", ("脚本",))
    number = found.record(STAGE, Filed(world.today, "收件1号"), scan=receipt)
    assert found.state.entries[str(number)].scan == Scan(
        "a" * 64, "回执.pdf", 300, "application/pdf", ("脚本",)
    )
    found.confirm(number)

    assert found.at(STAGE) == "external.filed"
    assert "a" * 64 in world.store.read(named_files)


def test_a_stage_passes_an_outside_office(world: World) -> None:
    """Filed, accepted, concluded: each recorded by the clerk, in force once a supervisor has checked it."""
    found = home(world)
    assert (found.at(STAGE), found.holders(STAGE)) == ("external.filing", ["谭丽"])
    found.file(STAGE)
    assert (found.at(STAGE), found.due(STAGE)) == ("external.filed", date(2026, 9, 8))
    found.accept(STAGE)
    assert (found.at(STAGE), found.due(STAGE)) == ("external.accepted", date(2026, 9, 8))
    assert found.stage(STAGE).clock.statutory_on == date(2026, 9, 29)  # type: ignore[union-attr]
    world.at("2026-09-10 10:00")
    found.conclude(STAGE, REPLY)

    paper = found.paper("proposal_reply")
    assert found.at(STAGE) == "issued"
    assert (paper.issuer, paper.fields, paper.valid_until) == (
        "发展和改革局",
        {"estimate": "980.00"},
        date(2028, 9, 10),
    )


def test_a_signed_file_that_lies_in_a_drawer_is_late_and_the_clerks_own(world: World) -> None:
    """待报送 has three working days where the type names none, and climbs the ladder that the preparation does."""
    found = home(world)
    clock = found.stage(STAGE).clock
    assert clock is not None
    assert (clock.due_on, clock.outside) == (date(2026, 9, 4), False)
    world.workdays_pass(6)

    assert world.told("谭丽")[-3:] == ["record", "approaching", "due_today"]
    assert [world.told(name)[-1] for name in ("罗秀英", "马德兴")] == ["escalated"] * 2
    found.file(STAGE, on="2026-09-03")
    assert found.due(STAGE) == date(2026, 9, 10)


def test_a_type_says_how_soon_its_files_go_out(world: World) -> None:
    """A stage that begins outside has nobody before it in the house: the same clock, from its submission."""
    text = definition_text("home").replace("type: home", "type: home-soon")
    text = text.replace("body: 自然资源局, accept", "body: 自然资源局, file: {within: 1 workday}, accept")
    world.digests["home-soon"] = world.do(publish, "顾明", text=text, name="home-soon.yaml")
    found = world.register("home-soon").submitted("site", "site_plan")

    assert (found.at("site"), found.due("site")) == ("external.filing", date(2026, 9, 2))


def test_what_was_signed_on_paper_may_be_filed_before_the_signature_is_entered(world: World) -> None:
    """The clerk took the signed sheet along on Tuesday; it is entered and compared here on Thursday."""
    found = world.register("home").submitted(STAGE, "proposal")
    world.at("2026-09-03 10:00")
    found.confirm(found.sign_on_paper(STAGE, "review", "杨帆"), by="罗秀英")
    found.file(STAGE, on="2026-09-01")

    assert found.due(STAGE) == date(2026, 9, 8)


def test_a_record_has_no_effect_until_it_is_checked(world: World) -> None:
    """What was entered waits for its check; a rejected record leaves everything as it was."""
    found = home(world)
    number = found.record(STAGE, Filed(world.today, "收件1号"))
    assert found.at(STAGE) == "external.filing"
    assert world.told("杨帆")[-1] == "check"
    with refused("entry-pending", "illegal-move"):
        found.record(STAGE, Accepted(world.today))
    found.reject(number)
    assert (found.at(STAGE), world.told("谭丽")[-1]) == ("external.filing", "rejected")
    found.file(STAGE)

    assert found.at(STAGE) == "external.filed"


def test_a_record_of_a_file_that_was_called_back_is_to_be_sent_back(world: World) -> None:
    """A paper was replaced before the filing was checked: the stage is in the house again, and the checker hears it."""
    found = home(world)
    number = found.record(STAGE, Filed(world.today, "收件1号"))
    found.upload("proposal", content="第二稿")
    with refused("entry-outdated", says="请退回登记"):
        found.confirm(number)
    found.reject(number)
    found.approve(STAGE, "review", "杨帆")
    found.file(STAGE)

    assert found.at(STAGE) == "external.filed"


def test_outside_acts_have_their_order(world: World) -> None:
    """Nothing is accepted before it was filed, or concluded before it was accepted."""
    found = home(world)
    with refused("illegal-move", says="不能登记受理"):
        found.accept(STAGE)
    with refused("illegal-move"):
        found.conclude(STAGE, reply("proposal_reply", "2026-09-01"))
    found.file(STAGE)
    with refused("illegal-move"):
        found.file(STAGE)


def test_the_outside_step_is_not_decided_here(world: World) -> None:
    """本系统只登记结果: nobody here approves for the other office."""
    found = accepted(world)

    with refused("step-is-outside", "reply-not-given", says="发展和改革局"):
        found.approve(STAGE, "external", "谭丽")


def test_clocks_run_from_the_day_on_the_original(world: World) -> None:
    """A receipt typed in two days later still starts the clock on its own day; no day lies ahead or before."""
    found = home(world)
    world.at("2026-09-03 10:00")
    with refused("date-in-future"):
        found.file(STAGE, on="2026-09-04")
    found.file(STAGE, on="2026-09-01")
    assert found.due(STAGE) == date(2026, 9, 8)
    with refused("date-before-clock"):
        found.accept(STAGE, on="2026-08-31")
    found.accept(STAGE, on="2026-09-02")

    assert found.due(STAGE) == date(2026, 9, 9)


def test_a_correction_notice_restarts_the_waiting_with_a_clock_of_ours(world: World) -> None:
    """补正: theirs has not begun, ours runs; the items are listed once; corrected, it waits for acceptance again."""
    found = home(world)
    found.file(STAGE)
    with refused("fixes-required"):
        found.record(STAGE, CorrectionNotified(world.today, ()))
    found.notify_correction(STAGE, "补红线图", "补会议纪要")
    stage = found.stage(STAGE)
    assert (stage.state, [fix.text for fix in stage.fixes]) == (
        "external.correcting",
        ["补红线图", "补会议纪要"],
    )
    assert stage.clock is not None
    assert (stage.clock.outside, stage.clock.due_on) == (False, date(2026, 9, 21))
    found.upload("proposal", content="补正稿")
    found.correct(STAGE)

    assert found.at(STAGE) == "external.filed"
    assert found.stage(STAGE).papers["proposal"] == found.paper("proposal").content


def test_what_a_correction_notice_lists_outlives_an_entry_that_was_not_confirmed(world: World) -> None:
    """一次性告知: 谭丽 mistyped that it was handed in; what to put right stays in her list until it really was."""
    found = world.register("home").submitted("site", "site_plan")
    found.file("site")
    found.notify_correction("site", "补图纸", "补说明")
    found.reject(found.record("site", Corrected(world.today)))
    assert (asked(world), found.stage("site").not_confirmed) == (
        ("登记未通过核对：与原件不符", "补图纸", "补说明"),
        "与原件不符",
    )
    number = found.record("site", Corrected(world.today))
    assert asked(world) == ("补图纸", "补说明")
    found.confirm(number)

    assert found.at("site") == "external.filed"


def asked(world: World) -> tuple[str, ...]:
    """What 谭丽's list asks her to put right at the outside office."""
    mine = world.store.read(queries.worklist, person=world.people["谭丽"], day=world.today).mine
    [item] = [each for each in mine if each.stage == "site"]
    return item.fixes


def test_a_paper_that_lies_outside_is_not_exchanged(world: World) -> None:
    """What the other office holds stays as it was filed until they ask for a correction; no page offers it until then."""
    found = home(world)
    found.file(STAGE)
    assert "proposal" not in may_hand_in(found)
    with refused("paper-is-outside", says="发展和改革局"):
        found.upload("proposal", content="第二稿")
    found.notify_correction(STAGE, "更换建议书")

    assert "proposal" in may_hand_in(found)


def may_hand_in(found: Dossier) -> list[str]:
    """The papers that 谭丽's project page offers to upload or register."""
    person, today = found.world.people["谭丽"], found.world.today
    shown = found.world.store.read(queries.overview, ref=found.ref, person=person, day=today, recent=1)
    return [each.key for each in shown.papers]


def test_a_paper_replaced_before_filing_sends_the_stage_back_to_review(world: World) -> None:
    """What goes out is what was reviewed: a new version after the review is reviewed again."""
    found = home(world)
    found.upload("proposal", content="第二稿")

    assert (found.at(STAGE), found.holders(STAGE)) == ("review", ["杨帆"])


def test_a_special_procedure_stops_the_clock_and_resumes_where_it_was(world: World) -> None:
    """行政许可法第45条: the days of a hearing or an expert review are not counted; the day it ends is."""
    found = accepted(world)
    before = found.stage(STAGE)
    world.at("2026-09-03 10:00")
    found.special(STAGE)
    stopped = found.stage(STAGE)
    assert (stopped.state, found.due(STAGE)) == (before.state, None)
    with refused("clock-stopped"):
        found.special(STAGE)
    world.at("2026-09-14 10:00")
    found.special_ends(STAGE)
    with refused("clock-not-stopped"):
        found.special_ends(STAGE)

    assert found.due(STAGE) == date(2026, 9, 17)
    assert found.stage(STAGE).clock.statutory_on == date(2026, 10, 14)  # type: ignore[union-attr]


def test_a_special_procedure_does_not_end_before_it_began(world: World) -> None:
    """The end of a span lies on or after its beginning."""
    found = accepted(world)
    world.at("2026-09-10 10:00")
    found.special(STAGE, on="2026-09-08")

    with refused("date-before-clock"):
        found.special_ends(STAGE, on="2026-09-03")


def test_a_special_procedure_needs_its_name_and_an_accepted_file(world: World) -> None:
    """There is no clock to stop before acceptance."""
    found = home(world)
    found.file(STAGE)
    with refused("no-outside-clock"):
        found.special(STAGE)
    found.accept(STAGE)
    with refused("text-required"):
        found.record(STAGE, SpecialBegan(world.today, " "))
    with refused("clock-not-stopped"):
        found.record(STAGE, SpecialEnded(world.today))


def test_an_outside_limit_is_extended_once_and_at_most_as_long_as_the_law_says(world: World) -> None:
    """行政许可法第42条: once, by ten working days, with a reason; a new epoch begins."""
    found = accepted(world)
    with refused("extension-too-long", says="10个工作日"):
        found.extended(STAGE, "11 workdays")
    with refused("text-required"):
        found.record(STAGE, Extended(world.today, parse_limit("5 workdays"), ""))
    epoch = found.stage(STAGE).clock.epoch  # type: ignore[union-attr]
    found.extended(STAGE, "10 workdays")
    clock = found.stage(STAGE).clock
    assert clock is not None
    assert (clock.due_on, clock.epoch) == (date(2026, 9, 21), epoch + 1)

    with refused("extended-already"):
        found.extended(STAGE, "1 workday")


@pytest.mark.parametrize("limit", ["1 month", "90 days", "1 year"])
def test_an_extension_in_another_unit_does_not_slip_through(world: World, limit: str) -> None:
    """A month is longer than ten working days in whatever unit it is written."""
    found = accepted(world)

    with refused("extension-too-long"):
        found.extended(STAGE, limit)


def test_an_outside_office_returns_the_file(world: World) -> None:
    """退件 begins a new visit of the whole stage: it is reviewed here again before it goes out."""
    found = home(world)
    found.file(STAGE)
    with refused("text-required"):
        found.record(STAGE, Concluded(world.today, "returned"))
    found.outside(STAGE, Concluded(world.today, "returned", "材料不齐", fixes=(Fix("补地形图"),)))
    stage = found.stage(STAGE)
    assert (stage.state, stage.visit, [fix.text for fix in stage.fixes]) == ("preparing", 2, ["补地形图"])
    found.submit(STAGE)

    assert found.at(STAGE) == "review"


def test_an_outside_office_refuses(world: World) -> None:
    """A refusal ends the visit here too; what was refused can be applied for again."""
    found = accepted(world)
    found.outside(STAGE, Concluded(world.today, "refused", "不符合规划"))
    assert found.at(STAGE) == "refused"
    assert world.told("谭丽")[-1] == "refused"
    found.reapply(STAGE)

    assert (found.at(STAGE), found.stage(STAGE).visit) == ("preparing", 2)


def test_a_conclusion_carries_every_reply_as_printed(world: World) -> None:
    """Number, day and fields are checked when they are entered, not when the file is long closed."""
    found = accepted(world)
    with refused("reply-not-given"):
        found.record(STAGE, Concluded(world.today, "approved"))
    bad = reply("proposal_reply", "2026-09-02", "云发改[2026]15号", fields={"estimate": "很多"})
    with refused("number-malformed", "date-in-future", "fact-invalid"):
        found.record(STAGE, Concluded(world.today, "approved", replies=(bad,)))
    wrong = reply("proposal_reply", "2026-09-01", valid_until=day("2026-08-01"), fields={"floors": "3"})
    with refused("validity-before-issue", "fact-undeclared"):
        found.record(STAGE, Concluded(world.today, "approved", replies=(wrong,)))
    odd = reply("proposal_reply", "2026-09-01", "云发改15号")
    found.conclude(STAGE, odd, as_printed=True)

    assert found.paper("proposal_reply").number == "云发改15号"


def test_only_the_clerk_records_and_only_where_the_office_is(world: World) -> None:
    """A stage inside the bureau has nothing to record."""
    found = world.register("home").submitted(STAGE, "proposal")
    with refused("not-outside", says="科室审核"):
        found.record(STAGE, Filed(world.today))
    found.approve(STAGE, "review", "杨帆")
    with refused("not-the-clerk"):
        found.record(STAGE, Filed(world.today), by="罗秀英")
    found.file(STAGE)


def test_a_letter_is_drafted_for_the_record_and_never_sent(world: World) -> None:
    """商请函: the draft is kept; sending it is for people."""
    from workflow.actions.outside import draft_letter

    found = accepted(world)
    with refused("text-required"):
        found.do(draft_letter, "谭丽", stage=STAGE, text=" ")
    with refused("not-outside"):
        found.do(draft_letter, "谭丽", stage="land", text="请支持")
    found.do(draft_letter, "谭丽", stage=STAGE, text="请支持")

    assert found.last(LetterDrafted).step == "external"


def test_the_first_step_may_be_outside_and_withdrawn_until_it_is_filed(world: World) -> None:
    """Until something is on its way to the other office, the submission is the clerk's to take back."""
    found = world.register("home").submitted("site", "site_plan")
    assert found.at("site") == "external.filing"
    found.withdraw("site")
    found.submit("site")
    number = found.record("site", Filed(world.today))
    with refused("already-acted"):
        found.withdraw("site")
    found.confirm(number)

    with refused("illegal-move"):
        found.withdraw("site")


def test_a_statutory_limit_alone_is_the_limit(world: World) -> None:
    """Without a promise of its own the office has the time that the law gives."""
    found = world.register("home").submitted("site", "site_plan")
    found.file("site")
    found.accept("site")

    assert found.due("site") == found.stage("site").clock.statutory_on == date(2026, 9, 29)  # type: ignore[union-attr]


def test_lateness_outside_is_told_to_the_clerk_as_theirs(world: World) -> None:
    """The outside ladder speaks of the other office; nobody here is told they are late themselves."""
    found = accepted(world)
    world.workdays_pass(7)

    assert world.told("谭丽")[-3:] == ["approaching", "due_today", "outside_late"]
    assert "outside_late" in world.told("杨帆")
    assert "overdue" not in world.told("谭丽") + world.told("杨帆")
    assert found.at(STAGE) == "external.accepted"
