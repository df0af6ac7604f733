"""Commands that are sent to the engine and to the reference side by side, by anybody, at any time, legal and illegal."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.databases import Databases
from tests.model import supervision
from tests.model.house import PEOPLE
from tests.model.reference import FIELDS, ISSUER, ISSUES, PAPERS, STEPS, Reference
from tests.world import Dossier, World, reply
from workflow.actions.once import run_once
from workflow.actions.people import delegate, end_delegation
from workflow.actions.replies import complete_reply
from workflow.clock import SHANGHAI, parse_limit
from workflow.errors import WorkflowError
from workflow.state import (
    ORDER,
    Accepted,
    Completed,
    Concluded,
    Corrected,
    CorrectionNotified,
    Extended,
    Filed,
    Fix,
    ProjectState,
    Record,
    ReplyData,
    SpecialBegan,
    SpecialEnded,
)
from workflow.store import Store

ANYBODY = st.sampled_from(PEOPLE)
LIKELY = st.sampled_from(["谭丽", "谭丽", "谭丽", "杨帆", "何静", "罗秀英", *PEOPLE])
CHASING = ["杨帆", "罗秀英", "马德兴", "蒋慧"]
CHASERS = st.sampled_from([*CHASING, *CHASING, *PEOPLE])
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
FILLED = ["", "", "1", "1", "0"]
"""What is written into a field of a reply: often nothing."""
SAID = st.tuples(st.sampled_from(FILLED), st.sampled_from(FILLED))
ADDED = st.tuples(st.sampled_from([*FILLED, "不详"]), st.sampled_from(FILLED))
ANSWERS = st.sampled_from([None, None, -1, 0, 1, 2, 5, 80, 100])
"""In how many days an order is to be answered; None for what is usual."""


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
        """The project; every stage with its visit, its holders and the day its clock is due; orders, entries, replies."""
        state, expected = self.walk.state, self.expected
        found = {
            key: (
                state.stage(key).state,
                state.stage(key).visit,
                sorted(self.world.names(state.stage(key).holders)),
                clock.due_on if (clock := state.stage(key).clock) else None,
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
        assert (self.world.name(state.clerk), not state.is_running) == (expected.clerk, expected.stands_still)
        self.orders_are_as_they_should(state)
        self.replies_say_what_they_should(state)

    def orders_are_as_they_should(self, state: ProjectState) -> None:
        """Who issued each order, in whose standing, until when, whether that day was missed; and who has to answer."""
        name, stages = self.world.name, self.expected.stages
        should = {key: each.order for key, each in stages.items() if each.order}
        found = {key: each.order for key, each in state.stages.items() if each.order}
        assert {
            key: (name(each.by), name(each.on_behalf or each.by), each.clock.due_on, not each.clock.next_at)
            for key, each in found.items()
        } == {key: (each.by, each.standing, each.until, each.missed) for key, each in should.items()}
        if should:  # a row that nothing calls for any more is found at the end of the walk
            tasks = self.world.rows(
                "SELECT stage, person_id, due_on FROM task WHERE what = :what", what=ORDER
            )
            assert sorted((task.stage, name(task.person_id), task.due_on) for task in tasks) == sorted(
                (key, who, each.until.isoformat())
                for key, each in should.items()
                for who in stages[key].holders
            )

    def replies_say_what_they_should(self, state: ProjectState) -> None:
        """Which entries wait, who made them, in whose standing, and who checks them; what is written on each reply."""
        name, expected = self.world.name, self.expected
        waiting = {key: each.entry for key, each in expected.stages.items() if each.entry}
        assert {
            each.stage: (name(each.by), name(each.on_behalf or each.by), sorted(map(name, each.checkers)))
            for each in state.entries.values()
        } == {key: (each.by, each.standing, sorted(each.checkers)) for key, each in waiting.items()}
        said = {key: paper.fields.items() for key, paper in state.documents.items() if key in ISSUER}
        assert {
            key: {field: value for field, value in fields if value is not None}
            for key, fields in said.items()
        } == expected.fields

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
          outcome=st.sampled_from(["approved", "approved", "approved", "returned", "refused"]), said=SAID)  # fmt: skip
    def decide(self, actor: str, key: str, step: str, outcome: str, said: tuple[str, str]) -> None:
        replies = self.replies(key, said) if step == STEPS[key][-1] else ()
        commands: dict[str, Callable[[], object]] = {
            "approved": lambda: self.walk.approve(key, step, actor, *replies),
            "returned": lambda: self.walk.return_(key, step, actor),
            "refused": lambda: self.walk.refuse(key, step, actor),
        }
        expected = self.expected.decide(actor, key, step, outcome, self.written(ISSUES[key], said))
        self.both(expected, commands[outcome])

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

    @rule(actor=LIKELY, key=OUTSIDE, what=RECORDS, said=SAID)
    def record(self, actor: str, key: str, what: str, said: tuple[str, str]) -> None:
        self.both(
            self.expected.record(actor, key, what, self.written(ISSUES[key], said)),
            lambda: self.walk.record(key, self.act(key, what, said), by=actor),
        )

    @rule(actor=LIKELY, key=st.sampled_from(["plan", "plan", "site", "forest"]),
          reply=st.sampled_from(["plan_reply", "site_opinion", ""]), said=ADDED)  # fmt: skip
    def complete(self, actor: str, key: str, reply: str, said: tuple[str, ...]) -> None:
        """补登, of the stage's own reply or of another's."""
        document = reply or ISSUES[key]
        what = Completed(document, dict(zip(FIELDS.get(document, ()), said, strict=False)))
        self.both(
            self.expected.complete(actor, key, document, self.written(document, said)),
            lambda: self.walk.do(complete_reply, actor, stage=key, what=what),
        )

    @rule(actor=CHASERS, key=STAGES, days=ANSWERS)
    def issue_order(self, actor: str, key: str, days: int | None) -> None:
        until = None if days is None else self.world.today + timedelta(days=days)
        self.both(
            supervision.issue_order(self.expected, actor, key, until),
            lambda: self.walk.order(key, by=actor, due_on=until),
        )

    @rule(actor=LIKELY, key=STAGES)
    def explain(self, actor: str, key: str) -> None:
        self.both(supervision.explain(self.expected, actor, key), lambda: self.walk.explain(key, by=actor))

    @rule(actor=CHASERS, key=STAGES)
    def withdraw_order(self, actor: str, key: str) -> None:
        self.both(
            supervision.withdraw_order(self.expected, actor, key),
            lambda: self.walk.withdraw_order(key, by=actor),
        )

    @rule(actor=LIKELY, key=STAGES)
    def confirm(self, actor: str, key: str) -> None:
        self.both(self.expected.confirm(actor, key), lambda: self.walk.confirm(self.number(key), by=actor))

    @rule(actor=LIKELY, key=STAGES)
    def reject(self, actor: str, key: str) -> None:
        self.both(self.expected.reject(actor, key), lambda: self.walk.reject(self.number(key), by=actor))

    @rule(actor=LIKELY, key=STAGES)
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
        supervision.miss_answers(self.expected)

    @rule(days=st.sampled_from([1, 3, 8]))
    def nobody_sweeps(self, days: int) -> None:
        """The scheduler is away: time goes on, and people too, but nothing falls due by itself."""
        if not self.expected.lapses_within(days):
            self.world.now += timedelta(days=days)
            self.expected.today += timedelta(days=days)

    @rule(is_meant=st.integers(0, 9))
    def restart(self, is_meant: int) -> None:
        """Sometimes the process ends and another begins: only what is on disk is left."""
        if is_meant == 0:
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

    @rule(actor=st.sampled_from(["罗秀英", "马德兴", "杨帆"]), is_meant=st.integers(0, 9))
    def terminate(self, actor: str, is_meant: int) -> None:
        """Rarely: nothing can be done afterwards."""
        if is_meant == 0:
            self.both(self.expected.terminate(actor), lambda: self.walk.move("terminate", by=actor))

    @rule(actor=LIKELY, key=STAGES, effect=st.sampled_from(["pause", "resume"]))
    def change_clock(self, actor: str, key: str, effect: str) -> None:
        self.both(
            self.expected.change_clock(actor, key, effect), lambda: getattr(self.walk, effect)(key, by=actor)
        )

    def number(self, key: str) -> int:
        """The number of the entry that waits at a stage; 0 if none does."""
        return next((each.number for each in self.walk.state.entries.values() if each.stage == key), 0)

    def written(self, document: str, said: tuple[str, ...]) -> dict[str, str]:
        """What stands on a reply of that kind, as far as anything was said."""
        fields = zip(FIELDS.get(document, ()), said, strict=False)
        return {field: value for field, value in fields if value}

    def replies(self, key: str, said: tuple[str, str]) -> tuple[ReplyData, ...]:
        """What the stage issues, dated today."""
        issued, today = ISSUES[key], self.world.today.isoformat()
        return (reply(issued, today, fields=self.written(issued, said)),) if issued else ()

    def act(self, key: str, what: str, said: tuple[str, str]) -> Record:
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
            "approved": Concluded(today, "approved", "", self.replies(key, said)),
            "returned": Concluded(today, "returned", "缺图", fixes=(Fix("补图"),)),
            "refused": Concluded(today, "refused", "不符"),
        }
        return acts[what]
