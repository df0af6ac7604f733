"""Random people send random commands, legal and illegal: the engine answers as the reference says it ought to."""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from tests.databases import Databases
from tests.model import supervision
from tests.model.commands import ANYBODY, CHASING, FILLED, LIKELY, Commands
from tests.model.house import CLERK, PEOPLE
from tests.model.reference import FIELDS, ISSUES, STEPS

pytestmark = pytest.mark.slow

LONG = os.environ.get("SHENPI_MODEL") == "long"
EXAMPLES = {"sqlite": 2000 if LONG else 110, "postgresql": 250 if LONG else 5}
SETTINGS = settings(
    stateful_step_count=80 if LONG else 50,
    derandomize=not LONG,
    phases=(Phase.reuse, Phase.generate, Phase.shrink) if LONG else (Phase.generate,),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""A minute at most in the suite, the same one every time; SHENPI_MODEL=long looks anew, for long, and then
for the shortest way to what it found."""

NEXT = {
    "filing": ["filed"],
    "filed": ["accepted", "accepted", "accepted", "correction"],
    "correcting": ["corrected"],
    "accepted": ["approved", "approved", "approved", "special", "special_ends", "extended"],
}
"""What comes next at an outside office, as it really might."""

OWN = {"plan": "plan", "site": "map", "forest": "forest_report", "build": "contract"}
"""The paper of its own that each stage needs."""


class Walk(Commands):
    """Between such commands, people whose project it is get on with it."""

    @initialize(clerk=LIKELY, lent=st.lists(st.tuples(ANYBODY, ANYBODY), min_size=1, max_size=5),
                seed=st.integers(0, 2**16), times=st.sampled_from([0, 60, 150]))  # fmt: skip
    def begin(self, clerk: str, lent: list[tuple[str, str]], seed: int, times: int) -> None:
        """A walk begins anywhere in the life of a project, whoever has it and whoever acts for whom."""
        self.hand_over_project(CLERK, clerk)
        for principal, agent in lent:
            self.delegate(principal, agent, 60)
        self.get_on(seed, times)

    @rule(seed=st.integers(0, 2**16), times=st.sampled_from([3, 8, 20]))
    def get_on(self, seed: int, times: int) -> None:
        """People who want to get on do the next thing, now at one stage and now at another, and time goes by."""
        expected = self.expected
        # most walks are made of parts of earlier ones: each is to go a way of its own
        choices = Random(f"{seed} {expected.today} {expected.clerk} {expected.delegations} {self.uploads}")
        for _ in range(0 if expected.ended else times):
            self.one_thing(choices)
            self.stands_where_it_should()

    def one_thing(self, choices: Random) -> None:
        """Somebody does what waits for them, answers an order, or sees to something else."""
        stages, chance = self.expected.stages, choices.random()
        chased = [key for key, stage in stages.items() if stage.order]
        late = [key for key in stages if supervision.is_to_be_chased(self.expected, key)]
        waiting = [key for key, stage in stages.items() if stage.holders or stage.entry]
        if self.expected.suspended:
            self.resume("罗秀英")
        elif chance < 0.1:
            self.days_pass(choices.choice([1, 2, 5, 8]))
        elif chased and chance < 0.3:
            self.answer(choices.choice(chased), choices)
        elif late and chance < 0.4:
            self.beside_it(choices.choice(late), choices)
        elif waiting and chance < 0.8:
            self.next_thing(choices.choice(waiting), choices)
        else:
            self.beside_it(choices.choice(list(STEPS)), choices)

    def one_of(self, people: list[str], choices: Random) -> str:
        """One of them, or who acts for one."""
        who = choices.choice(people)
        return choices.choice([who, who, *(each for each in PEOPLE if who in self.expected.principals(each))])

    def answer(self, key: str, choices: Random) -> None:
        """Whoever has the stage gives it away; or they, or only its clerk, say why; or the order is taken back."""
        stage, chance = self.expected.stages[key], choices.random()
        assert stage.order is not None
        if chance < 0.4:
            self.hand_over(self.one_of(stage.holders, choices), key, choices.choice(PEOPLE))
        elif chance < 0.7:
            self.explain(self.one_of([*stage.holders, self.expected.clerk], choices), key)
        else:
            self.withdraw_order(self.one_of([stage.order.by, stage.order.standing], choices), key)

    def beside_it(self, key: str, choices: Random) -> None:
        """What is not next: somebody chases, begins again and gets far at once, or fills in what was left empty."""
        stage = self.expected.stages[key]
        if stage.holders:
            self.issue_order(self.one_of(CHASING, choices), key, choices.choice([None, 1, 5]))
        elif stage.state == "issued" and choices.random() < 0.3:
            self.reapply("罗秀英", key)
            for _ in range(choices.randrange(9)):
                self.next_thing(key, choices)
        elif stage.state == "issued":
            fields, empty = FIELDS.get(ISSUES[key], ()), self.expected.left_empty(key)
            said = tuple(choices.choice(FILLED) if field in empty else "" for field in fields)
            self.complete(self.one_of([self.expected.clerk, "杨帆", "蒋慧"], choices), key, ISSUES[key], said)

    def next_thing(self, key: str, choices: Random) -> None:
        """What the stage waits for is done by one whose task it is."""
        stage = self.expected.stages[key]
        if stage.entry and choices.random() < 0.1:
            self.take_back(stage.entry.by, key)
        elif stage.entry:
            check = choices.choice([self.confirm, self.confirm, self.confirm, self.reject])
            check(self.one_of(stage.entry.checkers, choices), key)
        elif stage.part:
            clerk = self.one_of([self.expected.clerk], choices)
            self.record(clerk, key, choices.choice(NEXT[stage.part]), ("", "1"))
        elif stage.step and stage.holders:
            said = (choices.choice(FILLED), choices.choice(FILLED))
            self.decide(self.one_of(stage.holders, choices), key, stage.step, "approved", said)
        elif stage.state == "preparing":
            self.upload(self.expected.clerk, OWN[key])
            self.submit(self.expected.clerk, key)
        elif key == "forest" and self.expected.forest is None:
            self.change_forest(self.expected.clerk, choices.choice([0, 1]))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> tuple[str, Databases]:
    """Each database's founded bureau."""
    name = "sqlite_copies" if request.param == "sqlite" else "postgres_copies"
    return request.param, request.getfixturevalue(name)


def test_the_engine_answers_every_command_as_the_reference_does(database: tuple[str, Databases]) -> None:
    """Accepted or refused, and where every stage stands afterwards; at the end of each run every invariant holds."""
    name, Walk.copies = database
    run_state_machine_as_test(Walk, settings=settings(SETTINGS, max_examples=EXAMPLES[name]))
