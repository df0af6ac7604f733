"""督办: a leader chases what is late inside the house; it is answered, done or taken back, and nobody is left guessing."""

from __future__ import annotations

from functools import partial

from tests.stories.test_calendar import load
from tests.stories.test_races import at_once
from tests.world import Dossier, World, at, day, refused, reply
from workflow.actions.people import change_person
from workflow.clock import local_day
from workflow.errors import WorkflowError
from workflow.events import ExplanationFiled, OrderIssued, RungFired
from workflow.queries import warnings
from workflow.state import ORDER, Accepted


def late(world: World) -> Dossier:
    """A hall whose review 杨帆 holds and which became late yesterday: 3 September was its day."""
    found = world.register("hall").submitted("approval", "proposal", "minutes")
    world.workdays_pass(3)
    return found


def asked(world: World) -> list[tuple[str, str | None]]:
    """Who has to answer an order, by which day."""
    rows = world.rows("SELECT person_id, due_on FROM task WHERE what = :what ORDER BY person_id", what=ORDER)
    return [(world.name(row.person_id), row.due_on) for row in rows]


def test_a_leader_asks_the_holder_of_a_late_step_for_an_answer_and_hears_it(world: World) -> None:
    """罗秀英 asks 杨帆, who has two working days; the explanation answers, ends the order and is told to her."""
    hall = late(world)
    hall.order("approval")

    assert asked(world) == [("杨帆", "2026-09-08")]
    assert world.told("杨帆")[-1] == "supervised"
    hall.explain("approval", "等待核价，9月9日办结", by="杨帆")
    assert asked(world) == []
    assert hall.last(ExplanationFiled).answers
    assert world.told("罗秀英")[-1] == "order_ended"
    world.prove()


def test_the_work_itself_ends_an_order(world: World) -> None:
    """Whoever approves has nothing to explain any more; the leader hears that it is done."""
    hall = late(world)
    hall.order("approval", by="马德兴")
    hall.approve("approval", "review", "杨帆", reply("approval_reply", world.today.isoformat()))

    assert asked(world) == []
    assert world.told("马德兴")[-1] == "order_ended"


def test_an_order_without_an_answer_is_brought_before_its_issuer_once(world: World) -> None:
    """The day is 8 September; on the 9th at nine 罗秀英 is told, once, and 杨帆 still has to answer."""
    hall = late(world)
    hall.order("approval")
    world.workdays_pass(2)
    assert "order_late" not in world.told("罗秀英")
    world.workdays_pass(3)

    assert world.told("罗秀英").count("order_late") == 1
    [missed] = [each.event for each in hall.history() if isinstance(each.event, RungFired)
                and each.event.clock.key == ORDER]  # fmt: skip
    assert missed.due_at.isoformat() == "2026-09-09T01:00:00+00:00"
    assert asked(world) == [("杨帆", "2026-09-08")]
    world.prove()


def test_an_order_is_only_for_what_is_yellow_red_or_stands_still(world: World) -> None:
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    with refused("not-pressing", says="没有临期、超期"):
        hall.order("approval")
    world.workdays_pass(1)
    hall.order("approval", by="蒋慧")  # yellow on its last working day but one

    garden = world.register("garden").submitted("study", "study_report")
    garden.approve("study", "review", "杨帆", reply("study_reply", "2026-09-02", fields={"estimate": "900"}))
    garden.order("forest", "请补齐占用林地面积")  # waits for 谭丽 to say a fact
    assert ("谭丽", "2026-09-04") in asked(world)
    garden.explain("forest", "林业站明日出数", by="谭丽")
    assert [who for who, _ in asked(world)] == ["杨帆"]
    garden.order("forest", "请补齐占用林地面积")
    garden.facts(forest="0")
    assert [who for who, _ in asked(world)] == ["杨帆"]
    assert world.told("罗秀英")[-1] == "order_ended"
    world.prove()


def test_an_order_goes_down_and_never_up_sideways_or_to_oneself(world: World) -> None:
    """A colleague, a clerk and the administrator may not; nor the county's deputy what somebody of the city has."""
    hall = late(world)
    world.person("何静", "规划财务股", "section_chief")
    world.person("钱进", "市民政局", "section_chief")
    for name in ("谭丽", "顾明", "何静"):
        with refused("not-above", says="上级负责人或督查"):
            hall.order("approval", by=name)
    with refused("own-order"):
        hall.order("approval", by="杨帆")
    hall.hand_over("approval", "钱进", by="马德兴")
    with refused("not-above"):
        hall.order("approval", by="马德兴")
    hall.order("approval", by="蒋慧")

    assert [who for who, _ in asked(world)] == ["钱进"]


def test_who_acts_for_a_leader_chases_and_withdraws_in_their_place(world: World) -> None:
    """何静 acts for 罗秀英: the record says for whom, and both hear what becomes of it; 马德兴 has no part in it."""
    hall = late(world)
    world.person("何静", "规划财务股", "section_chief")
    world.delegate("罗秀英", "何静", "2026-09-01", "2026-09-30")
    hall.order("approval", by="何静")
    assert hall.last(OrderIssued).on_behalf == world.people["罗秀英"]
    with refused("not-the-issuer", says="何静"):
        hall.withdraw_order("approval", by="马德兴")
    hall.withdraw_order("approval", by="罗秀英")

    assert asked(world) == []
    assert [world.told(name)[-1] for name in ("何静", "杨帆")] == ["order_ended"] * 2


def test_a_second_order_names_who_has_issued_the_first(world: World) -> None:
    hall = late(world)
    hall.order("approval", by="罗秀英")
    with refused("supervised-already", says="罗秀英已于9月4日10:00督办本环节，要求2026-09-08前答复"):
        hall.order("approval", by="马德兴")
    hall.withdraw_order("approval")
    hall.order("approval", by="马德兴")
    with refused("no-order"):
        hall.withdraw_order("budget")


def test_of_two_leaders_at_the_same_moment_one_issues_and_the_other_hears_who(world: World) -> None:
    for _ in range(4):
        hall = late(world)
        answers = at_once([partial(hall.order, "approval", by=name) for name in ("罗秀英", "马德兴", "蒋慧")])
        lost = [each for each in answers if isinstance(each, WorkflowError)]

        winner = world.name(hall.stage("approval").order.by)  # type: ignore[union-attr]
        assert [each.code for each in lost] == ["supervised-already"] * 2
        assert all(f"{winner}已于" in str(each) for each in lost)
        assert hall.kinds().count("order.issued") == 1


def test_the_day_of_the_answer_is_a_working_day_from_today_on(world: World) -> None:
    hall = late(world)
    for words, says in (
        ("2026-09-03", "早于今天。请改为2026-09-04或之后的工作日"),
        ("2026-09-05", "不是工作日。请改为2026-09-07"),
        ("9999-12-31", "超过60个工作日"),
    ):
        with refused("answer-day-unfit", says=says):
            hall.order("approval", due_on=day(words))
    with refused("text-required", "answer-day-unfit"):
        hall.order("approval", " ", due_on=day("2026-09-06"))
    hall.order("approval", due_on=day("2026-09-04"))

    assert asked(world) == [("杨帆", "2026-09-04")]


def test_an_order_goes_with_the_work_to_whoever_gets_it(world: World) -> None:
    hall = late(world)
    hall.order("approval")
    world.person("何静", "规划财务股", "section_chief")
    hall.hand_over("approval", "何静", by="罗秀英")

    assert asked(world) == [("何静", "2026-09-08")]
    hall.explain("approval", "已接手，明日办结", by="何静")
    assert asked(world) == []


def test_the_clerks_words_on_another_s_step_do_not_answer_for_its_holder(world: World) -> None:
    hall = late(world)
    hall.order("approval")
    hall.explain("approval", "材料已齐", by="谭丽")

    assert asked(world) == [("杨帆", "2026-09-08")]


def test_another_office_is_never_ordered_but_the_clerk_who_follows_it_is(world: World) -> None:
    """自然资源局 has the file: 谭丽 is asked; 杨帆, who has her entry to check, is told with her."""
    home = world.register("home").submitted("site", "site_plan")
    home.file("site")
    world.workdays_pass(6)
    entered = home.record("site", Accepted(world.today, "受理1号"))
    home.order("site", "请核实受理情况")

    assert world.names(home.last(OrderIssued).to) == ["谭丽", "杨帆"]
    assert [who for who, _ in asked(world)] == ["谭丽"]
    assert world.told("杨帆")[-1] == "supervised"
    home.confirm(entered)
    assert asked(world) == []


def test_what_suspends_or_ends_the_project_ends_its_orders(world: World) -> None:
    for trigger in ("suspend", "terminate"):
        hall = late(world)
        hall.order("approval", by="马德兴")
        hall.move(trigger)
        assert hall.stage("approval").order is None
        assert world.told("马德兴")[-1] in {"order_ended", "moved"}
    assert asked(world) == []
    world.prove()


def test_a_page_that_shows_an_older_turn_orders_nothing(world: World) -> None:
    hall = late(world)
    turn = hall.stage("approval").turn
    hall.withdraw("approval")
    hall.submit("approval")
    with refused("lost-to"):
        hall.order("approval", turn=turn)


def test_what_somebody_who_leaves_had_to_answer_goes_on_with_the_step(world: World) -> None:
    hall = late(world)
    hall.order("approval")
    world.person("何静", "规划财务股", "section_chief")
    world.do(change_person, "顾明", person=world.people["杨帆"], active=False)

    assert [who for who, _ in asked(world)] == ["何静"]


def test_a_calendar_loaded_since_moves_the_reminder_and_never_the_day_that_was_named(world: World) -> None:
    """An answer by 31 December; provisionally the 4th works, officially the days off last until the 5th."""
    world.now = at("2026-12-28 10:00")
    hall = late(world)
    hall.order("approval", due_on=day("2026-12-31"))
    assert next_reminder(hall) == "2027-01-04"
    load(world)

    assert hall.stage("approval").order.clock.due_on == day("2026-12-31")  # type: ignore[union-attr]
    assert next_reminder(hall) == "2027-01-06"
    world.prove()


def next_reminder(hall: Dossier) -> str:
    """When the issuer hears that nobody has answered."""
    order = hall.stage("approval").order
    assert order is not None
    assert order.clock.next_at is not None
    return local_day(order.clock.next_at).isoformat()


def test_an_order_to_two_is_one_wherever_it_is_counted(world: World) -> None:
    """杨帆 and 何静 both hold the step: each has it on the list, 预警 counts and shows one."""
    world.person("何静", "规划财务股", "section_chief")
    hall = late(world)
    hall.order("approval")
    found = world.store.read(warnings, person=world.people["罗秀英"], day=world.today, kind="order")

    assert len(asked(world)) == 2
    assert [(kind.count, len(kind.items)) for kind in found.kinds] == [(1, 1)]
    assert found.kinds[0].items[0].order is not None
    assert found.kinds[0].items[0].order.to == "杨帆、何静"
