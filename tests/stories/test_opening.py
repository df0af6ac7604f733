"""What opens, waits and passes by itself: papers, conditions, options, orders and minimum waits."""

from __future__ import annotations

from datetime import date

from tests.world import Dossier, World, day, definition_text, refused, reply
from workflow.actions import clocks, definitions
from workflow.actions.casework import Casework
from workflow.clock import Span
from workflow.events import Entered, StageHeld, StageRestarted, StageSkipped, StepDecided
from workflow.people import SYSTEM
from workflow.transaction import Transaction


def garden(world: World, **facts: object) -> Dossier:
    """A garden whose stages have nothing yet."""
    return world.register("garden", facts=facts)


def passed(garden: Dossier, stage: str, paper: str, document: str = "", **fields: object) -> None:
    """A one-step stage of the garden passes 杨帆."""
    garden.submitted(stage, paper)
    replies = [reply(document, garden.world.today.isoformat(), fields=fields)] if document else []
    garden.approve(stage, "review", "杨帆", *replies)


def test_everything_that_waits_for_nothing_opens_at_once(world: World) -> None:
    """Stages without a need for replies are parallel (并联审批) from the first day."""
    found = garden(world, forest="1.2")

    opened = [key for key in found.state.stages if found.at(key) == "preparing"]
    assert sorted(opened) == ["site", "study", "village"]
    assert world.told("谭丽") == ["opened"] * 3


def test_a_stage_opens_when_the_reply_it_needs_is_issued(world: World) -> None:
    """Replies are the edges of the graph: the page says what is waited for until it is there."""
    found = garden(world, forest="1.2")
    assert found.waits_for("forest") == ["等待可研批复"]
    passed(found, "study", "study_report", "study_reply")

    assert found.at("forest") == "preparing"


def test_a_stage_that_does_not_apply_passes_only_after_its_own_predecessors(world: World) -> None:
    """不适用 is never earlier than its turn: what waits behind it still waits for what came before it."""
    found = garden(world, forest="0")
    assert (found.at("forest"), found.at("notice")) == ("waiting", "waiting")
    passed(found, "study", "study_report", "study_reply")

    assert (found.at("forest"), found.at("notice")) == ("not_applicable", "preparing")
    assert "占用林地" in found.last(StageSkipped).condition


def test_a_fact_that_changes_its_mind_brings_the_stage_back(world: World) -> None:
    """A passed-over stage whose condition holds after all opens, and what rested on its passing waits again."""
    found = garden(world, forest="0")
    passed(found, "study", "study_report", "study_reply")
    assert found.at("notice") == "preparing"
    found.facts(forest="0.3")
    assert (found.at("forest"), found.at("notice")) == ("preparing", "waiting")
    found.facts(forest="0")

    assert (found.at("forest"), found.at("notice")) == ("not_applicable", "preparing")


def test_an_unknown_fact_waits_and_names_what_is_missing(world: World) -> None:
    """A condition over an unknown fact does not guess; it says what is needed, and the clerk supplies it."""
    found = garden(world)
    passed(found, "study", "study_report", "study_reply")
    assert found.at("forest") == "waiting"
    assert found.waits_for("forest") == ["尚不知占用林地，无法确定“使用林地审核”是否需要。"]
    with refused("not-the-clerk", says="谭丽"):
        found.facts(by="蒋慧", forest="0")
    found.facts(forest="0")

    assert found.at("forest") == "not_applicable"


def test_a_fact_that_becomes_unknown_again_holds_the_stage(world: World) -> None:
    """What is taken back is unknown, and the stage goes back to waiting without losing its papers."""
    found = garden(world, forest="2")
    passed(found, "study", "study_report", "study_reply")
    found.upload("forest_report")
    found.facts(forest=None)
    assert found.at("forest") == "waiting"
    found.facts(forest="2")

    assert found.at("forest") == "preparing"
    assert found.paper("forest_report").version == 1
    assert found.stage("forest").visit == 1


def test_a_condition_reads_the_fields_of_a_reply(world: World) -> None:
    """`when` may read what is written on replies already issued."""
    small, large, silent = garden(world), garden(world), garden(world)
    passed(small, "study", "study_report", "study_reply", estimate="900.00")
    passed(large, "study", "study_report", "study_reply", estimate="1200.00")
    passed(silent, "study", "study_report", "study_reply")

    assert small.at("council") == "not_applicable"
    assert large.at("council") == "preparing"
    assert silent.at("council") == "waiting"
    assert "可研批复的估算" in silent.waits_for("council")[0]


def test_an_option_that_does_not_apply_leaves_the_choice_and_never_satisfies_it(world: World) -> None:
    """Any one of several papers is enough, but a stage that was passed over is none of them."""
    found = garden(world, forest="0", farmland=False)
    passed(found, "study", "study_report", "study_reply")
    passed(found, "site", "site_plan", "combined_opinion")
    assert found.at("forest") == "not_applicable"
    assert (found.at("design"), found.waits_for("design")) == ("waiting", ["等待村民委员会同意书"])
    passed(found, "village", "village_vote", "village_consent")

    assert found.at("design") == "preparing"


def test_any_one_of_the_options_is_enough(world: World) -> None:
    """Either consent satisfies the requirement; the other need not come."""
    found = garden(world, forest="1", farmland=False)
    passed(found, "study", "study_report", "study_reply")
    passed(found, "site", "site_plan", "combined_opinion")
    assert found.waits_for("design") == ["等待使用林地审核同意书或村民委员会同意书"]
    passed(found, "forest", "forest_report", "forest_consent")

    assert found.at("design") == "preparing"


def test_one_paper_stands_for_another(world: World) -> None:
    """A reply that 等同于 another satisfies its requirement; the decision names the paper that counted."""
    found = ready_for_design(world)
    found.upload("environment")
    found.submit("design")

    assert "combined_opinion" in found.stage("design").papers
    assert "precheck" not in found.stage("design").papers


def ready_for_design(world: World, **facts: object) -> Dossier:
    """A garden whose 设计审批 lacks only the soft 环境影响说明."""
    found = garden(world, **{"forest": "0", "farmland": False, **facts})
    passed(found, "study", "study_report", "study_reply")
    passed(found, "site", "site_plan", "combined_opinion")
    passed(found, "village", "village_vote", "village_consent")
    return found


def test_a_requirement_applies_when_its_condition_holds(world: World) -> None:
    """A paper needed only for farmland is asked for only there; unknown is asked about, not guessed."""
    without, with_it, unknown = (ready_for_design(world, farmland=each) for each in (False, True, None))
    for each in (without, with_it, unknown):
        each.upload("environment")
    without.submit("design")
    with refused("document-missing", says="耕地占补方案"):
        with_it.submit("design")
    with refused("fact-unknown", says="尚不知占用耕地"):
        unknown.submit("design")
    with_it.upload("farmland_plan")
    with_it.submit("design")

    assert [each.at("design") for each in (without, with_it, unknown)] == ["review", "review", "preparing"]


def test_a_soft_gate_is_passed_by_a_supervisor_with_reason_never_by_the_clerk(world: World) -> None:
    """What local practice made soft may be passed over on the record; who prepares it does not sign that."""
    found = ready_for_design(world)
    with refused("soft-document-missing", says="略过"):
        found.submit("design")
    with refused("not-a-chief", "own-gate"):
        found.pass_over("design", "environment", by="谭丽")
    found.pass_over("design", "environment", by="杨帆")
    found.submit("design")

    assert found.at("design") == "review"
    assert "environment" not in found.stage("design").papers


def test_a_soft_gate_is_not_passed_with_the_authority_of_whoever_has_a_hand_in_it(world: World) -> None:
    """杨帆 is the project's clerk and may not do it himself; nor may 刘畅 for him, though 刘畅 has no hand in it."""
    garden = world.register("garden", by="杨帆", facts={"forest": "0", "farmland": False})
    world.delegate("杨帆", "刘畅", "2026-09-01", "2026-09-30")
    for who in ("杨帆", "刘畅"):
        with refused("own-gate"):
            garden.pass_over("design", "environment", by=who)
    world.delegate("罗秀英", "刘畅", "2026-09-01", "2026-09-30")
    garden.pass_over("design", "environment", by="刘畅")

    assert garden.stage("design").passed == ("environment",)


def test_what_law_makes_hard_cannot_be_passed_over(world: World) -> None:
    """Only requirements that the definition marks soft can be passed; the others stay."""
    from workflow.actions.stages import pass_soft_gate

    found = ready_for_design(world)
    with refused("gate-not-soft"):
        found.pass_over("design", "precheck", by="罗秀英")
    with refused("text-required"):
        found.do(pass_soft_gate, "杨帆", stage="design", requirement="environment", reason_given="")
    with refused("gate-not-soft"):
        found.pass_over("design", "no_such_paper", by="罗秀英")


def test_a_minimum_wait_opens_the_stage_by_the_sweep_on_the_right_day(world: World) -> None:
    """公告满30日: not on the thirtieth day, on the morning after it; nobody has to remember."""
    found = in_publicity(world)
    world.at("2026-09-14 10:00")
    found.approve("notice", "publicity", "谭丽")
    stage = found.stage("start")
    assert (stage.state, stage.opens_on) == ("waiting", date(2026, 10, 15))
    assert found.waits_for("start") == ["2026-10-15起方可办理"]
    world.at("2026-10-14 23:59")
    world.sweep()
    assert found.at("start") == "waiting"
    world.at("2026-10-15 00:00")
    world.sweep()

    assert found.at("start") == "preparing"
    assert world.told("谭丽")[-1] == "opened"


def test_an_outage_over_the_opening_day_opens_the_stage_late_but_once(world: World) -> None:
    """A sweep that comes days later does what the earlier one would have done, once."""
    found = in_publicity(world)
    world.at("2026-09-14 10:00")
    found.approve("notice", "publicity", "谭丽")
    world.at("2026-11-02 10:00")
    world.sweep()
    world.sweep()

    assert found.at("start") == "preparing"
    assert found.kinds().count("stage.opened") == 1 + 4  # study, site, village, notice and, now, start


def in_publicity(world: World) -> Dossier:
    """A garden whose 开工公告 hangs out since 2026-09-01."""
    found = garden(world, forest="0")
    passed(found, "study", "study_report", "study_reply")
    found.submit("notice")
    return found


def test_a_publicity_of_before_there_were_limits_gets_its_clock_by_the_day(world: World) -> None:
    """An older program left 开工公告 without one: it runs from the 1st, as if it always had, and only once."""
    found = in_publicity(world)

    def left(tx: Transaction) -> None:
        work = Casework.load(tx, found.ref, actor=world.people["谭丽"], now=world.now)
        stage = work.stage("notice")
        work.record(StageRestarted("notice", "", stage.papers, Entered(stage.state, stage.holders), False))

    world.store.act(left)
    assert found.due("notice") is None
    world.at("2026-09-04 09:00")
    [project] = world.store.act(clocks.running_projects, actor=SYSTEM, now=world.now)
    for _ in range(2):
        world.store.act(clocks.settle_project, project=project, actor=SYSTEM, now=world.now)

    assert found.due("notice") == day("2026-09-15")
    assert found.kinds().count("clock.changed") == 1
    world.at("2026-09-18 09:30")
    world.sweep()
    assert world.told("谭丽")[-2:] == ["approaching", "due_today"]


def test_a_publicity_is_not_concluded_before_its_lawful_days_are_over(world: World) -> None:
    """公示期 is counted from the day after it was hung out; the refusal names the first possible day."""
    found = in_publicity(world)
    for too_early in ("2026-09-02 10:00", "2026-09-08 17:00"):
        world.at(too_early)
        with refused("publicity-too-short", says="2026-09-08次日起"):
            found.approve("notice", "publicity", "谭丽")
    world.at("2026-09-09 09:00")
    found.approve("notice", "publicity", "谭丽")

    assert found.at("notice") == "issued"


def test_a_publicity_hung_out_later_than_it_came_lasts_from_the_day_on_which_it_hung(world: World) -> None:
    """谭丽 gets it on the 1st and hangs it out on the 4th: its seven days end on the 11th, not on the 8th."""
    found = in_publicity(world)
    world.at("2026-09-09 09:00")
    with refused("publicity-too-short", says="2026-09-11次日起"):
        found.approve("notice", "publicity", "谭丽", shown_on=day("2026-09-04"))
    for impossible in ("2026-08-31", "2026-09-10"):
        with refused("publicity-day", says="2026-09-01至2026-09-09"):
            found.approve("notice", "publicity", "谭丽", shown_on=day(impossible))
    world.at("2026-09-12 09:00")
    found.approve("notice", "publicity", "谭丽", shown_on=day("2026-09-04"))

    assert found.at("notice") == "issued"
    assert found.last(StepDecided).shown_on == day("2026-09-04")


def test_only_a_publicity_has_a_day_on_which_it_was_hung_out(world: World) -> None:
    """A review that names one was meant for something else."""
    found = garden(world, forest="1")
    passed(found, "study", "study_report", "study_reply")
    found.submitted("forest", "forest_report")

    with refused("publicity-day-unwanted", "reply-not-given"):
        found.approve("forest", "review", "杨帆", shown_on=world.today)


def test_a_publicity_is_ended_or_taken_back_never_refused(world: World) -> None:
    """Showing is not deciding: an objection sends the file back, nothing else does."""
    found = in_publicity(world)
    with refused("illegal-move"):
        found.refuse("notice", "publicity", "谭丽")
    found.return_("notice", "publicity", "谭丽")

    assert found.at("notice") == "preparing"


def test_a_publicity_that_nobody_ends_is_late_a_week_after_its_lawful_days(world: World) -> None:
    """Seven days to show and seven to see to it: 谭丽 hears before, on the day, and then her superiors do."""
    found = in_publicity(world)
    assert found.due("notice") == day("2026-09-15")
    world.at("2026-09-18 09:30")
    world.sweep()

    assert world.told("谭丽")[-2:] == ["approaching", "due_today"]
    assert world.told("罗秀英")[-1] == "escalated"


def test_a_classified_paper_is_never_uploaded(world: World) -> None:
    """涉密 papers do not enter this system; only number, day and place do, and the screen says so."""
    found = garden(world)
    with refused("classified-upload", says="不得上传"):
        found.upload("survey_map")
    found.enter("survey_map", number="测密〔2026〕1号")

    assert found.paper("survey_map").kept_at == "局办公室"
    assert found.paper("survey_map").sha256 == ""


def test_a_meeting_is_concluded_with_its_minutes(world: World) -> None:
    """A collective decision without minutes does not count; whoever sees to the meeting hands them in, or the clerk."""
    found = garden(world)
    world.grant("蒋慧", "市民政局", "office")
    passed(found, "study", "study_report", "study_reply", estimate="1200.00")
    found.submit("council")
    assert found.holders("council") == ["蒋慧"]
    resolution = reply("resolution", "2026-09-01")
    with refused("minutes-missing", says="局党组会纪要"):
        found.approve("council", "meeting", "蒋慧", resolution)
    with refused("not-the-clerk"):
        found.enter("party_minutes", by="罗秀英")
    found.enter("party_minutes", by="蒋慧")
    found.approve("council", "meeting", "蒋慧", resolution)

    assert found.at("council") == "issued"


def test_a_stage_that_comes_back_after_its_condition_fell_away_waits(world: World) -> None:
    """A submission goes its way although the fact changed; taken back, the stage asks the question anew."""
    ways = {}
    for way in ("withdrawn", "returned", "refused"):
        found = ways[way] = garden(world, forest="1")
        passed(found, "study", "study_report", "study_reply")
        found.submitted("forest", "forest_report")
        found.facts(forest={"withdrawn": None, "returned": "0", "refused": None}[way])
        assert found.at("forest") == "review"
    ways["withdrawn"].withdraw("forest")
    ways["returned"].return_("forest", "review", "杨帆")
    ways["refused"].refuse("forest", "review", "杨帆")
    ways["refused"].reapply("forest")

    assert {way: found.at("forest") for way, found in ways.items()} == {
        "withdrawn": "waiting", "returned": "not_applicable", "refused": "waiting",
    }  # fmt: skip


def test_reopening_a_stage_holds_what_comes_only_after_it(world: World) -> None:
    """An order that no paper carries is an order all the same: what has not begun waits again."""
    found = in_publicity(world)
    world.at("2026-09-14 10:00")
    found.approve("notice", "publicity", "谭丽")
    world.at("2026-10-15 09:00")
    world.sweep()
    found.reapply("notice", by="罗秀英")

    assert (found.at("notice"), found.at("start")) == ("preparing", "waiting")
    assert isinstance(found.history()[-1].event, StageHeld)


def timed(world: World, **facts: object) -> Dossier:
    """A garden past its 可研, whose 使用林地审核 and 开工公告 have ten working days to be prepared in."""
    text = definition_text("garden").replace("type: garden", "type: garden-timed")
    for title in ("使用林地审核", "开工公告"):
        text = text.replace(
            f"    title: {title}\n    ph", f"    title: {title}\n    prepare: {{within: 10 workdays}}\n    ph"
        )
    world.digests["garden-timed"] = world.do(definitions.publish, "顾明", text=text, name="garden-timed.yaml")
    found = world.register("garden-timed", facts=facts)
    passed(found, "study", "study_report", "study_reply")
    return found


def test_a_fact_switched_there_and_back_is_no_way_round_a_limit(world: World) -> None:
    """What has gone by of a preparation stays gone; only the days on which the stage did not apply do not count."""
    found = timed(world, forest="1")
    assert found.due("forest") == date(2026, 9, 15)
    world.at("2026-09-07 10:00")
    found.facts(forest="0")
    found.facts(forest="1")
    assert found.due("forest") == date(2026, 9, 15)
    found.facts(forest="0")
    world.at("2026-09-10 10:00")
    found.facts(forest="1")

    clock = found.stage("forest").clock
    assert clock is not None
    assert (clock.started_on, clock.due_on) == (date(2026, 9, 1), date(2026, 9, 18))
    assert clock.spans[-1] == Span(date(2026, 9, 7), date(2026, 9, 10), "事项暂缓")
    assert found.stage("forest").visit == 1


def test_what_comes_after_it_goes_on_where_it_stood(world: World) -> None:
    """开工公告 is being prepared because no forest is taken; a month in which one might be is nobody's there."""
    found = timed(world, forest="0")
    assert found.due("notice") == date(2026, 9, 15)
    world.at("2026-09-11 10:00")
    found.facts(forest="2")
    assert found.at("notice") == "waiting"
    world.at("2026-10-09 10:00")
    found.facts(forest="0")

    assert (found.at("notice"), found.due("notice")) == ("preparing", date(2026, 10, 12))


def test_a_fact_that_is_only_unknown_keeps_the_clock_going(world: World) -> None:
    """It is the clerk's to supply. Known not to hold, it stops from that day on."""
    found = timed(world, forest="1")
    world.at("2026-09-03 10:00")
    found.facts(forest=None)
    world.at("2026-09-07 10:00")
    found.facts(forest="0")
    world.at("2026-09-09 10:00")
    found.facts(forest="1")

    assert found.due("forest") == date(2026, 9, 17)


def test_what_a_chief_allowed_outlives_holding_and_taking_back(world: World) -> None:
    """An extension stays; a stop stays until the chief ends it, whatever the clerk does to a fact or a submission."""
    found = timed(world, forest="1")
    found.extend("forest", "5 workdays")
    assert found.due("forest") == date(2026, 9, 21)
    found.facts(forest="0")
    found.facts(forest="1")
    assert found.due("forest") == date(2026, 9, 21)
    found.submitted("forest", "forest_report")
    found.upload("forest_report", content="第二稿")
    found.withdraw("forest")
    assert found.due("forest") == date(2026, 9, 21)

    found.pause("forest")
    found.facts(forest="0")
    found.facts(forest="1")
    clock = found.stage("forest").clock
    assert clock is not None
    assert clock.stopped
    found.resume("forest")
    assert found.due("forest") == date(2026, 9, 21)
