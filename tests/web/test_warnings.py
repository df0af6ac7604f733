"""预警: who is late with what and what was done about it; our own and outside lateness never mixed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event as engine_events
from sqlalchemy import text

from tests.papers import pdf
from tests.web.conftest import City, SignIn
from tests.web.many import DAY, Many
from tests.web.test_ledger import opened, rows
from tests.world import World
from workflow import queries
from workflow.clock import local_day
from workflow.queries.portfolio import LIGHT_FILTERS


def _kind(found: queries.Warnings, key: str) -> Any:
    return next(each for each in found.kinds if each.key == key)


def test_each_warning_says_where_with_whom_how_late_and_what_was_done(sign_in: SignIn) -> None:
    page = sign_in("jianghui").open("/warnings")

    assert page.status == 200
    for words in (
        "概算审核", "大院社区综合养老服务中心改造", "养老服务科 · 科室审核中", "超 6 个工作日",
        "11月16日已提醒陈文娟", "11月18日已提醒周建平", "未提交情况说明", "11月27日将提醒蒋慧",
        "县自然资源和规划局", "11月17日已拟商请函（未发）", "以该局为准", "外部门超期不算经办人超期",
        "可研批复", "11月20日已提醒吴海涛、李国栋",
    ):  # fmt: skip
        assert words in page.words, words


def test_an_outside_office_is_late_in_its_own_list_and_nobody_here_for_it(sign_in: SignIn) -> None:
    page = sign_in("jianghui").open("/warnings")
    own, outside = page.html.index('id="kind-own-red"'), page.html.index('id="kind-outside-red"')

    assert own < page.html.index(">概算审核<") < outside < page.html.index(">土地报备<")
    people = page.html[page.html.index('id="by-person"') : own]
    assert "李国栋" in people
    assert '谭丽</a><small> 经办</small></td><td class="num"><span class="soft">0</span></td>' in people


def test_what_the_holder_said_stands_beside_what_they_are_late_with(city: City, sign_in: SignIn) -> None:
    chief, deputy = sign_in("liguodong"), sign_in("chenwenjuan")
    late = f"/projects/{city.projects['E']}/stages/budget_review"
    chief.open(late)
    page = chief.send("/explanation", text="等待造价站核价结果")
    assert "情况说明已记入，再有提醒时一并告知。" in page.words
    clock = deputy.open(late).html.partition('id="clock"')[2]
    assert "等待造价站核价结果" in clock.partition("</details>")[0], (
        "beside the clock, not only in the record"
    )

    page = deputy.open("/warnings")

    assert "11月23日李国栋说明：等待造价站核价结果" in page.words
    assert "未提交情况说明" not in page.words


def test_a_leader_sees_the_trouble_in_their_scope_before_anything_else(sign_in: SignIn) -> None:
    for who in ("jianghui", "zhoujianping"):
        desk = sign_in(who).open("/")
        assert "我范围内的预警" in desk.words
        assert "本局超期 1" in desk.words
        assert "/warnings?light=own-red" in desk.links
    assert "外部门超期 1" not in sign_in("zhoujianping").open("/").words
    assert "我范围内的预警" not in sign_in("wuhaitao").open("/").words, "a clerk has work of his own"


def test_whoever_has_nothing_to_do_sees_what_is_longest_overdue_and_in_whose_hands(
    city: City, sign_in: SignIn
) -> None:
    overseer = sign_in("jianghui").open("/")
    assert "概算审核 在李国栋手里，自11月11日 周三" in overseer.words
    assert "土地报备 在县自然资源和规划局手里，自9月18日 周五（外部门）" in overseer.words
    assert f"/projects/{city.projects['D']}/stages/land_filing" in overseer.links

    director = sign_in("zhoujianping").open("/")
    assert "在李国栋手里" in director.words
    assert "土地报备" not in director.words
    assert "在李国栋手里" not in sign_in("liguodong").open("/").words, "it stands in his own list"


def test_an_outside_office_has_it_since_it_accepted_whatever_stopped_its_clock(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("madexing")
    for address in ("/warnings", f"/projects/{city.projects['D']}"):
        page = desk.open(address)
        assert "9月18日 周五" in page.words
        assert "9月29日 周二" not in page.words
    assert "手里，自9月18日 周五" in desk.open(f"/projects/{city.projects['D']}/stages/land_filing").words


def test_a_clerk_finds_warnings_and_leaders_also_the_board(sign_in: SignIn) -> None:
    clerk, director = sign_in("liuchang").open("/"), sign_in("zhoujianping").open("/")

    assert "/warnings" in clerk.links
    assert "/board" not in clerk.links
    assert {"/warnings", "/board"} <= set(director.links)


@pytest.mark.parametrize(
    ("who", "hidden"), [("tanli", "大院社区"), ("liuchang", "特困人员"), ("liguodong", "土地报备")]
)
def test_nothing_of_another_unit_shows(sign_in: SignIn, who: str, hidden: str) -> None:
    desk = sign_in(who)
    for address in (
        "/warnings",
        "/warnings?unit=5",
        "/warnings?unit=2",
        "/warnings?light=outside-red",
        "/board",
    ):
        assert hidden not in desk.open(address).words, address


def test_the_numbers_are_the_lengths_of_the_lists(many: Many) -> None:
    for who in ("jianghui", "zhoujianping", "tanli"):
        found = _warnings(many, who)
        for kind in LIGHT_FILTERS:
            listed = _all(many, who, kind)
            counted = sum(each.counts[kind] for each in found.units)

            assert len(listed) == len({(each.ref, each.stage) for each in listed}) == counted
            assert counted == many.store.read(queries.trouble, person=many.people[who], day=DAY).counts[kind]
            lights = {each.due.light.colour for each in listed if each.due}
            assert lights <= (
                {"red"} if kind.endswith("red") else {"yellow", "red"} if kind == "validity" else {"yellow"}
            )
            assert [each.position for each in listed] == sorted(
                (each.position for each in listed), key=lambda it: (it.split(".")[0], int(it.split(".")[1]))
            )


def test_a_person_is_counted_for_what_they_hold(many: Many) -> None:
    found = _warnings(many, "jianghui")

    held = [each.holder for each in _all(many, "jianghui", "own-red")]
    for each in found.people:
        same_name = sum(other.red for other in found.people if other.name == each.name)
        assert same_name == held.count(each.name), each.name


def test_a_person_s_number_leads_to_the_list_behind_it(many: Many) -> None:
    for who in ("jianghui", "zhoujianping"):
        for each in _warnings(many, who).people:
            found = _warnings(many, who, holder=each.id)
            counted = {kind: sum(unit.counts[kind] for unit in found.units) for kind in LIGHT_FILTERS}

            assert (found.holder, found.people) == (each.name, (each,))
            assert counted == {
                **dict.fromkeys(LIGHT_FILTERS, 0),
                "own-red": each.red,
                "own-yellow": each.yellow,
            }
            for kind, count in counted.items():
                listed = _all(many, who, kind, holder=each.id)
                assert len(listed) == count
                assert {one.holder for one in listed} <= {each.name}


def test_a_chief_is_asked_about_by_name(city: City, sign_in: SignIn) -> None:
    desk = sign_in("jianghui")
    chief = city.people["liguodong"]
    assert f"/warnings?holder={chief}&light=own-red" in desk.open("/warnings").links

    page = desk.open(f"/warnings?holder={chief}")

    assert "办理人李国栋" in page.words
    assert "概算审核" in page.words
    assert "土地报备" not in page.words
    assert "可研批复" not in page.words
    elsewhere = sign_in("madexing").open(f"/warnings?holder={chief}").words
    assert "大院社区" not in elsewhere
    assert "李国栋" not in elsewhere


def _warnings(many: Many, who: str, **given: Any) -> queries.Warnings:
    return many.store.read(queries.warnings, person=many.people[who], day=DAY, **given)


def _all(many: Many, who: str, kind: str, holder: int = 0) -> list[Any]:
    items: list[Any] = []
    page = _kind(_warnings(many, who, kind=kind, holder=holder), kind)
    while True:
        items += page.items
        if not page.after:
            return items
        page = _kind(_warnings(many, who, kind=kind, holder=holder, after=page.after), kind)


def test_a_clock_that_began_again_is_not_simply_green(city: City, sign_in: SignIn) -> None:
    """刘畅 replaces the paper of a late review: whose list is green by that reads why, and so after 转办."""
    clerk, director = sign_in("liuchang"), sign_in("zhoujianping")
    clerk.open(f"/projects/{city.projects['E']}/stages/budget_review")
    assert "重新计时" not in director.open("/projects").words
    clerk.send("/upload", {"file": ("概算书.pdf", pdf("新"), "application/pdf")}, document="budget_book")
    assert "● 正常·重新计时" in director.open("/projects").words
    assert "（重新计时）" in director.open("/board").words
    assert "● 正常·重新计时" in director.open("/projects/print").words
    assert "● 正常·重新计时" in {row["本局"] for row in rows(opened(director))}

    chief = sign_in("liguodong")
    chief.open(f"/projects/{city.projects['E']}/stages/budget_review")
    chief.send("/explanation", text="材料换版，重新审核")
    assert "重新计算" in chief.page.words, "a word on it changes nothing of the clock"
    chief.send("/hand-over", to=str(city.people["chenwenjuan"]), reason="外出培训")

    assert "● 正常·重新计时" in director.open("/projects").words


def test_a_warning_of_a_clock_that_began_again_says_so(world: World) -> None:
    hall = world.register("hall")
    hall.upload("proposal")
    hall.enter("minutes")
    hall.submit("approval")
    world.workdays_pass(4)
    hall.upload("proposal", content="换版")
    world.workdays_pass(3)

    found = _kind(
        world.store.read(queries.warnings, person=world.people["杨帆"], day=local_day(world.now)), "own-red"
    )

    assert [each.state for each in found.items] == ["科室审核中，重新计时"]


def test_what_waits_outside_one_s_scope_is_asked_for_once_a_page(many: Many) -> None:
    """谭丽 sees one bureau, so that the page has to know what waits for her elsewhere."""
    asked: list[str] = []

    def listen(*event: Any) -> None:
        asked.append(event[2])

    engine_events.listen(many.store.engine, "before_cursor_execute", listen)
    _warnings(many, "tanli")
    engine_events.remove(many.store.engine, "before_cursor_execute", listen)

    assert sum(each.startswith("SELECT DISTINCT task.project_id") for each in asked) == 1


def test_both_databases_warn_alike(world: World) -> None:
    hall = world.register("hall")
    hall.upload("proposal")
    hall.enter("minutes")
    hall.submit("approval")
    world.workdays_pass(4)
    day, chief = local_day(world.now), world.people["杨帆"]

    found = world.store.read(queries.warnings, person=chief, day=day)
    late = _kind(found, "own-red").items[0]

    assert (late.ref, late.stage, late.holder) == (hall.ref, "approval", "杨帆")
    assert late.told
    assert late.due.words.endswith("超 2 个工作日")
    assert [(each.name, each.red) for each in found.people] == [("杨帆", 1)]
    assert world.store.read(queries.trouble, person=chief, day=day).counts["own-red"] == 1
    board = world.store.read(queries.board, person=chief, day=day)
    assert [(row.ref, row.own.colour, row.holder) for row in board.rows] == [(hall.ref, "red", "杨帆")]
    statement = text("SELECT COUNT(*) FROM stage WHERE due_on IS NOT NULL")
    assert world.store.read(lambda connection: connection.execute(statement).scalar()) == 1
