"""Random people send random commands, legal and illegal: the engine answers as the reference says it ought to."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.databases import Databases
from tests.model.reference import PAPERS, PEOPLE, STEPS, Reference
from tests.world import Dossier, World, reply
from workflow.actions.once import run_once
from workflow.actions.people import delegate, end_delegation
from workflow.clock import SHANGHAI, parse_limit
from workflow.errors import WorkflowError
from workflow.state import (
    Accepted,
    Concluded,
    Corrected,
    CorrectionNotified,
    Extended,
    Filed,
    Fix,
    Record,
    ReplyData,
    SpecialBegan,
    SpecialEnded,
)
from workflow.store import Store

pytestmark = pytest.mark.slow

LONG = os.environ.get("SHENPI_MODEL") == "long"
EXAMPLES = {"sqlite": 2000 if LONG else 200, "postgresql": 250 if LONG else 5}
SETTINGS = settings(
    stateful_step_count=80 if LONG else 40,
    derandomize=not LONG,
    phases=(Phase.reuse, Phase.generate, Phase.shrink) if LONG else (Phase.generate,),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""A minute at most in the suite, the same one every time; SHENPI_MODEL=long looks anew, for long, and then
for the shortest way to what it found."""

ANYBODY = st.sampled_from(PEOPLE)
LIKELY = st.sampled_from(["谭丽", "谭丽", "谭丽", "杨帆", "何静", "罗秀英", *PEOPLE])
STAGES = st.sampled_from(list(STEPS))
OUTSIDE = st.sampled_from(["site", "build"])
RECORDS = st.sampled_from(
    [
        "filed",
        "accepted",
        "approved",
        "correction",
        "corrected",
        "special",
        "special_ends",
        "extended",
        "returned",
        "refused",
    ]
)

NEXT = {
    "filing": ["filed"],
    "filed": ["accepted", "accepted", "accepted", "correction"],
    "correcting": ["corrected"],
    "accepted": ["approved", "approved", "approved", "special", "special_ends", "extended"],
}
"""What comes next at an outside office, as it really might."""

OWN = {"plan": "plan", "site": "map", "forest": "forest_report", "build": "contract"}
"""The paper of its own that each stage needs."""


class Insistent(World):
    """A bureau whose commands are all sent twice, under the same id, while `insists`."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.insists = False
        self.commands = count(1)

    def do(self, action: Callable[..., Any], by: str, /, **arguments: Any) -> Any:
        given = {
            "command": str(next(self.commands)), "action": action, "arguments": arguments,
            "actor": self.people.get(by, 0), "now": self.now,
        }  # fmt: skip
        answer = self.store.act(run_once, **given)
        assert not self.insists or self.store.act(run_once, **given) == answer
        return answer


class Commands(RuleBasedStateMachine):
    """One walk project in the engine and in the reference, side by side."""

    copies: ClassVar[Databases]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="shenpi-model-"))
        self.url = self.copies.copy(self.folder)
        self.store = self.opened()
        self.world = Insistent(self.store)
        self.world.person("何静", "规划财务股", "section_chief")
        self.world.grant("马德兴", "云河县民政局", "section_chief")
        self.walk: Dossier = self.world.register("walk")
        self.expected = Reference(self.world.today, self.world.calendar.is_workday)
        self.uploads = 0

    def opened(self) -> Store:
        store = Store(self.url, readers=1)
        store.start()
        return store

    def teardown(self) -> None:
        try:
            self.world.prove()
        finally:
            self.store.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def both(self, expected: bool, command: Callable[[], object]) -> None:
        """The engine accepts exactly what the reference accepts."""
        refusal: WorkflowError | None = None
        try:
            command()
        except WorkflowError as error:
            refusal = error
        assert (refusal is None) is expected, refusal or "accepted, but should be refused"

    @invariant()
    def stands_where_it_should(self) -> None:
        """The project, and every stage with its visit, its holders and the day its clock is due."""
        state, expected = self.walk.state, self.expected
        found = {
            key: (
                state.stage(key).state,
                state.stage(key).visit,
                sorted(self.world.names(state.stage(key).holders)),
                self.walk.due(key),
            )
            for key in STEPS
        }
        should = {
            key: (
                each.state,
                each.visit,
                sorted(each.holders),
                each.clock.due(expected.is_workday) if each.clock else None,
            )
            for key, each in expected.stages.items()
        }
        assert found == should
        assert (self.world.name(state.clerk), not state.is_running) == (expected.clerk, expected.suspended)
        assert sorted(each.stage for each in state.entries.values()) == sorted(
            key for key, each in self.expected.stages.items() if each.entry
        )

    @rule(seed=st.integers(0, 2**16), times=st.sampled_from([3, 8, 20]))
    def get_on(self, seed: int, times: int) -> None:
        """People who want to get on do the next thing, now at one stage and now at another."""
        choices = Random(seed)
        for _ in range(times):
            self.next_thing(choices.choice(list(STEPS)), choices)
            self.stands_where_it_should()

    def next_thing(self, key: str, choices: Random) -> None:
        """What the stage waits for is done by one whose task it is."""
        stage = self.expected.stages[key]
        if stage.entry:
            self.confirm(choices.choice(stage.entry.checkers), key)
        elif stage.part:
            self.record(self.expected.clerk, key, choices.choice(NEXT[stage.part]))
        elif stage.step and stage.holders:
            self.decide(choices.choice(stage.holders), key, stage.step, "approved")
        elif stage.state == "preparing":
            self.upload(self.expected.clerk, OWN[key])
            self.submit(self.expected.clerk, key)
        elif key == "forest" and self.expected.forest is None:
            self.change_forest(self.expected.clerk, choices.choice([0, 1]))

    @rule(actor=LIKELY, paper=st.sampled_from(PAPERS))
    def upload(self, actor: str, paper: str) -> None:
        self.uploads += 1
        content = str(self.uploads)
        self.both(
            self.expected.upload(actor, paper), lambda: self.walk.upload(paper, by=actor, content=content)
        )

    @rule(actor=LIKELY, key=STAGES)
    def submit(self, actor: str, key: str) -> None:
        self.both(self.expected.submit(actor, key), lambda: self.walk.submit(key, by=actor))

    @rule(actor=LIKELY, key=STAGES, step=st.sampled_from(["review", "sign", "external"]),
          outcome=st.sampled_from(["approved", "approved", "approved", "returned", "refused"]))  # fmt: skip
    def decide(self, actor: str, key: str, step: str, outcome: str) -> None:
        replies = self.replies(key) if step == STEPS[key][-1] else ()
        commands: dict[str, Callable[[], object]] = {
            "approved": lambda: self.walk.approve(key, step, actor, *replies),
            "returned": lambda: self.walk.return_(key, step, actor),
            "refused": lambda: self.walk.refuse(key, step, actor),
        }
        self.both(self.expected.decide(actor, key, step, outcome), commands[outcome])

    @rule(actor=LIKELY, key=STAGES)
    def withdraw(self, actor: str, key: str) -> None:
        self.both(self.expected.withdraw(actor, key), lambda: self.walk.withdraw(key, by=actor))

    @rule(actor=LIKELY, key=STAGES)
    def reapply(self, actor: str, key: str) -> None:
        self.both(self.expected.reapply(actor, key), lambda: self.walk.reapply(key, by=actor))

    @rule(actor=LIKELY, key=STAGES, to=ANYBODY)
    def hand_over(self, actor: str, key: str, to: str) -> None:
        self.both(self.expected.hand_over(actor, key, to), lambda: self.walk.hand_over(key, to, by=actor))

    @rule(actor=LIKELY, value=st.sampled_from([None, 0, 1]))
    def change_forest(self, actor: str, value: int | None) -> None:
        self.both(self.expected.change_forest(actor, value), lambda: self.walk.facts(by=actor, forest=value))

    @rule(actor=LIKELY, key=OUTSIDE, what=RECORDS)
    def record(self, actor: str, key: str, what: str) -> None:
        self.both(
            self.expected.record(actor, key, what),
            lambda: self.walk.record(key, self.act(key, what), by=actor),
        )

    @rule(actor=LIKELY, key=OUTSIDE)
    def confirm(self, actor: str, key: str) -> None:
        self.both(self.expected.confirm(actor, key), lambda: self.walk.confirm(self.number(key), by=actor))

    @rule(actor=LIKELY, key=OUTSIDE)
    def reject(self, actor: str, key: str) -> None:
        self.both(self.expected.reject(actor, key), lambda: self.walk.reject(self.number(key), by=actor))

    @rule(actor=LIKELY, key=OUTSIDE)
    def take_back(self, actor: str, key: str) -> None:
        self.both(
            self.expected.take_back(actor, key), lambda: self.walk.take_back(self.number(key), by=actor)
        )

    @rule(principal=ANYBODY, agent=ANYBODY, days=st.integers(0, 20))
    def delegate(self, principal: str, agent: str, days: int) -> None:
        today = self.world.today
        self.both(
            self.expected.delegate(principal, agent, days),
            lambda: self.world.do(
                delegate, principal, principal=self.world.people[principal], agent=self.world.people[agent],
                starts_on=today, ends_on=today + timedelta(days=days), reason_given="外出",
            ),
        )  # fmt: skip

    @rule(days=st.sampled_from([1, 1, 3, 15, 30]))
    def days_pass(self, days: int) -> None:
        """Some days go by, and the sweep runs in the morning."""
        morning = datetime.combine(self.world.today + timedelta(days=days), time(10), SHANGHAI)
        self.world.now = morning.astimezone(UTC)
        self.world.sweep()
        self.expected.advance(days)

    @rule(days=st.sampled_from([1, 3, 8]))
    def nobody_sweeps(self, days: int) -> None:
        """The scheduler is away: time goes on, and people too, but nothing falls due by itself."""
        if not self.expected.lapses_within(days):
            self.world.now += timedelta(days=days)
            self.expected.today += timedelta(days=days)

    @rule()
    def restart(self) -> None:
        """The process ends and another begins: only what is on disk is left."""
        self.store.close()
        self.store = self.world.store = self.opened()

    @rule(insists=st.booleans())
    def insist(self, insists: bool) -> None:
        """From here on every command is repeated, or not."""
        self.world.insists = insists

    @rule(principal=ANYBODY, agent=ANYBODY)
    def end_delegation(self, principal: str, agent: str) -> None:
        who = self.world.people
        self.both(
            self.expected.end_delegation(principal, agent),
            lambda: self.world.do(end_delegation, principal, principal=who[principal], agent=who[agent]),
        )

    @rule(actor=LIKELY, to=ANYBODY)
    def hand_over_project(self, actor: str, to: str) -> None:
        self.both(
            self.expected.hand_over_project(actor, to), lambda: self.walk.hand_over_project(to, by=actor)
        )

    @rule(actor=st.sampled_from(["罗秀英", "马德兴", "杨帆"]))
    def suspend(self, actor: str) -> None:
        self.both(self.expected.suspend(actor), lambda: self.walk.move("suspend", by=actor))

    @rule(actor=st.sampled_from(["罗秀英", "马德兴", "杨帆"]))
    def resume(self, actor: str) -> None:
        self.both(self.expected.resume(actor), lambda: self.walk.move("resume", by=actor))

    @rule(actor=LIKELY, key=STAGES, effect=st.sampled_from(["pause", "resume"]))
    def change_clock(self, actor: str, key: str, effect: str) -> None:
        self.both(
            self.expected.change_clock(actor, key, effect), lambda: getattr(self.walk, effect)(key, by=actor)
        )

    def number(self, key: str) -> int:
        """The number of the entry that waits at a stage; 0 if none does."""
        return next((each.number for each in self.walk.state.entries.values() if each.stage == key), 0)

    def replies(self, key: str) -> tuple[ReplyData, ...]:
        """What the stage issues, dated today."""
        issued = {"plan": "plan_reply", "site": "site_opinion", "forest": "forest_consent"}.get(key)
        return (reply(issued, self.world.today.isoformat()),) if issued else ()

    def act(self, key: str, what: str) -> Record:
        """An act of an outside office, dated today."""
        today = self.world.today
        acts: dict[str, Record] = {
            "filed": Filed(today),
            "accepted": Accepted(today),
            "correction": CorrectionNotified(today, (Fix("补图"),)),
            "corrected": Corrected(today),
            "special": SpecialBegan(today, "评审"),
            "special_ends": SpecialEnded(today),
            "extended": Extended(today, parse_limit("5 workdays"), "情况复杂"),
            "approved": Concluded(today, "approved", "", self.replies(key)),
            "returned": Concluded(today, "returned", "缺图", fixes=(Fix("补图"),)),
            "refused": Concluded(today, "refused", "不符"),
        }
        return acts[what]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> tuple[str, Databases]:
    """Each database's founded bureau."""
    name = "sqlite_copies" if request.param == "sqlite" else "postgres_copies"
    return request.param, request.getfixturevalue(name)


def test_the_engine_answers_every_command_as_the_reference_does(database: tuple[str, Databases]) -> None:
    """Accepted or refused, and where every stage stands afterwards; at the end of each run every invariant holds."""
    name, Commands.copies = database
    run_state_machine_as_test(Commands, settings=settings(SETTINGS, max_examples=EXAMPLES[name]))
