"""批量补录: a table of running projects is taken in whole or not at all, and once, however often it comes."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import dedent
from typing import Any

from msgspec.structs import replace

from tests.world import Dossier, World, refused, reply
from workflow import queries
from workflow.actions import definitions
from workflow.actions.intake import take_in_projects
from workflow.actions.once import run_once
from workflow.errors import Conflict
from workflow.events import EntryRecorded, FactsChanged
from workflow.people import SYSTEM
from workflow.rules.intake import GivenProject, GivenReply, Plan, Planned
from workflow.state import TakenOver

CODE = "2411-441900-04-01-542884"


def row(world: World, number: int, title: str, *replies: GivenReply, **details: Any) -> GivenProject:
    """One line of the table, with 谭丽 as clerk in 规划财务股 unless somebody else is named."""
    given: dict[str, Any] = {"organisation": "规划财务股", "clerk": "谭丽", **details}
    organisation = world.organisations[str(given.pop("organisation"))]
    clerk = world.people[str(given.pop("clerk"))]
    made = GivenProject(number, title, organisation, clerk, replies=replies)
    return replace(made, **given)


def old(line: int, document: str = "approval_reply", **details: Any) -> GivenReply:
    """A line of the second table."""
    return GivenReply(line, reply(document, "2025-03-04", **details))


def plan(world: World, *rows: GivenProject, by: str = "谭丽", type_: str = "hall") -> Plan:
    """The preview."""
    return world.store.read(
        queries.intake_plan,
        person=world.people[by],
        day=world.today,
        digest=world.digests[type_],
        projects=rows,
    )


def take_in(
    world: World,
    *rows: GivenProject,
    by: str = "谭丽",
    type_: str = "hall",
    seen: Plan | None = None,
    recoded: Sequence[int] = (),
) -> dict[str, int]:
    """Look at the preview, then import what it shows."""
    shown = seen or plan(world, *rows, by=by, type_=type_)
    refs = [f"I{world.rows('SELECT count(*) FROM event')[0][0]}-{each.row}" for each in rows]
    counts: dict[str, int] = world.do(
        take_in_projects, by, digest=world.digests[type_], projects=rows, plan=shown.token, refs=refs,
        recoded=recoded,
    )  # fmt: skip
    return counts


def faults(found: Plan) -> list[tuple[str, int, str, str]]:
    return [(each.table, each.row, each.field, each.reason.code) for each in found.faults]


def standings(projects: Sequence[Planned]) -> list[str]:
    return [each.standing for each in projects]


def states(world: World) -> list[str]:
    return [each[0] for each in world.rows("SELECT title FROM project ORDER BY id")]


def test_a_table_begins_projects_whose_replies_wait_for_their_check(world: World) -> None:
    """Each project has its own events; the one who checks is told once; once checked, a reply counts."""
    rows = [
        row(
            world,
            3,
            "东村服务点",
            old(3),
            code=CODE,
            facts={"total": "300", "building": "280", "reserve": "20"},
        ),
        row(world, 4, "西村服务点", old(4), old(5, "budget_reply")),
    ]
    assert standings(plan(world, *rows).projects) == ["new", "new"]
    assert states(world) == []

    assert take_in(world, *rows) == {"new": 2, "changed": 0, "same": 0, "entries": 3}
    assert states(world) == ["东村服务点", "西村服务点"]
    assert world.told("杨帆") == ["check_batch"]
    assert world.told("谭丽") == []
    found = world.store.read(queries.checks, person=world.people["杨帆"], day=world.today)
    assert [(each.title, [item.stage for item in each.items]) for each in found.projects] == [
        ("东村服务点", ["approval"]),
        ("西村服务点", ["approval", "budget"]),
    ]


def test_the_same_table_again_changes_nothing(world: World) -> None:
    """Before the check and after it: what is there already is not entered a second time."""
    rows = [row(world, 3, "东村服务点", old(3), code=CODE, facts={"total": "300"})]
    take_in(world, *rows)
    again = plan(world, *rows)
    assert standings(again.projects) == ["same"]
    assert take_in(world, *rows) == {"new": 0, "changed": 0, "same": 1, "entries": 0}

    project = Dossier(world, again.projects[0].ref)
    project.confirm(project.last(EntryRecorded).entry.number)
    assert standings(plan(world, *rows).projects) == ["same"]
    assert project.kinds() == ["project.registered", "entry.recorded", "stage.taken_over"]


def test_a_corrected_table_changes_what_differs_and_says_from_what_to_what(world: World) -> None:
    """Facts and the code are changed on the record; a reply that was checked gets a corrected entry."""
    take_in(world, row(world, 3, "东村服务点", old(3), facts={"total": "300.00", "beds": "8"}))
    found = plan(world, row(world, 3, "东村服务点")).projects[0]
    project = Dossier(world, found.ref)
    project.confirm(project.last(EntryRecorded).entry.number)
    better = row(
        world, 3, "东村服务点", old(3, number="云发改审〔2025〕8号"), code=CODE,
        facts={"total": "300", "village": "东村"},
    )  # fmt: skip
    planned = plan(world, better).projects[0]
    assert [(each.key, each.before, each.after) for each in planned.changes] == [
        ("village", None, "东村"),
        ("", None, CODE),
    ]
    assert [(each.stage, each.standing) for each in planned.stages] == [("approval", "changed")]
    assert take_in(world, better) == {"new": 0, "changed": 1, "same": 0, "entries": 1}

    assert project.last(FactsChanged).reason == "批量补录"
    assert project.state.facts == {"total": "300.00", "beds": 8, "village": "东村"}
    project.confirm(project.last(EntryRecorded).entry.number)
    assert (project.paper("approval_reply").number, project.paper("approval_reply").version) == (
        "云发改审〔2025〕8号",
        2,
    )


def test_an_entry_that_waits_for_its_check_is_not_corrected_behind_it(world: World) -> None:
    """Whoever checks must see what will count: the waiting entry is decided first."""
    take_in(world, row(world, 3, "东村服务点", old(3)))
    better = row(world, 3, "东村服务点", old(3, number="云发改审〔2025〕8号"))

    assert faults(plan(world, better)) == [("replies", 3, "document", "entry-pending")]


def test_nothing_is_taken_in_while_one_row_is_wrong(world: World) -> None:
    """One bad row of two: no project, no entry, no notice; each fault has its table, row and field."""
    rows = [
        row(world, 3, "东村服务点", old(3)),
        row(world, 4, "西村服务点", old(4, number="15号"), old(5, "budget_reply", kept_at=""), code="1-2",
            facts={"total": "300", "building": "280", "reserve": "10", "beds": "八"}),
        row(world, 5, "南村服务点", old(6), organisation="市民政局"),
        row(world, 6, "北村服务点", GivenReply(7, reply("approval_reply", "2027-01-04"))),
    ]  # fmt: skip
    assert faults(plan(world, *rows)) == [
        ("projects", 4, "fact.beds", "fact-invalid"),
        ("projects", 4, "fact.total", "sum-differs"),
        ("projects", 4, "code", "code-malformed"),
        ("replies", 4, "number", "number-malformed"),
        ("replies", 5, "kept_at", "reply-without-evidence"),
        ("projects", 5, "organisation", "out-of-scope"),
        ("replies", 7, "issued_on", "date-in-future"),
    ]
    with refused(
        "fact-invalid", "sum-differs", "code-malformed", "number-malformed", "reply-without-evidence",
        "out-of-scope", "date-in-future",
    ):  # fmt: skip
        take_in(world, *rows)

    assert states(world) == []
    assert world.told("杨帆") == []


def test_what_stands_twice_in_the_table_is_named_with_the_other_row(world: World) -> None:
    """A code, a name without codes, and a reply may stand in one row only."""
    rows = [
        row(world, 3, "东村服务点", old(3), old(4), code=CODE),
        row(world, 4, "西村服务点", code=CODE),
        row(world, 5, "南村服务点"),
        row(world, 6, "南村服务点"),
    ]
    found = plan(world, *rows)

    assert faults(found) == [
        ("replies", 4, "document", "intake-reply-twice"),
        ("projects", 4, "code", "intake-code-twice"),
        ("projects", 6, "title", "intake-project-twice"),
    ]
    assert [each.reason.text for each in found.faults] == [
        "立项批复与第3行重复。",
        f"项目代码{CODE}与第3行重复。",
        "与第5行是同一个项目。",
    ]


def test_what_an_import_never_changes_is_named(world: World) -> None:
    """The name, unit and clerk of a project that is followed already; and a project of another bureau."""
    take_in(world, row(world, 3, "东村服务点", code=CODE))
    other = row(world, 3, "东村便民点", code=CODE, organisation="养老服务股", clerk="刘畅")
    assert faults(plan(world, other, by="杨帆")) == [("projects", 3, "organisation", "out-of-scope")]
    assert faults(plan(world, other, by="罗秀英")) == [
        ("projects", 3, "title", "intake-title-differs"),
        ("projects", 3, "organisation", "intake-unit-differs"),
        ("projects", 3, "clerk", "intake-clerk-differs"),
    ]
    world.person("高远", "养老服务股", "clerk")
    stranger = row(world, 3, "东村服务点", code=CODE, organisation="养老服务股", clerk="高远")
    assert faults(plan(world, stranger, by="高远")) == [("projects", 3, "code", "code-taken-elsewhere")]
    garden = row(world, 3, "东村服务点", code=CODE)
    assert faults(plan(world, garden, type_="garden")) == [("projects", 3, "title", "intake-other-type")]


def test_a_clerk_enters_replies_of_their_own_projects_only(world: World) -> None:
    """A colleague's project may be registered, as one by one; its replies are for its clerk or a chief."""
    world.person("高远", "规划财务股", "clerk")
    rows = [row(world, 3, "东村服务点", old(3), clerk="高远")]
    assert faults(plan(world, *rows)) == [("projects", 3, "clerk", "not-the-clerk")]
    assert take_in(world, *rows, by="杨帆")["entries"] == 1

    assert world.told("罗秀英") == ["check_batch"]


def test_somebody_must_be_there_to_check(world: World) -> None:
    """Where every supervisor would check themselves, the row says so before anything is entered."""
    world.revoke("杨帆", "规划财务股", "section_chief")
    world.revoke("罗秀英", "云河县民政局", "deputy_director")
    world.revoke("马德兴", "云河县民政局", "director")

    assert faults(plan(world, row(world, 3, "东村服务点", old(3)))) == [
        ("projects", 3, "organisation", "nobody-to-check")
    ]


def test_if_the_world_has_changed_since_the_preview_it_is_shown_again(world: World) -> None:
    """Somebody registered the same project in between: the plan is another, and nothing is done."""
    rows = [row(world, 3, "东村服务点", old(3))]
    seen = plan(world, *rows)
    world.register("hall", "东村服务点", taking_over=True)
    with refused("intake-changed", kind=Conflict):
        take_in(world, *rows, seen=seen)
    assert states(world) == ["东村服务点"]

    assert take_in(world, *rows) == {"new": 0, "changed": 1, "same": 0, "entries": 1}


def test_a_repeated_request_gets_the_first_answer(world: World) -> None:
    """A second click, with other references drawn, imports nothing a second time."""
    rows = [row(world, 3, "东村服务点", old(3))]
    arguments = {"digest": world.digests["hall"], "projects": rows, "plan": plan(world, *rows).token}
    answers = [
        world.do(
            run_once,
            "谭丽",
            command="c1",
            action=take_in_projects,
            arguments=arguments,
            drawn={"refs": [ref]},
        )
        for ref in ("I1", "I2")
    ]

    assert answers == [{"new": 1, "changed": 0, "same": 0, "entries": 1}] * 2
    assert states(world) == ["东村服务点"]


def test_namesakes_with_codes_of_their_own_are_two_projects(world: World) -> None:
    """一期 and 二期 under one name: codes tell them apart, and without one it cannot be said which is meant."""
    other = "2411-441900-04-01-542885"
    world.register("hall", "东村服务点", taking_over=True, code=CODE)
    world.register("hall", "东村服务点", taking_over=True, same_name=True)
    assert faults(plan(world, row(world, 3, "东村服务点"))) == [
        ("projects", 3, "title", "intake-name-ambiguous")
    ]
    assert faults(plan(world, row(world, 3, "东村服务点", code=other))) == [
        ("projects", 3, "title", "intake-name-ambiguous"),
        ("projects", 3, "code", "code-check-digit"),
    ]
    found = plan(world, row(world, 3, "东村服务点", code=CODE), row(world, 4, "东村服务点", code=other))

    assert standings(found.projects) == ["same", "changed"]
    assert [each.reason.code for each in found.faults] == ["code-check-digit"]


def test_another_code_than_the_namesake_has_is_refused_until_it_is_meant(world: World) -> None:
    """谭丽's row is named like a project that has its code: a slip, another project, or a new code."""
    hall = world.register("hall", "东村服务点", taking_over=True, code=CODE)
    recoded = row(world, 3, "东村服务点", code="2406-990102-04-01-317469")
    with refused("intake-code-differs", says=CODE):
        take_in(world, recoded)
    assert hall.state.code == CODE

    assert take_in(world, recoded, recoded=[3])["changed"] == 1

    assert hall.state.code == "2406-990102-04-01-317469"


def test_replies_of_one_stage_are_one_entry(world: World) -> None:
    """A stage that issues two papers is taken over with both; one alone says which is lacking."""
    pair = dedent("""
        type: pair
        version: 1
        title: 一事两件
        phases: [立项]
        documents:
          proposal: {title: 项目建议书}
          first: {title: 批复, number: required}
          second: {title: 核准意见}
        stages:
          approval:
            title: 立项审批
            phase: 立项
            needs: [proposal]
            issues: [first, second]
            steps:
              - review: {title: 科室审核, by: section_chief, within: 2 workdays}
    """)
    world.digests["pair"] = world.store.act(
        definitions.publish, text=pair, name="pair.yaml", actor=SYSTEM, now=world.now
    )
    alone = row(world, 3, "东村服务点", old(3, "first"))
    found = plan(world, alone, type_="pair")
    assert [(each.row, each.reason.text) for each in found.faults] == [(3, "尚未填写核准意见。")]
    both = row(world, 3, "东村服务点", old(3, "first"), old(4, "second", number=""))
    assert take_in(world, both, type_="pair")["entries"] == 1

    project = Dossier(world, plan(world, both, type_="pair").projects[0].ref)
    what = project.last(EntryRecorded).entry.what
    assert isinstance(what, TakenOver)
    assert [each.document for each in what.replies] == ["first", "second"]


def test_a_project_that_is_followed_already_keeps_what_its_own_work_issued(world: World) -> None:
    """The table does not take over a stage that runs here: the row says so, and facts may still be brought."""
    world.register("hall", "东村服务点")
    rows = [row(world, 3, "东村服务点", old(3), facts={"village": "东村"})]
    assert [code for *_, code in faults(plan(world, *rows))] == ["not-taking-over"]
    assert take_in(world, row(world, 3, "东村服务点", facts={"village": "东村"}))["changed"] == 1


def test_a_large_table_tells_each_checker_once(world: World) -> None:
    """Thirty projects with two replies each, of two sections: one notice for each who checks any of them."""
    rows = [
        row(world, 3 + n, f"第{n}服务点", old(3 + 2 * n), old(4 + 2 * n, "budget_reply"),
            **({"organisation": "养老服务股", "clerk": "刘畅"} if n % 2 else {}))
        for n in range(30)
    ]  # fmt: skip
    assert take_in(world, *rows, by="罗秀英") == {"new": 30, "changed": 0, "same": 0, "entries": 60}

    assert (world.told("杨帆"), world.told("马德兴")) == (["check_batch"], ["check_batch"])
    work = world.store.read(queries.worklist, person=world.people["杨帆"], day=world.today)
    assert (work.mine, work.checks, work.projects) == ((), 30, 15)


def test_what_the_table_says_of_an_empty_field_is_filled_in_and_checked(world: World) -> None:
    """可研批复 was issued here without its 估算: the table supplies that, and nothing that is on record."""
    found = world.register("garden", "东村公墓", facts={"forest": "0"}).submitted("study", "study_report")
    issued = reply("study_reply", world.today.isoformat())
    found.approve("study", "review", "杨帆", issued)
    line = row(world, 3, "东村公墓", GivenReply(3, replace(issued, fields={"estimate": "1200"})))
    again = row(world, 3, "东村公墓", GivenReply(3, replace(issued, number="云发改审〔2026〕16号")))
    assert faults(plan(world, again, type_="garden")) == [("replies", 3, "document", "not-taking-over")]

    assert take_in(world, line, type_="garden")["entries"] == 1
    assert standings(plan(world, line, type_="garden").projects) == ["same"]
    number = next(iter(found.state.entries.values())).number
    found.confirm(number)

    assert found.at("council") == "preparing"
    assert found.paper("study_reply").fields == {"estimate": "1200"}
