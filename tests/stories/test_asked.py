"""What stands still until somebody says what comes next: that somebody has it on the work list, and is told."""

from __future__ import annotations

from tests.world import Dossier, World, reply
from workflow import doctor, queries
from workflow.actions import clocks
from workflow.actions.casework import Casework
from workflow.actions.people import change_person
from workflow.events import ProjectMoved, StageHeld, StageRefused
from workflow.people import SYSTEM
from workflow.state import ReplyData
from workflow.transaction import Transaction

OPEN_TASKS = "SELECT stage, what, person_id FROM task ORDER BY stage"


def tasks(world: World, *stages: str) -> list[tuple[str, str, str]]:
    """Who has which of these stages on the list, and as what."""
    rows = [(row.stage, row.what, world.name(row.person_id)) for row in world.rows(OPEN_TASKS)]
    return [row for row in rows if row[0] in stages]


def approved(world: World) -> ReplyData:
    """The reply to the study."""
    return reply("study_reply", world.today.isoformat(), fields={"estimate": "900"})


def studied(world: World) -> Dossier:
    """A garden of which nobody knows how much forest it takes, its study approved by 杨帆."""
    found = world.register("garden").submitted("study", "study_report")
    found.approve("study", "review", "杨帆", approved(world))
    return found


def test_a_fact_that_nobody_knows_is_asked_of_the_clerk_once_nothing_else_is_missing(world: World) -> None:
    """Before its turn nobody is asked; then 谭丽 is, by a mail and on her list, until she has said it."""
    found = world.register("garden").submitted("study", "study_report")
    assert tasks(world, "forest") == []
    found.approve("study", "review", "杨帆", approved(world))

    assert tasks(world, "forest") == [("forest", "waiting", "谭丽")]
    assert world.told("谭丽").count("asked") == 1
    found.facts(forest="0")
    assert tasks(world, "forest") == []
    assert found.at("forest") == "not_applicable"


def test_whoever_takes_a_fact_back_is_asked_for_it(world: World) -> None:
    found = world.register("garden", facts={"forest": "2"}).submitted("study", "study_report")
    found.approve("study", "review", "杨帆", approved(world))
    found.facts(forest=None)

    assert tasks(world, "forest") == [("forest", "waiting", "谭丽")]


def test_a_refused_stage_stays_on_the_clerks_list_until_it_is_applied_for_again(world: World) -> None:
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    hall.refuse("approval", "review", "杨帆")
    assert tasks(world, "approval") == [("approval", "refused", "谭丽")]
    hall.reapply("approval")

    assert tasks(world, "approval") == [("approval", "preparing", "谭丽")]


def test_what_stands_still_goes_to_the_next_clerk_with_the_project(world: World) -> None:
    found = studied(world)
    found.hand_over_project("杨帆", by="罗秀英")

    assert tasks(world, "forest") == [("forest", "waiting", "杨帆")]


def test_what_stands_still_with_somebody_who_is_gone_becomes_an_incident(world: World) -> None:
    studied(world)
    world.do(change_person, "顾明", person=world.people["谭丽"], active=False)

    words = [row.text for row in world.rows("SELECT text FROM incident")]
    assert any("使用林地审核" in each and "移交经办" in each for each in words)


def test_what_stood_still_before_anybody_was_asked_is_found_and_put_on_the_list(world: World) -> None:
    """Events of an older program ask nobody: 全面自检 names each place, the next settling asks 谭丽, and says so once."""
    garden, hall = studied(world), world.register("hall").submitted("approval", "proposal", "minutes")

    def as_it_was(tx: Transaction) -> None:
        for found, event in (
            (garden, StageHeld("forest")),
            (hall, StageRefused("approval", "review", "不符合规划")),
        ):
            work = Casework.load(tx, found.ref, actor=world.people["杨帆"], now=world.now)
            work.record(event)

    world.store.act(as_it_was)
    examined = world.store.read(doctor.examine, now=world.now, has_file=lambda _: True)
    assert [each.code for each in examined if each.level == "error"] == ["unasked", "unasked"]
    assert any("使用林地审核" in each.text for each in examined)
    assert any("立项审批" in each.text for each in examined)
    for project in world.store.act(clocks.running_projects, actor=SYSTEM, now=world.now):
        for _ in range(2):
            world.store.act(clocks.settle_project, project=project, actor=SYSTEM, now=world.now)

    assert tasks(world, "forest", "approval") == [
        ("approval", "refused", "谭丽"),
        ("forest", "waiting", "谭丽"),
    ]
    assert (garden.kinds().count("stage.held"), hall.kinds().count("step.offered")) == (3, 1)


def test_a_stage_that_waits_for_what_is_over_is_an_incident_whatever_brought_it_there(world: World) -> None:
    """No rule leads there; should one do so by mistake, 全面自检 and the daily look say it, the latter once."""
    hall = world.register("hall")

    def by_mistake(tx: Transaction) -> None:
        work = Casework.load(tx, hall.ref, actor=world.people["杨帆"], now=world.now)
        work.record(ProjectMoved("start", "active", cancelled=("approval",)))

    world.store.act(by_mistake)
    examined = world.store.read(doctor.examine, now=world.now, has_file=lambda _: True)
    assert {each.code for each in examined if each.level == "error"} == {"in-vain"}
    for _ in range(2):
        world.store.act(clocks.settle_project, project=1, actor=SYSTEM, now=world.now)

    found = world.rows("SELECT code, text FROM incident ORDER BY id")
    assert {row.code for row in found} == {"in-vain"}
    assert found[0].text.startswith("“预算审批”停住了：所等的“立项审批”已经办结")
    assert world.told("谭丽").count("incident") == world.told("罗秀英").count("incident") == len(found)


def test_an_ended_project_asks_nobody_for_anything(world: World) -> None:
    found = studied(world)
    found.move("terminate")

    assert tasks(world, "forest") == []


def test_a_list_that_is_cut_off_says_so(world: World) -> None:
    """谭丽 takes over sixty gardens, then has three tasks in each of seventy: neither list is the whole."""
    for number in range(60):
        world.register("garden", f"补录花园{number}", taking_over=True)
    assert (len(listed(world).taken_up), listed(world).more_still, listed(world).more) == (50, True, False)
    for number in range(70):
        world.register("garden", f"花园{number}")

    assert (len(listed(world).mine), listed(world).more) == (200, True)


def listed(world: World) -> queries.Worklist:
    """谭丽's 我的待办."""
    return world.store.read(queries.worklist, person=world.people["谭丽"], day=world.today)
