"""At the same moment: of two who decide, one decides, and the other hears who was first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from tests.world import Dossier, World, reply
from workflow.actions.clocks import report_broken_place, sweep
from workflow.actions.decisions import decide
from workflow.actions.documents import register_document
from workflow.actions.incidents import resolve_incident
from workflow.actions.people import add_person
from workflow.actions.projects import register_project
from workflow.errors import Conflict, Refused, WorkflowError
from workflow.events import RungFired
from workflow.people import SYSTEM
from workflow.queries import incidents
from workflow.transaction import Transaction

ROUNDS = 8


def in_review(world: World) -> Dossier:
    """A hall whose review is anybody's of three chiefs."""
    return world.register("hall").submitted("approval", "proposal", "minutes")


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Everybody at the same moment; each one's answer or refusal."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        except WorkflowError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_several_deciders_exactly_one_wins_and_the_others_hear_who(world: World) -> None:
    """For one step visit exactly one person decides; a lost race names the winner."""
    for name in ("何静", "周敏"):
        world.person(name, "规划财务股", "section_chief")
    for _ in range(ROUNDS):
        hall = in_review(world)
        turn = hall.stage("approval").turn
        names = ["杨帆", "何静", "周敏"]
        answers = at_once([partial(approve, hall, name, turn) for name in names])
        lost = [each for each in answers if isinstance(each, WorkflowError)]

        assert len(lost) == 2
        assert all(isinstance(each, Conflict) and each.code == "lost-to" for each in lost)
        winner = world.name(hall.stage("approval").acts[-1].by)
        assert all(f"{winner}已于" in str(each) for each in lost)


def test_without_a_turn_the_loser_is_refused_and_nothing_is_decided_twice(world: World) -> None:
    """Whoever sends no turn is still second."""
    world.person("何静", "规划财务股", "section_chief")
    for _ in range(ROUNDS):
        hall = in_review(world)
        answers = at_once([partial(approve, hall, name, None) for name in ("杨帆", "何静")])

        assert [type(each) for each in answers if isinstance(each, WorkflowError)] == [Refused]
        assert hall.kinds().count("step.decided") == 1


@pytest.mark.parametrize(
    "code", ["2411-441900-04-01-542884", "2205-532323-04-01-892132", "2111-522323-04-01-342068"]
)
def test_of_several_who_register_under_one_code_exactly_one_does(world: World, code: str) -> None:
    """A project code belongs to one project, also if four windows enter it at the same moment, two of them later."""
    corrected = world.register("hall")

    def registered(number: int) -> str:
        return str(
            world.do(
                register_project, "谭丽", ref=f"R{number}", digest=world.digests["hall"], title=f"甲{number}",
                organisation=world.organisations["规划财务股"], clerk=world.people["谭丽"], code=code,
            )
        )  # fmt: skip

    calls = [partial(registered, number) for number in range(3)]
    answers = at_once([*calls, partial(corrected.facts, code=code)])

    refusals = [each.code for each in answers if isinstance(each, WorkflowError)]
    assert refusals == ["code-taken"] * 3
    assert world.rows("SELECT count(*) FROM project WHERE code = :code", code=code) == [(1,)]


def approve(hall: Dossier, by: str, turn: int | None) -> int:
    return int(
        hall.do(decide, by, stage="approval", step="review", outcome="approved", opinion="同意", turn=turn)
    )


def test_the_same_person_clicking_twice_decides_once(world: World) -> None:
    """A double click is one decision."""
    for _ in range(ROUNDS):
        hall = in_review(world)
        turn = hall.stage("approval").turn
        at_once([partial(approve, hall, "杨帆", turn)] * 4)

        assert hall.kinds().count("step.decided") == 1


def test_an_approval_and_a_return_at_once_leave_one_of_them(world: World) -> None:
    """Whichever comes first stands whole; the other left no trace, and hears who was first."""
    world.person("何静", "规划财务股", "section_chief")
    for _ in range(ROUNDS):
        hall = in_review(world)
        turn = hall.stage("approval").turn
        answers = at_once(
            [
                partial(approve, hall, "杨帆", turn),
                partial(hall.return_, "approval", "review", "何静", turn=turn),
            ]
        )
        kinds = hall.kinds()

        assert kinds.count("step.decided") + kinds.count("stage.returned") == 1
        lost = [each for each in answers if isinstance(each, Conflict)]
        assert len(lost) == 1
        winner = "何静" if "stage.returned" in kinds else "杨帆"
        assert winner in str(lost[0])


def test_two_sweeps_at_once_fire_each_rung_once(world: World) -> None:
    """Several processes may sweep; nobody is told twice."""
    halls = [in_review(world) for _ in range(4)]
    world.outage(3)
    at_once([lambda: world.store.act(sweep, actor=SYSTEM, now=world.now)] * 4)
    world.sweep()

    for hall in halls:
        assert [each.event.offset for each in hall.history() if isinstance(each.event, RungFired)] == [
            -1,
            0,
            1,
        ]
    assert world.told("罗秀英").count("escalated") == 4


@pytest.mark.parametrize(
    "report",
    [
        lambda tx, now: tx.raise_incident(code="mail-server", text_="邮件服务器连接不上", at=now),
        partial(report_broken_place, project=1, stage="approval", why="KeyError", actor=SYSTEM),
    ],
    ids=["a mail server that is away", "a clock that cannot be moved"],
)
def test_what_several_processes_meet_at_once_is_one_incident(
    world: World, report: Callable[..., None]
) -> None:
    """All of them look for it before any of them commits: it is opened once all the same."""
    in_review(world)
    barrier = Barrier(4 if world.store.dialect == "postgresql" else 1)  # writers at one time

    def meet(tx: Transaction) -> None:
        barrier.wait()
        report(tx, now=world.now)

    for _ in range(ROUNDS):
        at_once([lambda: world.store.act(meet)] * 4)
        open_ = world.store.read(incidents, person=world.people["顾明"], day=world.today).items

        assert len(open_) == 1
        world.do(resolve_incident, "顾明", incident=open_[0].id, how="已修复")


def test_many_commands_at_once_leave_one_gapless_chain(world: World) -> None:
    """Everything accepted is in the record, in one order, and the record folds to the state."""
    hall = in_review(world)
    futures: list[Future[int]] = [
        world.store.submit(
            register_document, ref=hall.ref, document="minutes", number=f"{number}号", issued_on=world.today,
            kept_at="档案柜", actor=world.people["谭丽"], now=world.now,
        )
        for number in range(40)
    ]  # fmt: skip
    numbers = sorted(future.result() for future in futures)

    assert len(set(numbers)) == 40
    assert hall.paper("minutes").version == 41


def test_administration_at_once_leaves_one_chain(world: World) -> None:
    """People entered at the same moment all stand in the administration's chain."""
    answers = at_once(
        [
            partial(world.do, add_person, "顾明", name="何静", staff_number=f"N{number % 6}")
            for number in range(12)
        ]
    )

    assert sum(isinstance(each, int) for each in answers) == 6
    assert {each.code for each in answers if isinstance(each, WorkflowError)} == {"staff-number-taken"}


def test_a_paper_exchanged_during_a_decision_is_decided_on_or_not_but_never_unseen(world: World) -> None:
    """Either the decision came first and the review starts again, or it is refused for the new content."""
    for _ in range(ROUNDS):
        hall = in_review(world)
        seen = hall.content("approval")
        at_once(
            [
                partial(hall.approve, "approval", "review", "杨帆", content=seen),
                partial(hall.upload, "proposal", content="第二稿"),
            ]
        )

        assert hall.at("approval") == "review"
        hall.approve("approval", "review", "杨帆", content=hall.content("approval"))
        hall.approve(
            "approval", "sign", "罗秀英", reply("approval_reply", "2026-09-01", "云民审〔2026〕15号")
        )
