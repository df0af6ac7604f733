"""What changed from one version of a project type to another, in words: compared by structure, not by text.

Invariant: two definitions that state the same rules differ in nothing, however their files are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from workflow.definition import Definition, DocumentType, Register
from workflow.rulebook import PARTS, StageRules, Statement, fact_rules, stage_rules

WHOLE = ""
"""The key of changes that concern the type as a whole."""

LISTED = "列入"
"""What is said of something that is only there or not."""

NAMED = {"step", "项目信息", "材料"}
"""The parts whose subject has a name of its own, which may change while its key stays."""


class Change(Struct, frozen=True):
    """One difference: what it is about, and how it was and is; `before` or `after` is empty where there is none."""

    part: str
    subject: str
    before: str
    after: str

    @property
    def words(self) -> str:
        """所需材料“用地红线图”：增加（必备）, as a sentence for lists."""
        name = self.part if self.part == self.subject else f"{self.part}“{self.subject}”"
        if not self.before:
            return f"{name}：增加{_bracketed(self.after)}"
        if not self.after:
            return f"{name}：取消{_bracketed(self.before, '原')}"
        return f"{name}：由“{self.before}”改为“{self.after}”"


def _bracketed(words: str, mark: str = "") -> str:
    return "" if words == LISTED else f"（{mark}{words}）"


class Section(Struct, frozen=True):
    """All changes of one stage, or of the type as a whole. `mark` is added, removed or changed."""

    key: str
    title: str
    mark: str
    changes: tuple[Change, ...]


def difference(old: Definition, new: Definition) -> tuple[Section, ...]:
    """Every difference, the whole first, then stage by stage in the order of the new version."""
    return tuple(_sections(old, new))


def _sections(old: Definition, new: Definition) -> Iterator[Section]:
    whole = tuple(_compared(_whole(old), _whole(new)))
    if whole:
        yield Section(WHOLE, "总体", "changed", whole)
    before = {stage.key: stage for stage in stage_rules(old)}
    after = {stage.key: stage for stage in stage_rules(new)}
    for key, stage in after.items():
        if key not in before:
            yield Section(key, stage.title, "added", tuple(_compared({}, _book(stage))))
            continue
        changes = tuple(_compared(_book(before[key]), _book(stage)))
        if changes:
            yield Section(key, stage.title, "changed", changes)
    for key, stage in before.items():
        if key not in after:
            yield Section(key, stage.title, "removed", ())


def _compared(before: Mapping[str, Statement], after: Mapping[str, Statement]) -> Iterator[Change]:
    for key in (key for key in dict.fromkeys((*after, *before)) if before.get(key) != after.get(key)):
        old, new = before.get(key), after.get(key)
        it = after[key] if key in after else before[key]
        renamed = old is not None and new is not None and it.part in NAMED and old.subject != new.subject
        said, says = _said(old, renamed=renamed), _said(new, renamed=renamed)
        if said != says:
            yield Change(PARTS.get(it.part, it.part), it.subject, said, says)


def _said(statement: Statement | None, *, renamed: bool) -> str:
    if statement is None:
        return ""
    return statement.subject if renamed else statement.words or LISTED


def _book(stage: StageRules) -> dict[str, Statement]:
    stated = (
        Statement("名称", "", "名称", stage.title),
        Statement("阶段", "", "阶段", stage.phase),
        Statement("性质", "", "性质", stage.nature or "未注明"),
        *stage.statements,
    )
    return {f"{each.part} {each.key}": each for each in stated}


def _taken(definition: Definition, document: DocumentType) -> str:
    """How a paper is taken in: its formats, whether it has a number, and what it may stand for."""
    instead = "、".join(definition.documents[key].title for key in document.stands_for)
    parts = (
        "、".join(document.formats),
        "须填文号" if document.number else "",
        {Register.ALLOWED: "可仅登记", Register.ALWAYS: "只登记不上传"}.get(document.register_only, ""),
        f"可代替{instead}" if instead else "",
    )
    return "，".join(part for part in parts if part)


def _whole(definition: Definition) -> dict[str, Statement]:
    stated = (
        Statement("名称", "", "名称", definition.title),
        Statement("阶段", "", "阶段", "、".join(definition.phases)),
        *(Statement("依据", each, each, LISTED) for each in definition.basis),
        *(Statement("项目信息", each.key, each.title, each.words) for each in fact_rules(definition)),
        *(Statement("材料", each.key, each.title, LISTED) for each in definition.documents.values()),
        *(
            Statement("收件要求", each.key, each.title, _taken(definition, each))
            for each in definition.documents.values()
        ),
    )
    return {f"{each.part} {each.key}": each for each in stated}
