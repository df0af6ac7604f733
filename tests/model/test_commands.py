"""Random people send random commands, legal and illegal: the engine answers as the reference says it ought to."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.databases import Databases
from tests.model.reference import PAPERS, PEOPLE, STEPS, Reference
from tests.world import Dossier, World, reply
from workflow.actions.people import delegate
from workflow.clock import SHANGHAI
from workflow.errors import WorkflowError
from workflow.state import (
    Accepted,
    Concluded,
    Corrected,
    CorrectionNotified,
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
SETTINGS = settings(
    max_examples=2000 if LONG else 200,
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
        "returned",
        "refused",
    ]
)

NEXT = {
    "filing": ["filed"],
    "filed": ["accepted", "accepted", "accepted", "correction"],
    "correcting": ["corrected"],
    "accepted": ["approved", "approved", "approved", "special", "special_ends"],
}
"""What comes next at an outside office, as it really might."""

OWN = {"plan": "plan", "site": "map", "forest": "forest_report", "build": "contract"}
"""The paper of its own that each stage needs."""


class Commands(RuleBasedStateMachine):
    """One walk project in the engine and in the reference, side by side."""

    copies: ClassVar[Databases]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="shenpi-model-"))
        self.store = Store(self.copies.copy(self.folder), readers=1)
        self.store.start()
        self.world = World(self.store)
        self.world.person("何静", "规划财务股", "section_chief")
        self.world.grant("马德兴", "云河县民政局", "section_chief")
        self.walk: Dossier = self.world.register("walk")
        self.expected = Reference(self.world.today)
        self.uploads = 0

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
        """Every stage, its visit and its holders."""
        state = self.walk.state
        found = {
            key: (
                state.stage(key).state,
                state.stage(key).visit,
                sorted(self.world.names(state.stage(key).holders)),
            )
            for key in STEPS
        }
        should = {
            key: (each.state, each.visit, sorted(each.holders)) for key, each in self.expected.stages.items()
        }
        assert found == should
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
            self.record("谭丽", key, choices.choice(NEXT[stage.part]))
        elif stage.step and stage.holders:
            self.decide(choices.choice(stage.holders), key, stage.step, "approved")
        elif stage.state == "preparing":
            self.upload("谭丽", OWN[key])
            self.submit("谭丽", key)
        elif key == "forest" and self.expected.forest is None:
            self.change_forest("谭丽", choices.choice([0, 1]))

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
            "approved": Concluded(today, "approved", "", self.replies(key)),
            "returned": Concluded(today, "returned", "缺图", fixes=(Fix("补图"),)),
            "refused": Concluded(today, "refused", "不符"),
        }
        return acts[what]


def test_the_engine_answers_every_command_as_the_reference_does(databases: Databases) -> None:
    """Accepted or refused, and where every stage stands afterwards; at the end of each run every invariant holds."""
    Commands.copies = databases
    run_state_machine_as_test(Commands, settings=SETTINGS)
