"""Projects as wholes: registered, suspended, ended, waiting for each other, handed over."""

from __future__ import annotations

import pytest

from tests.world import Dossier, World, at, refused, reply
from workflow import queries
from workflow.actions.projects import change_facts, hand_over_project, move_project, register_project
from workflow.errors import Forbidden, NotFound
from workflow.queries.audit import AuditFilter, audit_entries
from workflow.state import Filed, Fix

REAL_CODES = [
    "2411-441900-04-01-542884",
    "2205-532323-04-01-892132",
    "2111-522323-04-01-342068",
    "2207-330523-04-01-662064",
    "2211-441900-04-02-310151",
    "2411-130202-89-01-637015",
    "2502-140109-89-01-287745",
    "2509-140602-89-05-864976",
    "2603-141124-89-05-346948",
]


def register(world: World, by: str = "谭丽", **details: object) -> None:
    """谭丽, or whom it is by, registers a hall."""
    given = {
        "ref": "X", "digest": world.digests["hall"], "title": "便民服务点",
        "organisation": world.organisations["规划财务股"], "clerk": world.people["谭丽"],
    }  # fmt: skip
    world.do(register_project, by, **{**given, **details})


def test_a_registration_lists_everything_that_is_wrong(world: World) -> None:
    """Every wrong fact, sum, code and name at once, so that nobody comes back five times."""
    facts = {"total": "100", "building": "很多", "beds": "三", "colour": "红"}
    with refused(
        "text-required", "fact-invalid", "fact-invalid", "fact-undeclared", "code-malformed", "organisation-not-found",
        "person-not-found",
    ):  # fmt: skip
        register(world, title=" ", facts=facts, code="2411-441900", organisation=999, clerk=999)
    with refused("definition-not-found", kind=NotFound):
        register(world, digest="0" * 64)
    register(world)


@pytest.mark.parametrize(
    ("fact", "good", "stored", "bad"),
    [
        ("total", "1,234.50", "1234.50", "12.345"),
        ("area", "0.4567", "0.4567", "-1"),
        ("beds", "120", 120, "1.5"),
        ("begins_on", "2026-10-01", "2026-10-01", "2026-13-01"),
        ("indoor", "是", True, "也许"),
        ("method", "扩建", "扩建", "拆除"),
        ("village", " 柳河村 ", "柳河村", "柳\x07河"),
    ],
    ids=["money", "decimal", "integer", "date", "yes or no", "choice", "text"],
)
def test_a_fact_is_of_its_kind(world: World, fact: str, good: str, stored: object, bad: str) -> None:
    """What is typed is read as its kind, kept in one spelling, and refused with the reason otherwise."""
    hall = world.register("hall", facts={fact: good})
    assert hall.state.facts == {fact: stored}
    with refused("fact-invalid"):
        hall.facts(**{fact: bad})
    hall.facts(**{fact: ""})

    assert hall.state.facts == {}


def test_parts_add_up_to_their_total_once_all_are_known(world: World) -> None:
    """A sum is a promise: it is kept to the cent, and silent while a part is unknown."""
    hall = world.register("hall", facts={"total": "100.00", "building": "90.00"})
    with refused("sum-differs", says="分项合计99.99万元，与总投资相差0.01万元"):
        hall.facts(reserve="9.99")
    hall.facts(reserve="10.00")
    with refused("sum-differs"):
        hall.facts(total="110")

    assert hall.state.facts == {"total": "100.00", "building": "90.00", "reserve": "10.00"}


@pytest.mark.parametrize("code", REAL_CODES)
def test_real_project_codes_are_taken_and_their_misprints_refused(world: World, code: str) -> None:
    """GB/T 40058: the check digit is MOD 11-10 over nineteen digits."""
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    with refused("code-check-digit"):
        world.register("hall", code=wrong)
    hall = world.register("hall")
    with refused("code-malformed"):
        hall.facts(code=code.replace("-", "", 1))
    with refused("code-malformed"):
        hall.facts(code=f"{code}\0")  # which PostgreSQL would not even look for
    hall.facts(code=code)

    assert hall.state.code == code


def test_nobody_registers_a_project_elsewhere(world: World) -> None:
    """Projects are begun inside one's own scope, in person or for somebody."""
    with refused("out-of-scope", kind=Forbidden):
        world.register("hall", by="刘畅", clerk="谭丽")
    world.delegate("谭丽", "刘畅", "2026-09-01", "2026-09-02")

    assert world.register("hall", by="刘畅", clerk="谭丽").state.title == "第P1号项目"


def test_a_project_moves_through_its_life_by_a_chiefs_decision(world: World) -> None:
    """谋划 → 储备 → 在办 → 投用 → 归档; each move is a chief's, with a reason, and no move is invented."""
    hall = world.register("hall")
    with refused("not-a-chief"):
        hall.move("reserve", by="杨帆")
    with refused("text-required", "illegal-project-move"):
        hall.do(move_project, "罗秀英", trigger="put_into_use", reason_given="", unfinished=True)
    for trigger, state in (("reserve", "reserve"), ("start", "active"), ("shelve", "reserve"), ("start", "active"),
                           ("put_into_use", "in_use")):  # fmt: skip
        hall.move(trigger, unfinished=True)
        assert hall.state.state == state


def test_unknown_moves_are_refused_like_illegal_ones(world: World) -> None:
    """Names that are no triggers of the machine move nothing."""
    hall = world.register("hall")
    for trigger in ("to_archived", "__class__", "trigger", "", "initial"):
        with refused("illegal-project-move"):
            hall.move(trigger)


def test_a_suspended_project_rests_and_comes_back_to_where_it_was(world: World) -> None:
    """中止 holds the clocks of our own work and every action; 恢复 continues with the days that were left."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    before = hall.stage("approval")
    hall.move("suspend")
    assert (hall.state.state, hall.due("approval")) == ("planning_suspended", None)
    with refused("project-not-running", says="谋划（中止）"):
        hall.approve("approval", "review", "杨帆")
    with refused("project-not-running"):
        hall.upload("opinion")
    world.outage(10)
    world.sweep()
    assert "overdue" not in world.told("杨帆")
    hall.move("resume")

    assert (hall.state.state, hall.at("approval")) == ("planning", before.state)
    assert hall.due("approval") == world.in_workdays(1)
    hall.approve("approval", "review", "杨帆")


def test_suspending_never_stops_a_clock_that_runs_at_another_office(world: World) -> None:
    """中止 freezes our plan, not a statutory limit at 发改."""
    home = world.register("home").submitted("proposal", "proposal")
    home.approve("proposal", "review", "杨帆")
    home.file("proposal")
    home.accept("proposal")
    due = home.due("proposal")
    home.move("suspend")
    world.workdays_pass(6)

    assert home.due("proposal") == due
    assert "outside_late" in world.told("谭丽")
    home.move("resume")
    assert home.due("proposal") == due


def test_a_clock_that_was_paused_stays_paused_when_the_project_resumes(world: World) -> None:
    """Resuming the project resumes what its suspension stopped, nothing else."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    hall.pause("approval")
    hall.move("suspend")
    hall.move("resume")

    assert hall.due("approval") is None
    hall.resume("approval")
    assert hall.due("approval") == world.in_workdays(2)


def test_what_became_free_during_a_suspension_opens_when_it_ends(world: World) -> None:
    """A minimum wait runs out while the project rests: the stage opens on resuming, and the sweep is not fooled."""
    garden = world.register("garden", taking_over=True, facts={"forest": "0"})
    garden.confirm(garden.take_over("notice"))
    garden.close_take_over()
    garden.move("suspend")
    world.at("2026-10-20 09:00")
    world.sweep()
    assert garden.at("start") == "waiting"
    garden.move("resume")
    world.sweep()

    assert garden.at("start") == "preparing"


def test_terminating_cancels_everything_open_and_silences_its_clocks(world: World) -> None:
    """终止: what is open or never began is cancelled, entries dropped, and no sweep finds anything any more."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    hall.sign_on_paper("approval", "review", signer="杨帆")
    hall.move("terminate")
    assert (hall.at("approval"), hall.at("budget"), hall.state.entries) == ("cancelled", "cancelled", {})
    assert world.rows("SELECT * FROM task") == []
    world.outage(30)
    world.sweep()

    assert "overdue" not in world.told("谭丽")
    with refused("illegal-project-move"):
        hall.move("resume")
    with refused("project-not-running", "illegal-move"):
        hall.reapply("approval")


def test_terminating_while_a_stage_waits_for_its_day_leaves_nothing_behind(world: World) -> None:
    """A waiting stage with a date is cancelled too."""
    garden = world.register("garden", taking_over=True, facts={"forest": "0"})
    garden.confirm(garden.take_over("notice"))
    garden.close_take_over()
    garden.move("terminate")
    world.at("2026-12-01 09:00")
    world.sweep()

    assert garden.at("start") == "cancelled"


def finished(world: World) -> Dossier:
    """A hall of which every stage is done."""
    hall = world.register("hall", taking_over=True)
    hall.confirm(hall.take_over("budget", reply("budget_reply", "2026-08-31")))
    hall.close_take_over()
    return hall


def test_a_project_is_put_into_use_before_its_stages_are_done_only_if_that_is_meant(world: World) -> None:
    """The refusal names each stage with whoever has it; what the chief says is in use, is, with the reason on record."""
    hall = world.register("hall")
    hall.move("start")
    with refused("in-use-unfinished", says="立项审批（谭丽）、预算审批（等待前置）"):
        hall.move("put_into_use")
    hall.move("put_into_use", unfinished=True)

    assert hall.state.state == "in_use"


def test_nothing_unfinished_is_archived(world: World) -> None:
    """归档 ends the story: no stage waits, is refused or begun, and nothing that was entered waits for its check."""
    hall = world.register("hall")
    hall.move("start")
    hall.move("put_into_use", unfinished=True)
    with refused("stages-open", says="立项审批"):
        hall.move("archive")
    hall.submitted("approval", "proposal", "minutes").refuse("approval", "review", "杨帆")
    with refused("stages-open", says="立项审批（谭丽）、预算审批（等待前置）"):
        hall.move("archive")
    done = finished(world)
    for trigger in ("start", "put_into_use"):
        done.move(trigger)
    done.take_over("budget", reply("budget_reply", "2026-08-30"))
    with refused("entries-unchecked", says="预算审批"):
        done.move("archive")


def test_the_chief_in_charge_is_shown_which_move_is_due_and_the_clerk_whom_to_ask(world: World) -> None:
    """罗秀英 finds the project on her list, 谭丽 as well; 马德兴 is not asked beside her, nor is 杨帆."""
    hall = finished(world)

    def due(name: str) -> list[tuple[str, bool]]:
        work = world.store.read(queries.worklist, person=world.people[name], day=world.today)
        return [(each.offer.action, each.offer.allowed) for each in work.moves]

    for trigger in ("start", "put_into_use", "archive"):
        assert due("罗秀英") == [(f"move-{trigger}", True)]
        assert due("谭丽") == [(f"move-{trigger}", False)]
        assert (due("马德兴"), due("杨帆")) == ([], [])
        hall.move(trigger)
    assert (due("罗秀英"), due("谭丽")) == ([], [])


def test_the_first_step_of_a_later_phase_calls_for_work_and_a_planned_project_for_the_reserve(
    world: World,
) -> None:
    hall = world.register("hall")

    def due() -> str:
        found = world.store.read(
            queries.project, ref=hall.ref, person=world.people["罗秀英"], day=world.today
        )
        return found.due.action if found.due else ""

    assert due() == ""
    hall.submitted("approval", "proposal", "minutes")
    hall.approve("approval", "review", "杨帆")
    assert due() == ""
    hall.approve("approval", "sign", "罗秀英", reply("approval_reply", "2026-09-01"))
    assert due() == "move-reserve"
    hall.submitted("budget", "drawings")
    assert due() == "move-start"
    hall.hand_over("budget", to="罗秀英", by="罗秀英")
    work = world.store.read(queries.worklist, person=world.people["罗秀英"], day=world.today)
    assert [(each.offer.action, work.mine[0].stage) for each in work.moves] == [("move-start", "budget")]
    hall.move("start")
    assert due() == ""
    hall.move("shelve")
    assert due() == "", "what 罗秀英 has just taken back with a reason is not asked for again"
    hall.move("suspend")
    hall.move("resume")
    assert due() == ""
    hall.return_("budget", hall.at("budget"), "罗秀英", Fix("重算"))
    hall.submit("budget")
    assert due() == "move-start", "until a step of a later phase is begun anew"


def test_an_archived_project_lies_still(world: World) -> None:
    """No clock of it runs, no rung fires, and the sweep does not go round for ever."""
    hall = finished(world)
    for trigger in ("start", "put_into_use", "archive"):
        hall.move(trigger)
    before = len(hall.kinds())
    world.at("2026-12-01 09:00")
    world.sweep()

    assert hall.kinds()[before:] == []


def test_a_project_belongs_to_a_programme(world: World) -> None:
    """A child names its parent; a parent out of sight is no parent."""
    parent = world.register("hall")
    child = world.register("hall", parent=parent.ref)
    assert child.state.parent == 1
    with refused("project-not-found", kind=NotFound):
        world.register("hall", parent="nowhere")


def test_a_project_waits_for_a_stage_of_another(world: World) -> None:
    """Nothing opens before the other has issued; then everything that is free opens at once."""
    first = world.register("hall")
    second = world.register("hall")
    second.wait_for(first, "approval")
    assert (second.at("approval"), second.waits_for("approval")) == ("waiting", ["等待另一项目"])
    first.submitted("approval", "proposal", "minutes")
    first.approve("approval", "review", "杨帆")
    first.approve("approval", "sign", "罗秀英", reply("approval_reply", "2026-09-01", "云民审〔2026〕15号"))

    assert second.at("approval") == "preparing"
    assert "wait.ended" in second.kinds()


def test_a_project_waits_until_another_is_in_use(world: World) -> None:
    """Without a stage, the other project has to be put into use."""
    first, second = world.register("hall"), world.register("hall")
    second.wait_for(first)
    first.move("start")
    assert second.at("approval") == "waiting"
    first.move("put_into_use", unfinished=True)

    assert second.at("approval") == "preparing"
    third = world.register("hall")
    third.wait_for(first)
    assert third.at("approval") == "preparing"


def test_a_project_that_waits_for_several_goes_on_when_the_last_of_them_came_about(world: World) -> None:
    """In any order, and each only by its own number: the eleventh is not the first."""
    projects = [world.register("hall") for _ in range(13)]
    second, twelfth, last = projects[1], projects[11], projects[12]
    for each in (projects[0], second, twelfth):
        last.wait_for(each)
    for each in (projects[10], projects[0], twelfth):
        each.move("start")
        each.move("put_into_use", unfinished=True)
        assert last.at("approval") == "waiting"

    second.move("start")
    second.move("put_into_use", unfinished=True)

    assert last.at("approval") == "preparing"
    assert last.kinds().count("wait.ended") == 3


def test_projects_do_not_wait_in_a_circle(world: World) -> None:
    """Neither for oneself, nor for each other, nor around a corner: all of them would stand still for ever."""
    first, second, third = (world.register("hall") for _ in range(3))
    with refused("wait-in-circle"):
        first.wait_for(first)
    first.wait_for(second)
    with refused("wait-in-circle"):
        second.wait_for(first)
    with refused("stage-not-found"):
        second.wait_for(third, "no_such_stage")
    second.wait_for(third)
    with refused("wait-in-circle"):
        third.wait_for(first)


def test_waiting_for_a_project_that_is_terminated_is_not_silent(world: World) -> None:
    """Nothing is stuck silently: when the other will never come about, somebody is told; nobody begins such a wait."""
    first, second, third = (world.register("hall") for _ in range(3))
    second.wait_for(first)
    first.move("terminate")

    assert (second.at("approval"), world.incidents()) == ("waiting", ["awaited-terminated"])
    with refused("awaited-ended", says="终止"):
        third.wait_for(first)


def test_waiting_for_what_is_done_and_put_away_is_no_waiting(world: World) -> None:
    """A project that was put into use and archived is there."""
    first, second = finished(world), world.register("hall")
    for trigger in ("start", "put_into_use", "archive"):
        first.move(trigger)
    second.wait_for(first)

    assert second.at("approval") == "preparing"


def test_waiting_for_a_stage_that_does_not_apply_is_no_waiting(world: World) -> None:
    """占用林地 turns out to be nothing: no consent will be issued, and whoever waits for it goes on."""
    first, second, third = world.register("garden"), world.register("hall"), world.register("hall")
    second.wait_for(first, "forest")
    first.submitted("study", "study_report")
    first.approve("study", "review", "杨帆", reply("study_reply", "2026-09-01", fields={"estimate": "10"}))
    assert second.at("approval") == "waiting"
    first.facts(forest="0")
    assert first.at("forest") == "not_applicable"
    third.wait_for(first, "forest")

    assert [each.at("approval") for each in (second, third)] == ["preparing", "preparing"]


def test_a_project_is_handed_over_with_all_that_is_in_hand(world: World) -> None:
    """The new clerk gets what the old one held; what others hold stays with them."""
    world.grant("刘畅", "规划财务股", "clerk")
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    hall.return_("approval", "review", "杨帆")
    hall.hand_over_project("刘畅")
    assert (hall.holders("approval"), world.told("刘畅")) == (["刘畅"], ["handed_over"])
    with refused("not-the-clerk", says="刘畅"):
        hall.submit("approval", by="谭丽")
    hall.submit("approval", by="刘畅")

    assert hall.holders("approval") == ["杨帆"]


def test_a_project_is_handed_over_by_clerk_or_supervisor_to_somebody_who_sees_it(world: World) -> None:
    """To another active person within scope, with a reason."""
    hall = world.register("hall")
    with refused("receiver-out-of-scope"):
        hall.hand_over_project("刘畅")
    with refused("receiver-is-holder"):
        hall.hand_over_project("谭丽")
    with refused("not-the-clerk"):
        hall.hand_over_project("马德兴", by="蒋慧")
    with refused("text-required", "person-not-found"):
        hall.do(hand_over_project, "谭丽", to=999, reason_given="")
    hall.hand_over_project("马德兴", by="杨帆")

    assert world.name(hall.state.clerk) == "马德兴"


def test_facts_are_changed_by_their_clerk_with_what_really_changed(world: World) -> None:
    """A change that changes nothing is no event; an undeclared fact is refused."""
    hall = world.register("hall", facts={"beds": "12"})
    before = len(hall.kinds())
    hall.facts(beds="12")
    assert len(hall.kinds()) == before
    with refused("fact-undeclared"):
        hall.facts(niches="12000")
    with refused("text-too-long"):
        hall.do(change_facts, "谭丽", facts={"beds": "13"}, reason_given="因" * 2001)
    hall.facts(beds="13")

    assert hall.state.facts == {"beds": 13}


def test_a_record_entered_before_a_suspension_is_confirmed_after_it(world: World) -> None:
    """What waits for its check waits through the suspension too."""
    home = world.register("home").submitted("site", "site_plan")
    number = home.record("site", Filed(world.today))
    home.move("suspend")
    with refused("project-not-running"):
        home.confirm(number)
    home.move("resume")
    home.confirm(number)

    assert home.at("site") == "external.filed"
    assert world.now == at("2026-09-01 10:00")


def test_a_second_project_of_one_name_is_registered_only_knowingly(world: World) -> None:
    """Same names occur; but 谭丽 shall not follow one project twice without noticing."""
    register(world)
    with refused("title-taken"):
        register(world, ref="Y", title=" 便民服务点 ")

    register(world, ref="Y", same_name=True)
    elsewhere = {"organisation": world.organisations["云河县民政局"], "clerk": world.people["罗秀英"]}
    register(world, "罗秀英", ref="Z", **elsewhere)


def test_a_name_is_free_again_once_its_project_has_ended(world: World) -> None:
    register(world)
    world.do(move_project, "罗秀英", ref="X", trigger="terminate", reason_given="并入县级项目")

    register(world, ref="Y")


def test_a_search_takes_capital_and_small_letters_for_the_same(world: World) -> None:
    """On both databases alike; an overseer's search of the record too."""
    hall = world.register("hall", "县Wi-Fi便民点")

    def found(text: str) -> list[str]:
        page = world.store.read(
            queries.projects, person=world.people["谭丽"], day=world.today, filters=queries.Filters(text=text)
        )
        return [each.ref for each in page.items]

    assert found("wi-fi") == found("WI-FI") == [hall.ref]
    assert found("wi_fi") == []
    asked = AuditFilter(project="WI-FI便民")
    page = world.store.read(audit_entries, person=world.people["蒋慧"], day=world.today, filters=asked)
    assert {each.ref for each in page.items} == {hall.ref}


def test_a_clerk_of_a_bureau_without_sections_finds_what_they_take_over(world: World) -> None:
    """谭丽 has her post at the top, so that she sees everything; her own taking-over is on her list all the same."""
    world.grant("谭丽", "市民政局", "clerk")
    hall = world.register("hall", taking_over=True)

    listed = world.store.read(queries.worklist, person=world.people["谭丽"], day=world.today)

    assert [each.ref for each in listed.taken_up] == [hall.ref]
