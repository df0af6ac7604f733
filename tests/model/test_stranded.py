"""Whatever anybody does, nothing is left with nobody: each place has somebody who is there, a day, or an incident.

Random people do random things, most of them refused, under a clock that jumps; after each, every running project is
looked at with eyes that ask no rule of what should happen, only where things stand. `SHENPI_STRANDED=200` walks longer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.world import ORGANISATIONS, Dossier, World, reply
from workflow import rules
from workflow.actions.clocks import running_projects, settle_project
from workflow.actions.incidents import resolve_incident
from workflow.actions.people import change_person
from workflow.actions.projects import stop_waiting
from workflow.definition import Definition
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
    StageState,
)
from workflow.transaction import OpenProject, Transaction

WALKS = int(os.environ.get("SHENPI_STRANDED", "6"))
STEPS = 400
TYPES = ("garden", "home", "walk", "hall")
FACTS: dict[str, dict[str, tuple[Any, ...]]] = {
    "garden": {"forest": ("0", "2", None), "farmland": (True, False, None)},
    "walk": {"forest": ("0", "1", None)},
}
DONE = {"issued", "not_applicable", "cancelled"}
ENDED = {"archived", "terminated"}


class Walk:
    """One walk: `once` does one random thing, as far as the rules let it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = Random(seed)
        world.person("何静", "规划财务股", "section_chief")
        world.person("孙平", "云河县民政局", "clerk")
        self.names = list(world.people)
        self.deeds: list[Callable[[Dossier, str], object]] = [
            *[self.upload, self.submit, self.decide, self.record, self.check] * 4,
            *[self.take_over, self.state_a_fact, self.pass_time, self.resolve] * 2,
            self.reapply, self.withdraw, self.hand_over, self.hand_over_project, self.close, self.move, self.wait,
            self.let_go, self.disable, self.enable, self.enable, self.grant, self.revoke, self.delegate,
        ]  # fmt: skip

    def once(self) -> None:
        """Somebody does something; a refusal is as good an answer as any."""
        projects = self.world.projects
        with suppress(WorkflowError):
            if len(projects) < len(TYPES):
                self.register(TYPES[len(projects)])
            project = self.random.choice(projects)
            keys = list(self.definition(project).stages)
            in_hand = [key for key in keys if project.stage(key).in_hand]
            self.random.choice(self.deeds)(project, self.random.choice([*keys, *in_hand * 3]))

    def definition(self, project: Dossier) -> Definition:
        """What that project follows."""

        def look(tx: Transaction) -> Definition:
            return tx.project(project.ref).definition

        found: Definition = self.world.store.act(look)
        return found

    def anybody(self, *likely: int) -> str:
        """Most often one of those, else anybody."""
        names = [self.world.name(each) for each in likely]
        found: str = self.random.choice(names if names and self.random.random() < 0.8 else self.names)
        return found

    def clerk(self, project: Dossier) -> str:
        return self.anybody(project.state.clerk)

    def holder(self, project: Dossier, key: str) -> str:
        return self.anybody(*project.stage(key).holders)

    def replies(self, project: Dossier, key: str) -> tuple[ReplyData, ...]:
        """What the stage issues, some of it long ago."""
        on = self.world.today - timedelta(days=self.random.choice([0, 0, 5, 30, 200, 400]))
        return tuple(reply(each, on.isoformat()) for each in self.definition(project).stages[key].issues)

    # Work

    def register(self, type_: str) -> None:
        clerk = self.random.choice(["谭丽", "杨帆", "孙平"])
        self.world.register(type_, by=clerk, taking_over=self.random.random() < 0.4)

    def upload(self, project: Dossier, key: str) -> None:
        definition = self.definition(project)
        stage = definition.stages[key]
        papers = [each for need in stage.needs for each in need.any_of if each not in definition.issuers] + [
            step.minutes for step in stage.steps if step.minutes
        ]
        by = self.random.choice([self.clerk(project), self.holder(project, key)])
        for paper in papers:
            project.upload(paper, by=by, content=self.random.choice(["", "另一版"]))

    def submit(self, project: Dossier, key: str) -> None:
        project.submit(key, by=self.holder(project, key))

    def decide(self, project: Dossier, key: str) -> None:
        step, by = project.stage(key).step, self.holder(project, key)
        match self.random.choice(["approve"] * 6 + ["return", "refuse", "sign"]):
            case "approve":
                last = self.definition(project).stages[key].steps[-1].key == step
                project.approve(key, step, by, *(self.replies(project, key) if last else ()))
            case "return":
                project.return_(key, step, by)
            case "refuse":
                project.refuse(key, step, by)
            case _:
                project.sign_on_paper(key, step, by, by=self.clerk(project))

    def record(self, project: Dossier, key: str) -> None:
        today, fixes = self.world.today, (Fix("补图纸"),)
        acts: list[Record] = [
            Filed(today), Accepted(today), CorrectionNotified(today, fixes), Corrected(today),
            Concluded(today, "approved", "同意", self.replies(project, key)),
            Concluded(today, "returned", "不全", fixes=fixes), Concluded(today, "refused", "不符"),
        ]  # fmt: skip
        project.record(key, self.random.choice(acts), by=self.clerk(project), as_printed=True)

    def check(self, project: Dossier, key: str) -> None:
        for entry in list(project.state.entries.values()):
            by = self.anybody(*entry.checkers)
            self.random.choice([project.confirm] * 4 + [project.reject])(entry.number, by)

    def take_over(self, project: Dossier, key: str) -> None:
        project.take_over(key, *self.replies(project, key), by=self.clerk(project), as_printed=True)

    def close(self, project: Dossier, key: str) -> None:
        project.close_take_over(self.clerk(project))

    def state_a_fact(self, project: Dossier, key: str) -> None:
        facts = FACTS.get(project.state.definition, {})
        project.facts(self.clerk(project), **{name: self.random.choice(of) for name, of in facts.items()})

    def reapply(self, project: Dossier, key: str) -> None:
        project.reapply(key, by=self.anybody(project.state.clerk, self.world.people["罗秀英"]))

    def withdraw(self, project: Dossier, key: str) -> None:
        project.withdraw(key, by=self.clerk(project))

    def hand_over(self, project: Dossier, key: str) -> None:
        project.hand_over(key, self.anybody(), self.holder(project, key))

    def hand_over_project(self, project: Dossier, key: str) -> None:
        project.hand_over_project(self.anybody(), by=self.clerk(project))

    def move(self, project: Dossier, key: str) -> None:
        trigger = self.random.choice(["suspend", *["resume"] * 4, "start", "put_into_use", "terminate"])
        if trigger != "terminate" or self.random.random() < 0.1:
            project.move(trigger, "罗秀英", unfinished=True)

    def wait(self, project: Dossier, key: str) -> None:
        project.wait_for(self.random.choice(self.world.projects), by="马德兴")

    def let_go(self, project: Dossier, key: str) -> None:
        other = self.random.choice(self.world.projects).ref
        project.do(stop_waiting, "马德兴", other=other, reason_given="可先行")

    # Days and people

    def pass_time(self, project: Dossier, key: str) -> None:
        world = self.world
        world.now += timedelta(days=self.random.choice([1, 3, 10, 40]))
        world.sweep()
        for each in world.do(running_projects, "系统"):
            world.do(settle_project, "系统", project=each)

    def resolve(self, project: Dossier, key: str) -> None:
        for [number] in self.world.rows("SELECT id FROM incident WHERE resolved_at IS NULL"):
            self.world.do(resolve_incident, "顾明", incident=number, how="已知悉")

    def disable(self, project: Dossier, key: str) -> None:
        self.world.do(change_person, "顾明", person=self.world.people[self.anybody()], active=False)

    def enable(self, project: Dossier, key: str) -> None:
        for person in self.world.people.values():
            self.world.do(change_person, "顾明", person=person, active=True)

    def grant(self, project: Dossier, key: str) -> None:
        post = self.random.choice(["clerk", "section_chief", "deputy_director", "director"])
        self.world.grant(self.anybody(), self.random.choice(list(ORGANISATIONS)), post)

    def revoke(self, project: Dossier, key: str) -> None:
        unit, post = self.random.choice([("规划财务股", "clerk"), ("规划财务股", "section_chief")])
        self.world.revoke(self.anybody(), unit, post)

    def delegate(self, project: Dossier, key: str) -> None:
        until = self.world.today + timedelta(days=self.random.choice([1, 5, 30]))
        self.world.delegate(self.anybody(), self.anybody(), self.world.today.isoformat(), until.isoformat())


class Look:
    """Every project at one moment, and what of it is left with nobody."""

    def __init__(self, tx: Transaction, world: World) -> None:
        self.directory, self.today, self.world = tx.directory, world.today, world
        opened = [tx.project(each.ref) for each in world.projects]
        self.projects: dict[int, OpenProject] = {each.id: each for each in opened}
        rows = world.rows(  # not what the net under all rules catches: its cause is what this looks for
            "SELECT project_id, stage FROM incident WHERE resolved_at IS NULL AND code <> 'in-vain'"
        )
        self.incidents = {tuple(row) for row in rows}

    def stranded(self) -> list[str]:
        """What nobody has, no day ends and no incident tells of."""
        found = []
        for project in self.projects.values():
            state = project.state
            if state.state in ENDED:
                continue
            if state.taking_over and not self.has_somebody(project, "", (state.clerk,)):
                found.append(f"{state.title}：补录")
            found += [
                f"{state.title}·{entry.stage}：核对"
                for number, entry in state.entries.items()
                if not self.has_somebody(project, entry.stage, self.able(project, number))
            ]
            if state.is_running and not state.taking_over:
                found += [
                    f"{state.title}·{key}：{state.stage(key).state}"
                    for key in project.definition.stages
                    if state.stage(key).state not in DONE and not self.goes_on(project, key, set())
                ]
        return found

    def has_somebody(self, project: OpenProject, key: str, people: tuple[int, ...]) -> bool:
        """Whether one of them has an account and a post over the project, or an incident says that none has."""
        there = any(
            self.directory.is_active(each) and self.directory.belongs(each, project.state.organisation)
            for each in people
        )
        return there or (project.id, key) in self.incidents

    def case(self, project: OpenProject, actor: int) -> rules.Case:
        return rules.Case(project.state, project.compiled, self.directory, actor, self.today)

    def able(self, project: OpenProject, number: str) -> tuple[int, ...]:
        """The checkers of an entry who may check it."""
        checkers = project.state.entries[number].checkers
        return tuple(each for each in checkers if not rules.may_confirm(self.case(project, each), number))

    def goes_on(self, project: OpenProject, key: str, seen: set[str]) -> bool:
        """Whether somebody has that stage, or it waits for a day, another project, or a stage that goes on."""
        stage, state = project.state.stage(key), project.state
        if stage.holders or stage.is_open:
            return self.has_somebody(project, key, self.deciders(project, key, stage))
        if stage.opens_on is not None and stage.opens_on >= self.today:
            return True
        if state.is_blocked:
            awaited = (self.projects[wait.project].state for wait in state.waits if not wait.ended)
            return all(each.state not in ENDED for each in awaited) or (project.id, "") in self.incidents
        return any(
            self.goes_on(project, before, seen | {key})
            for before in project.definition.ancestors(key)
            if before not in seen and state.stage(before).state not in DONE
        )

    def deciders(self, project: OpenProject, key: str, stage: StageState) -> tuple[int, ...]:
        """Its holders; where the house decides, those of them who may."""
        if not stage.step or "." in stage.state or project.state.entries:
            return stage.holders
        return tuple(
            each for each in stage.holders if not rules.is_decider(self.case(project, each), key, each)
        )


def stranded(world: World) -> list[str]:
    """What is left with nobody at this moment."""

    def look(tx: Transaction) -> list[str]:
        return Look(tx, world).stranded()

    world.sweep()
    found: list[str] = world.store.act(look)
    return found


@pytest.mark.parametrize("seed", range(WALKS))
def test_nothing_is_ever_left_with_nobody(world: World, seed: int) -> None:
    """Four projects, nine people, accounts that come and go, replies that run out, facts that become unknown."""
    walk = Walk(world, seed)
    for number in range(STEPS):
        walk.once()
        assert stranded(world) == [], f"after step {number} of walk {seed}"
