"""What every rule may look at, and the words in which rules name states and moves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Any

from msgspec import Struct

from workflow.definition import Definition, Stage
from workflow.machine import FILING, Compiled
from workflow.people import Directory
from workflow.rules.facts import typed_values
from workflow.state import (
    CANCELLED,
    ISSUED,
    LAPSED,
    NOT_APPLICABLE,
    PREPARING,
    REFUSED,
    WAITING,
    ProjectState,
    StageState,
)

STATE_WORDS = {
    WAITING: "等待前置",
    PREPARING: "准备材料",
    ISSUED: "已批复",
    NOT_APPLICABLE: "不适用",
    REFUSED: "不予批准",
    LAPSED: "已失效",
    CANCELLED: "已终止",
}
OUTSIDE_WORDS = {"filing": "待报送", "filed": "已报送", "correcting": "补正中", "accepted": "办理中"}

MOVE_WORDS = {
    "submit": "报送",
    "approve": "通过",
    "return": "退回",
    "refuse": "不予批准",
    "withdraw": "撤回",
    "reapply": "重新申报",
    "reopen": "重新办理",
    "take_over": "补录",
    "file": "登记报送",
    "accept": "登记受理",
    "notify_correction": "登记补正告知",
    "correct": "登记补正",
    "restart": "重新审核",
    "cancel": "终止",
    "lapse": "失效",
    "open": "启动",
    "hold": "暂缓",
    "skip": "略过",
}


class Case(Struct, frozen=True, dict=True):
    """All that a rule may look at: the project, its definition, the people, and who asks on which day.

    A case never changes, so what several rules ask of it is worked out once and kept with it; whoever
    changes the project makes a new case.
    """

    state: ProjectState
    compiled: Compiled
    directory: Directory
    actor: int
    day: date
    lent: tuple[int, ...] | None = None
    """Whose standing counts beside the actor's own; None for that of everybody they act for on that day."""

    @property
    def definition(self) -> Definition:
        """The definition that the project follows."""
        return self.compiled.definition

    @cached_property
    def acts_as(self) -> tuple[int, ...]:
        """Whose standing the actor may use on that day: their own, and that of whoever they act for."""
        lent = self.directory.principals(self.actor, self.day) if self.lent is None else self.lent
        return (self.actor, *lent)

    @property
    def addressed(self) -> str:
        """Whom a sentence asks for what is the clerk's to do: 经办人; nobody else, said to the clerk himself."""
        return "" if self.state.clerk in self.acts_as else "经办人"

    @cached_property
    def values(self) -> dict[str, Any]:
        """Facts and fields of replies, typed, under the names that conditions use."""
        return typed_values(self.definition, self.state)

    @cached_property
    def needs(self) -> dict[str, Any]:
        """Stage -> its needs as `needs_of` found them."""
        return {}

    def stage(self, key: str) -> tuple[Stage, StageState]:
        """What the stage is and where it stands."""
        return self.definition.stages[key], self.state.stage(key)


def names(directory: Directory, people: Iterable[int]) -> str:
    """The people's names, joined; empty for nobody."""
    return "、".join(directory.name(person) for person in people)


def state_words(stage: Stage, state: str) -> str:
    """A stage's state in Chinese: 准备材料, 科室审核中, 发改部门审批·已报送."""
    if state in STATE_WORDS:
        return STATE_WORDS[state]
    key, _, part = state.partition(".")
    return f"{step_title(stage, key)}·{OUTSIDE_WORDS[part]}" if part else f"{step_title(stage, key)}中"


def limit_basis(stage: Stage, state: str) -> str:
    """On what the limit of that state rests; when a signed file has to be handed out, and a publicity concluded, is
    our own rule alone.
    """
    key, _, part = state.partition(".")
    if part == FILING:
        return "本局内部时限"
    step = next((step for step in stage.steps if step.key == key), None)
    basis = (step.basis if step else "") or stage.basis
    if step and step.minimum:
        return f"{basis + '，' if basis else ''}公示不少于{step.minimum}；其后办结为本局内部时限"
    return basis


def step_title(stage: Stage, key: str) -> str:
    """The title of a step; its key if the stage has none of that key."""
    return next((step.title for step in stage.steps if step.key == key), key)
