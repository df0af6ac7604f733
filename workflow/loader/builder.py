"""From the values that were read to the frozen types, with the defaults that a definition may leave out.

Invariant: a draft is built from any file, however broken; what could not be read stands empty in it, and
`doubtful` and `unread` say so, so that no proof blames the rest of the file.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from workflow.conditions import Condition, ConditionError, parse
from workflow.definition import (
    After,
    Definition,
    DocumentType,
    FactType,
    Kind,
    Limit,
    Register,
    Requirement,
    Rung,
    Stage,
    Step,
    StepKind,
    Sum,
    Unit,
    readable,
)
from workflow.loader.findings import Place
from workflow.loader.nodes import Scalar
from workflow.loader.reader import Mention, Path, Reader, Values

DEFAULT_LADDER = (
    Rung(-3, ("holder",)),
    Rung(-1, ("holder",)),
    Rung(0, ("holder", "clerk")),
    Rung(1, ("deputy_director",)),
    Rung(3, ("director",)),
    Rung(10, ("overseer",)),
)
"""For our own clocks: the holder first, then upwards."""

DEFAULT_OUTSIDE_LADDER = (
    Rung(-1, ("clerk",)),
    Rung(0, ("clerk",)),
    Rung(1, ("clerk", "section_chief")),
    Rung(5, ("deputy_director",)),
)
"""For the clocks of outside bodies: their lateness is never shown as the clerk's own."""

DEFAULT_FILE = Limit(3, Unit.WORKDAYS)
"""How long the clerk has to hand a file signed inside to the outside office: 本局内部时限, no law sets it.
Every definition has it, because a file that lies in a drawer is a stall that no other clock sees."""

_LONGEST = {Unit.DAYS: 1, Unit.MONTHS: 31, Unit.YEARS: 366}
"""How many days each unit of a limit has at most."""


class Draft(Struct, frozen=True):
    """A definition that was read but not yet proved, and where everything in it stands.

    `holes` could not be read; `doubtful` are facts whose kind could not, `unread` sections that could not.
    """

    definition: Definition
    places: dict[Path, Place]
    mentions: list[Mention]
    holes: frozenset[Path]
    doubtful: frozenset[str]
    unread: frozenset[str]


def build(values: Values, reader: Reader, digest: str) -> Draft:
    """The draft of what `reader` read; conditions are checked here, where their types are known."""
    builder = _Builder(values, reader)
    definition = Definition(
        type=values.get("type") or "",
        version=values.get("version") or 0,
        title=values.get("title") or "",
        phases=_texts(values.get("phases")),
        stages=builder.stages(),
        documents=builder.documents,
        facts=builder.facts,
        basis=_texts(values.get("basis")),
        sums=tuple(_sum(each or {}) for each in values.get("sums") or ()),
        ladder=_ladder(values.get("ladder")) or DEFAULT_LADDER,
        outside_ladder=_ladder(values.get("outside_ladder")) or DEFAULT_OUTSIDE_LADDER,
        digest=digest,
    )
    return Draft(
        definition,
        reader.places,
        reader.mentions,
        frozenset(reader.holes),
        frozenset(builder.doubtful),
        builder.unread,
    )


class _Builder:
    """Builds facts and documents first, then the stages, whose conditions read them."""

    def __init__(self, values: Values, reader: Reader) -> None:
        self.values = values
        self.reader = reader
        self.doubtful: set[str] = set()
        self.unread = _unread(values)
        self.facts = {key: self.fact(key, each, ("facts", key)) for key, each in _entries(values, "facts")}
        self.documents = {key: self.document(key, each) for key, each in _entries(values, "documents")}
        self.types = readable(self.facts, self.documents)

    def stages(self) -> dict[str, Stage]:
        return {key: self.stage(key, each) for key, each in _entries(self.values, "stages")}

    def fact(self, key: str, values: Values, path: Path) -> FactType:
        kind = values.pop("kind", None)
        if kind is None:
            self.doubtful.add(".".join(str(part) for part in path[1:] if part != "fields"))
        elif kind == Kind.CHOICE and "options" not in values:
            self.reader.findings.add(self.reader.places[path], "options-missing")
        elif kind != Kind.CHOICE and "options" in values:
            self.reader.findings.add(self.reader.places[*path, "options"], "options-unwanted")
        present = _present(values)
        return FactType(**{"key": key, "title": key, "kind": Kind(kind or Kind.TEXT), **present})

    def document(self, key: str, values: Values) -> DocumentType:
        path = ("documents", key, "fields")
        if self.reader.holes & {path, path[:2]}:
            self.doubtful.add(key)
        present = _present(values)
        present["number"] = "number" in present
        present["register_only"] = Register(present.get("register_only", Register.NO))
        present["fields"] = {
            name: self.fact(name, each, (*path, name)) for name, each in _entries(present, "fields")
        }
        return DocumentType(**{"key": key, "title": key, **present})

    def stage(self, key: str, values: Values) -> Stage:
        present = _present(values)
        steps = present.get("steps", ())
        return Stage(
            **{
                "key": key,
                "title": key,
                "phase": "",
                **present,
                "when": self.condition(values.get("when")),
                "needs": tuple(self.requirement(each or {}) for each in present.get("needs", ())),
                "issues": _texts(present.get("issues")),
                "after": tuple(_after(each or {}) for each in present.get("after", ())),
                "prepare": _within(present.get("prepare")),
                "steps": tuple(_step(*(each or (StepKind.REVIEW, {}))) for each in steps),
                "ladder": _ladder(present.get("ladder")),
            }
        )

    def requirement(self, values: Values) -> Requirement:
        present = _present(values)
        document = present.pop("document", None)
        any_of = _texts(present.pop("any_of", None)) or _texts([document])
        return Requirement(**{**present, "any_of": any_of, "when": self.condition(values.get("when"))})

    def condition(self, scalar: Scalar | None) -> Condition | None:
        if scalar is None or self.unread & {"facts", "documents"}:
            return None
        try:
            return parse(scalar.text, self.types)
        except ConditionError as error:
            if not any(re.search(rf"\b{re.escape(name)}\b", scalar.text) for name in self.doubtful):
                place = scalar.place_of(error.column)
                self.reader.findings.add(place, "bad-condition", problem=error.message)
            return None


def _step(kind: str, values: Values) -> Step:
    present = _present(values)
    if "minimum" in present:
        present.setdefault("within", _publicity_limit(present["minimum"]))
    return Step(
        **{
            "key": kind,
            "title": kind,
            "by": "clerk",
            **present,
            "kind": StepKind(kind),
            "file": _within(present.get("file")) or (DEFAULT_FILE if kind == StepKind.EXTERNAL else None),
            "accept": _within(present.get("accept")),
            "correct": _within(present.get("correct")),
            "ladder": _ladder(present.get("ladder")),
        }
    )


def _publicity_limit(minimum: Limit) -> Limit:
    """The limit of a publicity that names none: as long as it must hang out, and a week to conclude it.

    本局内部时限, no law sets it; without one, a publicity that everybody forgot would be late for nobody.
    """
    if minimum.unit is Unit.WORKDAYS:
        return Limit(minimum.amount + 5, Unit.WORKDAYS)
    return Limit(minimum.amount * _LONGEST[minimum.unit] + 7, Unit.DAYS)


def _sum(values: Values) -> Sum:
    return Sum(values.get("total") or "", _texts(values.get("parts")))


def _after(values: Values) -> After:
    return After(values.get("stage") or "", values.get("wait"), values.get("basis") or "")


def _within(values: Values | None) -> Any:
    return None if values is None else values.get("within")


def _ladder(rungs: tuple[Values | None, ...] | None) -> tuple[Rung, ...]:
    return tuple(
        Rung(each.get("at") or 0, _texts(each.get("tell"))) for each in ((rung or {}) for rung in rungs or ())
    )


def _texts(items: Any) -> tuple[str, ...]:
    """A list of texts; one that could not be read is empty, so that the others keep their positions."""
    return tuple(item or "" for item in items or ())


def _present(values: Values) -> Values:
    return {key: value for key, value in values.items() if value is not None}


def _entries(values: Values, section: str) -> list[tuple[str, Values]]:
    return [(key, dict(each or {})) for key, each in (values.get(section) or {}).items()]


def _unread(values: Values) -> frozenset[str]:
    """The sections that are there but could not be read, or that are required and absent."""
    required = {"phases", "documents", "stages"}
    return frozenset(
        section
        for section in ("phases", "facts", "documents", "stages")
        if values.get(section) is None and (section in values or section in required)
    )
