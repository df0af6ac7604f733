"""In the same instant: one legal order explains every answer and the record, to the byte, whoever raced whom.

The orders are tried one after another on the same engine; what really happened at once must equal one of them.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import permutations
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.databases import Databases
from tests.faults.conftest import LONG
from tests.faults.races import CASTS, DEEDS, REF, answer_of, begin, what_is, who_is_who
from tests.world import World
from workflow import doctor
from workflow.actions.decisions import decide
from workflow.actions.documents import register_document
from workflow.actions.once import run_once
from workflow.errors import Conflict, WorkflowError
from workflow.store import Store

Outcome = tuple[Any, ...]
ROOT = Path(__file__).parents[2]


class Orders:
    """What each order of a cast's deeds would have led to, tried when it is asked for."""

    def __init__(self, copies: Databases, folder: Path) -> None:
        self._copies, self._folder = copies, folder
        self._known: dict[tuple[str, ...], Outcome] = {}

    def explain(self, cast: Sequence[str], answers: dict[str, str], found: Outcome) -> bool:
        """Whether one order leads to these answers and this record. Those that were done come first: they mattered."""
        likely = sorted(permutations(cast), key=lambda order: [answers[deed] != "done" for deed in order])
        return any(self._outcome(order) == (answers, found) for order in likely)

    def _outcome(self, order: tuple[str, ...]) -> Outcome:
        if order not in self._known:
            store = Store(self._copies.copy(self._folder))
            store.start()
            begin(store)
            who = who_is_who(store)
            answers = {deed: answer_of(DEEDS[deed](store, who)) for deed in order}
            self._known[order] = (answers, what_is(store))
            store.close()
        return self._known[order]


@pytest.fixture(scope="module")
def orders(sqlite_copies: Databases, tmp_path_factory: pytest.TempPathFactory) -> Orders:
    return Orders(sqlite_copies, tmp_path_factory.mktemp("orders"))


def at_once(store: Store, cast: Sequence[str]) -> dict[str, str]:
    """Everybody from a thread of their own."""
    who, barrier = who_is_who(store), Barrier(len(cast))

    def run(deed: str) -> str:
        barrier.wait()
        return answer_of(DEEDS[deed](store, who))

    with ThreadPoolExecutor(len(cast)) as pool:
        return dict(zip(cast, pool.map(run, cast), strict=True))


def proved(store: Store) -> None:
    found = store.read(doctor.examine, now=World(store).now, has_file=lambda _: True)
    assert [str(each) for each in found if each.level == "error"] == []


@pytest.mark.parametrize("cast", CASTS, ids=["two chiefs", "a delegation"])
def test_one_order_explains_what_threads_did_at_once(
    sqlite_copies: Databases, tmp_path: Path, orders: Orders, cast: tuple[str, ...]
) -> None:
    for _ in range(500 if LONG else 12):
        store = Store(sqlite_copies.copy(tmp_path))
        store.start()
        begin(store)
        shuffled = random.sample(cast, len(cast))
        answers = at_once(store, shuffled)
        assert orders.explain(cast, answers, what_is(store)), answers
        proved(store)
        store.close()


class Bureaus:
    """Processes with a store of their own on the same database."""

    def __init__(self, url: str, number: int) -> None:
        self._all = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.faults.races", url],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            )
            for _ in range(number)
        ]  # fmt: skip
        for each in self._all:
            assert each.stdout is not None
            each.stdout.readline()

    def do(self, cast: Sequence[str]) -> dict[str, str]:
        """The deeds of a cast, dealt out to the processes, at once."""
        lines = [json.dumps(cast[number :: len(self._all)]) + "\n" for number in range(len(self._all))]
        for each, line in zip(self._all, lines, strict=True):
            assert each.stdin is not None
            each.stdin.write(line)
        for each in self._all:
            assert each.stdin is not None
            each.stdin.flush()
        answers: dict[str, str] = {}
        for each in self._all:
            assert each.stdout is not None
            answers |= json.loads(each.stdout.readline())
        return answers

    def close(self) -> None:
        for each in self._all:
            each.communicate()


@pytest.mark.postgres
@pytest.mark.parametrize("cast", CASTS, ids=["two chiefs", "a delegation"])
def test_one_order_explains_what_four_processes_did_at_once(
    postgres_copies: Databases, tmp_path: Path, orders: Orders, cast: tuple[str, ...]
) -> None:
    for _ in range(40 if LONG else 1):
        url = postgres_copies.copy(tmp_path)
        store = Store(url)
        store.start()
        begin(store)
        bureaus = Bureaus(url, 4)
        answers = bureaus.do(random.sample(cast, len(cast)))
        bureaus.close()
        assert orders.explain(cast, answers, what_is(store)), answers
        proved(store)
        store.close()


@pytest.mark.postgres
@pytest.mark.parametrize("cast", CASTS, ids=["two chiefs", "a delegation"])
def test_one_order_explains_what_connections_did_at_once(
    postgres_copies: Databases, tmp_path: Path, orders: Orders, cast: tuple[str, ...]
) -> None:
    for _ in range(200 if LONG else 5):
        store = Store(postgres_copies.copy(tmp_path), writers=5)
        store.start()
        begin(store)
        answers = at_once(store, random.sample(cast, len(cast)))
        assert orders.explain(cast, answers, what_is(store)), answers
        proved(store)
        store.close()


def test_an_outcome_that_no_order_explains_is_seen(orders: Orders) -> None:
    answers = dict.fromkeys(CASTS[0], "done")

    assert not orders.explain(CASTS[0], answers, ())


@pytest.fixture
def crowd(world: World) -> World:
    """A bureau with a hundred chiefs."""
    names = [f"股长{number}" for number in range(98)]
    for name in names:
        world.person(name, "规划财务股", "section_chief")
    return world


@pytest.mark.parametrize("number", [2, 50, 99])
def test_of_a_crowd_on_one_step_one_decides_and_everybody_else_hears_who(crowd: World, number: int) -> None:
    names = ["杨帆", *(f"股长{each}" for each in range(98))][:number]
    for _ in range(20 if LONG else 1):
        hall = crowd.register("hall").submitted("approval", "proposal", "minutes")
        turn = hall.stage("approval").turn
        answers = _together(
            [
                partial(
                    hall.do, decide, name, stage="approval", step="review", outcome="approved",
                    opinion="同意", turn=turn,
                )
                for name in names
            ]
        )  # fmt: skip
        lost = [each for each in answers if isinstance(each, WorkflowError)]

        assert len(lost) == number - 1
        assert all(isinstance(each, Conflict) and each.code == "lost-to" for each in lost)
        winner = crowd.name(hall.stage("approval").acts[-1].by)
        assert all(f"{winner}已于" in str(each) for each in lost)


def test_one_command_sent_ten_times_at_once_is_done_once_and_answered_ten_times(world: World) -> None:
    hall = world.register("hall")
    for number in range(50 if LONG else 5):
        arguments = {
            "ref": REF, "document": "minutes", "number": f"{number}号", "issued_on": world.today,
            "kept_at": "档案柜",
        }  # fmt: skip
        answers = _together(
            [
                partial(
                    world.do, run_once, "谭丽", command=f"c{number}", action=register_document,
                    arguments=arguments,
                )
            ]
            * 10
        )  # fmt: skip

        assert len(set(answers)) == 1, answers
        assert hall.paper("minutes").version == number + 1


def _together(calls: Sequence[Any]) -> list[Any]:
    barrier = Barrier(len(calls))

    def run(call: Any) -> Any:
        barrier.wait()
        try:
            return call()
        except WorkflowError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
