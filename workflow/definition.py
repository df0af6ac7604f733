"""The types of a definition: what one project type is made of, frozen after loading.

A definition is data. It carries no code, and nothing here reads a file, a clock or a database;
`loader` builds these objects from YAML and proves them before anybody may use them.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from workflow.clock import Limit, Unit
from workflow.conditions import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from workflow.conditions import Condition

__all__ = [
    "After",
    "Definition",
    "DocumentType",
    "FactType",
    "Kind",
    "Limit",
    "Register",
    "Requirement",
    "Rung",
    "Stage",
    "Step",
    "StepKind",
    "Sum",
    "Unit",
    "readable",
]


class Kind(StrEnum):
    """What a fact or a field of a reply may hold."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    BOOL = "bool"
    CHOICE = "choice"


class Register(StrEnum):
    """Whether a paper may, or must, be registered without being uploaded (仅登记不上传)."""

    NO = "no"
    ALLOWED = "allowed"
    ALWAYS = "always"


class StepKind(StrEnum):
    """The kinds of things that somebody must do in a stage."""

    REVIEW = "review"
    SIGN = "sign"
    MEETING = "meeting"
    EXTERNAL = "external"
    PUBLICITY = "publicity"


POSTS: dict[str, str] = {
    "clerk": "经办人",
    "section_chief": "科（股）室负责人",
    "finance_chief": "规划财务负责人",
    "deputy_director": "分管局领导",
    "director": "主要负责人",
    "office": "办公室",
    "overseer": "督查",
    "administrator": "系统管理员",
}
"""The posts that a definition may name, with their Chinese words. What a post is called in one
organisation (规划财务股股长) is the organisation's own business and stands on the post there."""

LISTENERS: dict[str, str] = {"holder": "当前办理人", **POSTS}
"""Whom a rung may tell: the holder of the clock, or a post."""


class FactType(Struct, frozen=True):
    """One typed fact asked at registration, or one field of a reply. It may be unknown."""

    key: str
    title: str
    kind: Kind
    unit: str = ""
    options: tuple[str, ...] = ()
    help: str = ""
    caps: str = ""
    """On a field of a reply: the fact that should not exceed it. It warns; it forbids nothing."""


class Sum(Struct, frozen=True):
    """An arithmetic promise: the parts add up to the total once all of them are known."""

    total: str
    parts: tuple[str, ...]


class DocumentType(Struct, frozen=True):
    """A kind of paper: uploaded for a stage, or issued by one (then it is a reply)."""

    key: str
    title: str
    formats: tuple[str, ...] = ("pdf",)
    number: bool = False
    valid: Limit | None = None
    renew: Limit | None = None
    used_by: tuple[str, ...] = ()
    fields: Mapping[str, FactType] = {}
    stands_for: tuple[str, ...] = ()
    register_only: Register = Register.NO
    basis: str = ""
    help: str = ""


def readable(facts: Mapping[str, FactType], documents: Mapping[str, DocumentType]) -> dict[str, FactType]:
    """Everything a condition may name: the facts, and the fields of documents as `document.field`."""
    found = dict(facts)
    for paper in documents.values():
        for field in paper.fields.values():
            name = f"{paper.key}.{field.key}"
            found[name] = replace(field, key=name, title=f"{paper.title}·{field.title}")
    return found


class Requirement(Struct, frozen=True):
    """A paper that a stage needs: one document, or any one of several."""

    any_of: tuple[str, ...]
    when: Condition | None = None
    recommended: bool = False
    soft: bool = False
    basis: str = ""


class After(Struct, frozen=True):
    """An order that no paper carries: another stage first, and perhaps a minimum wait after it."""

    stage: str
    wait: Limit | None = None
    basis: str = ""


class Rung(Struct, frozen=True):
    """What happens `offset` working days before (negative) or after a due date: who is told."""

    offset: int
    tell: tuple[str, ...]


class Step(Struct, frozen=True):
    """One thing in a stage that somebody must do.

    `by` is the post that does it; in an external step `body` decides, `by` records and `confirm`
    checks the record against the original. `within` is the limit of a step of our own; `file`, `accept`,
    `correct`, `promised` and `statutory` are limits of an external one, `file` and `correct` of our
    part in it; `minimum` is the shortest lawful publicity; `extend` is the longest single extension
    that the law allows.
    """

    key: str
    kind: StepKind
    title: str
    by: str
    within: Limit | None = None
    body: str = ""
    file: Limit | None = None
    accept: Limit | None = None
    correct: Limit | None = None
    promised: Limit | None = None
    statutory: Limit | None = None
    extend: Limit | None = None
    confirm: str = "section_chief"
    minimum: Limit | None = None
    minutes: str = ""
    basis: str = ""
    ladder: tuple[Rung, ...] = ()


class Stage(Struct, frozen=True):
    """One approval of the project: what it needs, what it issues, its steps and its limits."""

    key: str
    title: str
    phase: str
    steps: tuple[Step, ...]
    needs: tuple[Requirement, ...] = ()
    issues: tuple[str, ...] = ()
    after: tuple[After, ...] = ()
    when: Condition | None = None
    prepare: Limit | None = None
    ladder: tuple[Rung, ...] = ()
    nature: str = ""
    basis: str = ""
    help: str = ""

    def step(self, key: str) -> Step:
        """The step of that key; KeyError if the stage has none."""
        for step in self.steps:
            if step.key == key:
                return step
        raise KeyError(key)


class Definition(Struct, frozen=True, dict=True):
    """One project type at one version.

    `digest` is the SHA-256 of the text it was read from: a project names the digest it follows,
    so a published version can never change under it.
    """

    type: str
    version: int
    title: str
    phases: tuple[str, ...]
    stages: Mapping[str, Stage]
    documents: Mapping[str, DocumentType]
    facts: Mapping[str, FactType]
    basis: tuple[str, ...] = ()
    sums: tuple[Sum, ...] = ()
    ladder: tuple[Rung, ...] = ()
    outside_ladder: tuple[Rung, ...] = ()
    digest: str = ""

    @cached_property
    def readable(self) -> dict[str, FactType]:
        """Everything a condition may name; what `conditions.explain` wants as its types."""
        return readable(self.facts, self.documents)

    @cached_property
    def issuers(self) -> dict[str, str]:
        """Reply -> the stage that issues it. Replies are the edges of the stage graph."""
        return {reply: stage.key for stage in self.stages.values() for reply in stage.issues}

    @cached_property
    def predecessors(self) -> dict[str, tuple[str, ...]]:
        """Stage -> the stages that come directly before it, by papers or by `after`."""
        return {stage.key: tuple(dict.fromkeys(self._before(stage))) for stage in self.stages.values()}

    @cached_property
    def consumers(self) -> dict[str, tuple[str, ...]]:
        """Reply -> the stages whose issue ends the worry about its validity."""
        return {
            reply: self.documents[reply].used_by
            or tuple(
                stage.key
                for stage in self.stages.values()
                if any(reply in need.any_of for need in stage.needs)
            )
            for reply in self.issuers
        }

    @cached_property
    def only_from(self) -> dict[str, frozenset[str]]:
        """Document -> the stages that issue what satisfies it, if nobody else can hand it in."""
        found: dict[str, frozenset[str]] = {}
        for document in self.documents:
            papers = self.satisfiers(document)
            issuers = frozenset(self.issuers[paper] for paper in papers if paper in self.issuers)
            if issuers and (document in self.issuers or all(paper in self.issuers for paper in papers)):
                found[document] = issuers
        return found

    @cached_property
    def needed_by(self) -> dict[str, tuple[str, ...]]:
        """Document -> the stages that it may satisfy a need of."""
        found: dict[str, dict[str, None]] = {}
        for stage in self.stages.values():
            for need in stage.needs:
                for paper in (paper for option in need.any_of for paper in self.satisfiers(option)):
                    found.setdefault(paper, {})[stage.key] = None
        return {document: tuple(stages) for document, stages in found.items()}

    @cached_property
    def followers(self) -> dict[str, tuple[str, ...]]:
        """Stage -> the stages whose turn may come, or go, when it changes: by papers, order or condition."""
        found: dict[str, dict[str, None]] = {key: {} for key in self.stages}
        for key in self.stages:
            for before in (*self.predecessors[key], *self._read_by_conditions(key)):
                found[before][key] = None
        return {key: tuple(after) for key, after in found.items()}

    def ancestors(self, stage: str) -> set[str]:
        """Every stage that lies before `stage`, directly or not."""
        found: set[str] = set()
        todo = list(self.predecessors[stage])
        while todo:
            key = todo.pop()
            if key not in found:
                found.add(key)
                todo.extend(self.predecessors[key])
        return found

    def satisfiers(self, document: str) -> tuple[str, ...]:
        """The documents that satisfy a need for `document`: itself, and those that stand for it."""
        return self._satisfiers.get(document, (document,))

    def ladder_of(self, stage: Stage, step: Step | None, *, outside: bool) -> tuple[Rung, ...]:
        """The ladder of a clock: the step's own, else the stage's, else the definition's."""
        if step is not None and step.ladder:
            return step.ladder
        return stage.ladder or (self.outside_ladder if outside else self.ladder)

    @cached_property
    def _satisfiers(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for paper in self.documents.values():
            for stood_for in paper.stands_for:
                found[stood_for] = (*found.get(stood_for, (stood_for,)), paper.key)
        return found

    def reading(self, facts: Iterable[str]) -> tuple[str, ...]:
        """The stages whose own condition, or that of a need, reads one of these facts."""
        wanted = set(facts)
        return tuple(stage for stage, read in self._reads.items() if not wanted.isdisjoint(read))

    @cached_property
    def _reads(self) -> dict[str, frozenset[str]]:
        """Stage -> the facts and fields that its own condition, or that of a need, reads."""
        return {
            key: frozenset().union(
                *(
                    names(when)
                    for when in (stage.when, *(need.when for need in stage.needs))
                    if when is not None
                )
            )
            for key, stage in self.stages.items()
        }

    def _read_by_conditions(self, stage: str) -> Iterator[str]:
        for name in self._reads[stage]:
            reply, _, field = name.partition(".")
            if field and reply in self.issuers:
                yield self.issuers[reply]

    def _before(self, stage: Stage) -> Iterator[str]:
        for need in stage.needs:
            for document in need.any_of:
                for paper in self.satisfiers(document):
                    if paper in self.issuers:
                        yield self.issuers[paper]
        for order in stage.after:
            yield order.stage
