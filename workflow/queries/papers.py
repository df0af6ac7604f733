"""Papers as pages show them: versions, numbers, validity; and what the stage still needs of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from workflow.definition import Definition, DocumentType, FactType, Kind, Stage
from workflow.queries.reading import Reading
from workflow.queries.views import DocumentView, FieldView, NeedView, PaperView
from workflow.queries.words import caution_of, clock_time, due_of
from workflow.rules import (
    Need,
    condition_words,
    fact_titles,
    may_hand_in,
    minutes_of,
    needs_of,
    unsettled_by,
)
from workflow.state import Paper

_STANDINGS = {"missing": "缺", "expired": "已过有效期", "unknown": "待定"}


def paper_view(reading: Reading, key: str, paper: Paper) -> PaperView:
    """The present version of a document."""
    kind = reading.definition.documents.get(key)
    issuer = reading.definition.issuers.get(key)
    return PaperView(
        key=key,
        title=kind.title if kind else key,
        version=paper.version,
        reply=issuer is not None,
        sha256=paper.sha256,
        name=paper.name,
        size=paper.size,
        media=paper.media,
        number=paper.number,
        issuer=paper.issuer,
        issued_on=paper.issued_on,
        kept_at=paper.kept_at,
        by=reading.directory.acting(paper.by, paper.on_behalf),
        checked_by=reading.directory.acting(paper.checked_by, paper.checked_for) if paper.checked_by else "",
        at=clock_time(paper.at),
        fields=_field_words(kind, paper.fields) if kind else (),
        valid_until=paper.valid_until,
        validity=due_of(paper.clock, reading.calendar, reading.day),
        valid=paper.is_valid(reading.day),
        caution=caution_of(paper.marks),
        taken_over=issuer is not None and reading.state.stage(issuer).taken_over,
        unsettles=tuple(_unsettled(reading, stage) for stage in unsettled_by(reading.case, key)),
    )


def _unsettled(reading: Reading, key: str) -> str:
    """What becomes of a stage under review if a paper of it is replaced: “概算审核”将从“科室审核”重新审核."""
    spec, acts = reading.stage(key), reading.state.stage(key).acts
    decided = [
        act.body or reading.directory.acting(act.by, act.on_behalf) for act in acts if act.what != "submit"
    ]
    words = f"“{spec.title}”将从“{spec.steps[0].title}”重新审核"
    return f"{words}，{'、'.join(decided)}的意见不再有效" if decided else words


def paper_views(reading: Reading) -> tuple[PaperView, ...]:
    """Every document of the project, in the definition's order."""
    documents = reading.state.documents
    order = {key: place for place, key in enumerate(reading.definition.documents)}
    keys = sorted(documents, key=lambda key: order.get(key, len(order)))
    return tuple(paper_view(reading, key, documents[key]) for key in keys)


def _field_words(kind: DocumentType, fields: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (kind.fields[key].title, value_words(kind.fields[key], value))
        for key, value in fields.items()
        if key in kind.fields and value is not None
    )


def document_view(definition: Definition, key: str) -> DocumentView:
    """A kind of paper as a form offers it."""
    kind = definition.documents[key]
    return DocumentView(
        key=key,
        title=kind.title,
        formats=kind.formats,
        number=kind.number,
        register=kind.register_only.value,
        reply=key in definition.issuers,
        help=kind.help,
        fields=tuple(
            replace(field_view(each), read=bool(definition.reading([f"{key}.{each.key}"])))
            for each in kind.fields.values()
        ),
    )


def field_view(fact: FactType, value: Any = None) -> FieldView:
    """A typed fact or field with its value in words."""
    words = "" if value is None else value_words(fact, value)
    return FieldView(fact.key, fact.title, fact.kind.value, fact.unit, fact.options, fact.help, value, words)


def value_words(fact: FactType, value: Any) -> str:
    """A stored value as people read it: 2,860.00 万元, 是, 2026-09-18."""
    unit = f" {fact.unit}" if fact.unit else ""
    match fact.kind:
        case Kind.MONEY:
            return f"{Decimal(str(value)):,.2f}{unit}"
        case Kind.DECIMAL:
            return f"{Decimal(str(value)):,}{unit}"
        case Kind.INTEGER:
            return f"{int(value):,}{unit}"
        case Kind.BOOL:
            return "是" if value else "否"
        case _:
            return f"{value}{unit}"


def need_views(reading: Reading, spec: Stage) -> tuple[NeedView, ...]:
    """Every requirement of the stage that applies or may apply, how it stands, and the minutes of its meeting."""
    needs, minutes = needs_of(reading.case, spec), minutes_of(reading.case, spec)
    found = {need.key: need for need in (*needs, *((minutes,) if minutes else ()))}
    return tuple(_need_view(reading, need) for need in found.values())


def _need_view(reading: Reading, need: Need) -> NeedView:
    definition, requirement = reading.definition, need.requirement
    documents = tuple(document_view(definition, key) for key in need.options)
    found = reading.state.documents.get(need.satisfied_by) if need.satisfied_by else None
    paper = paper_view(reading, need.satisfied_by, found) if found else None
    return NeedView(
        key=need.key,
        title="或".join(each.title for each in documents),
        standing=_standing(need),
        words=_words(reading, need, paper),
        paper=paper,
        documents=documents,
        addable=tuple(each for each in documents if not may_hand_in(reading.case, each.key)),
        recommended=requirement.recommended,
        soft=requirement.soft,
        basis=requirement.basis,
        condition=condition_words(definition, requirement.when) if requirement.when else "",
    )


def _standing(need: Need) -> str:
    if not need.problem:
        return "ok"
    return "passed" if need.passed else need.problem


def _words(reading: Reading, need: Need, paper: PaperView | None) -> str:
    if paper is not None:
        instead = f"由{paper.title}代替，" if paper.key not in need.options else ""
        kept = f"仅登记，存{paper.kept_at}" if paper.kept_at and not paper.sha256 else f"第{paper.version}版"
        return instead + (paper.number or kept)
    if need.passed:
        return "经批准暂缺"
    if need.problem == "unknown":
        return f"是否需要待定：{fact_titles(reading.definition, need.unknown)}未填"
    word = _STANDINGS[need.problem]
    return f"{word}（推荐）" if need.requirement.recommended else word
