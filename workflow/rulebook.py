"""A definition as rules in words that a clerk reads: one statement per fact, each under a lasting key.

Pages print the statements, and `difference` compares two books of them. Invariant: two versions that state
the same rule give the same statement under the same key, whatever order their files have.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from workflow.definition import (
    POSTS,
    Definition,
    DocumentType,
    FactType,
    Kind,
    Register,
    Requirement,
    Stage,
    Step,
)
from workflow.rules import condition_words

PARTS = {
    "when": "办理条件",
    "after": "先后",
    "need": "所需材料",
    "prepare": "准备期限",
    "step": "环节",
    "limit": "时限",
    "issue": "办结取得",
    "basis": "依据",
    "help": "说明",
}
"""The parts of a stage's rules, in the order in which they are read."""

LIMITS = {
    "within": "办理时限",
    "file": "报送时限",
    "accept": "受理时限",
    "correct": "补正时限",
    "promised": "承诺时限",
    "statutory": "法定时限",
    "extend": "最长可延长",
    "minimum": "公示不少于",
}
"""The limits of a step, as its field -> words."""

KINDS = {
    Kind.TEXT: "文字",
    Kind.INTEGER: "整数",
    Kind.DECIMAL: "数值",
    Kind.MONEY: "金额",
    Kind.DATE: "日期",
    Kind.BOOL: "是或否",
    Kind.CHOICE: "选择",
}


class Statement(Struct, frozen=True):
    """One rule: which part, of what (`key`, and `subject` in words), and what it says."""

    part: str
    key: str
    subject: str
    words: str


class StageRules(Struct, frozen=True):
    """All that is ruled about one stage."""

    key: str
    title: str
    phase: str
    nature: str
    statements: tuple[Statement, ...]

    def of(self, part: str) -> tuple[Statement, ...]:
        """The statements of one part."""
        return tuple(each for each in self.statements if each.part == part)

    def limits(self, step: str) -> tuple[Statement, ...]:
        """The limits of one step."""
        return tuple(each for each in self.of("limit") if each.key.partition(".")[0] == step)


class FactRules(Struct, frozen=True):
    """One fact asked at registration, and what depends on it."""

    key: str
    title: str
    words: str
    help: str
    decides: tuple[str, ...]


def stage_rules(definition: Definition) -> tuple[StageRules, ...]:
    """The rules of every stage, phase by phase."""
    place = {phase: number for number, phase in enumerate(definition.phases)}
    ordered = sorted(definition.stages.values(), key=lambda stage: place[stage.phase])
    return tuple(
        StageRules(stage.key, stage.title, stage.phase, stage.nature, tuple(_statements(definition, stage)))
        for stage in ordered
    )


def fact_rules(definition: Definition) -> tuple[FactRules, ...]:
    """Every fact with the stages that it decides about."""
    return tuple(
        FactRules(
            fact.key,
            fact.title,
            _fact_words(fact),
            fact.help,
            tuple(definition.stages[key].title for key in definition.reading([fact.key])),
        )
        for fact in definition.facts.values()
    )


def _fact_words(fact: FactType) -> str:
    words = "、".join(fact.options) if fact.options else KINDS[fact.kind]
    return f"{words}（{fact.unit}）" if fact.unit else words


def _statements(definition: Definition, stage: Stage) -> Iterator[Statement]:
    if stage.when is not None:
        yield Statement("when", "", "办理条件", f"仅当{condition_words(definition, stage.when)}时办理")
    yield from _orders(definition, stage)
    for need in stage.needs:
        title = "或".join(definition.documents[key].title for key in need.any_of)
        yield Statement("need", " ".join(sorted(need.any_of)), title, _need_words(definition, need))
    if stage.prepare is not None:
        yield Statement("prepare", "", "准备期限", f"{stage.prepare}内备齐材料")
    for step in stage.steps:
        yield from _step_statements(step)
    for reply in stage.issues:
        document = definition.documents[reply]
        yield Statement("issue", reply, document.title, _validity(definition, document))
    for part, text in (("basis", stage.basis), ("help", stage.help)):
        if text:
            yield Statement(part, "", PARTS[part], text)


def _orders(definition: Definition, stage: Stage) -> Iterator[Statement]:
    """What has to be finished first: for its papers, or because the order says so."""
    waits = {order.stage: order for order in stage.after}
    for key in definition.predecessors[stage.key]:
        order = waits.get(key)
        words = f"办结后满{order.wait}" if order is not None and order.wait else "办结后"
        basis = f"（{order.basis}）" if order is not None and order.basis else ""
        yield Statement("after", key, definition.stages[key].title, words + basis)


def _need_words(definition: Definition, need: Requirement) -> str:
    register = {definition.documents[key].register_only for key in need.any_of}
    parts = [
        "推荐" if need.recommended else "必备",
        "经批准可暂缺" if need.soft else "",
        f"仅当{condition_words(definition, need.when)}" if need.when is not None else "",
        "只登记不上传"
        if register == {Register.ALWAYS}
        else "可仅登记文号"
        if register != {Register.NO}
        else "",
        _based(need.basis),
    ]
    return "，".join(filter(None, parts))


def _step_statements(step: Step) -> Iterator[Statement]:
    doer = (
        f"{step.body}办理，{POSTS[step.by]}登记，{POSTS[step.confirm]}核对" if step.body else POSTS[step.by]
    )
    yield Statement("step", step.key, step.title, doer)
    for field, words in LIMITS.items():
        limit = getattr(step, field)
        if limit is not None:
            yield Statement("limit", f"{step.key}.{field}", f"{step.title}·{words}", str(limit))
    if step.basis:
        yield Statement("limit", f"{step.key}.basis", f"{step.title}·依据", step.basis)


def _validity(definition: Definition, document: DocumentType) -> str:
    users = "、".join(definition.stages[key].title for key in document.used_by)
    parts = [
        f"有效期{document.valid}" if document.valid else "",
        f"期满前{document.renew}申请延续" if document.renew else "",
        f"办完{users}前须有效" if users and document.valid else "",
        _based(document.basis),
    ]
    return "，".join(filter(None, parts))


def _based(basis: str) -> str:
    return f"依据{basis}" if basis else ""
