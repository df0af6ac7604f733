"""What must hold of a definition as a whole: every name declared, every order possible.

Invariant: a definition with no error here can be walked from its first stage to its last; each proof is
one function, sees a draft that may have holes, and is silent about what stands in a hole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from msgspec import Struct

from workflow.conditions import Condition, asks_first, names
from workflow.definition import FactType, Kind, Rung, Stage, StepKind, Unit
from workflow.loader.findings import Findings, hint

if TYPE_CHECKING:
    from workflow.clock import Limit
    from workflow.loader.builder import Draft
    from workflow.loader.reader import Path

_NUMERIC = frozenset({Kind.MONEY, Kind.DECIMAL, Kind.INTEGER})
_SECTIONS = {"document": "documents", "stage": "stages", "fact": "facts", "phase": "phases"}
_DAYS = {Unit.WORKDAYS: 1.4, Unit.DAYS: 1.0, Unit.MONTHS: 30.4, Unit.YEARS: 365.0}
_MOST_CYCLES = 10
_MOST_GUESSES = 100


def prove(draft: Draft, findings: Findings) -> None:
    """Note everything in the draft that does not hold together."""
    for proof in _PROOFS:
        proof(draft, findings)


def _names_are_declared(draft: Draft, findings: Findings) -> None:
    known = _declared(draft)
    undeclared = [
        mention
        for mention in draft.mentions
        if _SECTIONS[mention.of] not in draft.unread and mention.name not in known[mention.of]
    ]
    for number, mention in enumerate(undeclared):
        candidates = known[mention.of] if number < _MOST_GUESSES else {}
        guess = hint(mention.name, candidates, f"；请先在 {_SECTIONS[mention.of]} 下写明它")
        findings.add(mention.place, f"undefined-{mention.of}", name=mention.name, hint=guess)


def _replies_have_one_issuer(draft: Draft, findings: Findings) -> None:
    issuers: dict[str, tuple[Stage, int]] = {}
    for stage in draft.definition.stages.values():
        for index, reply in enumerate(stage.issues):
            place = draft.places["stages", stage.key, "issues", index]
            other, line = issuers.setdefault(reply, (stage, place[0]))
            if other is not stage and reply:
                document, title = _document(draft, reply), _quoted(other.title)
                findings.add(place, "reply-issued-twice", document=document, stage=title, line=line)


def _steps_have_their_own_names(draft: Draft, findings: Findings) -> None:
    for stage in draft.definition.stages.values():
        lines: dict[str, int] = {}
        for index, step in enumerate(stage.steps):
            path: Path = ("stages", stage.key, "steps", index)
            place = draft.places.get((*path, "key"), draft.places[path])
            if draft.holes & {path, (*path, "key")}:
                continue
            if step.key in lines:
                findings.add(place, "duplicate-step", key=step.key, line=lines[step.key])
            lines.setdefault(step.key, place[0])


def _sums_add_numbers(draft: Draft, findings: Findings) -> None:
    for path, fact, total in _members(draft):
        if fact.kind not in _NUMERIC:
            code = "sum-not-numeric"
        elif fact is total and "parts" in path:
            code = "sum-of-itself"
        elif total.kind in _NUMERIC and fact.unit != total.unit:
            code = "sum-mixed-units"
        else:
            continue
        data = {
            "fact": _quoted(fact.title),
            "unit": fact.unit,
            "total": _quoted(total.title),
            "other": total.unit,
        }
        findings.add(draft.places[path], code, **data)


def _caps_compare_numbers(draft: Draft, findings: Findings) -> None:
    definition, issuers = draft.definition, _issuers(draft)
    written: list[tuple[Path, FactType, str]] = [
        (("facts", key), fact, "") for key, fact in definition.facts.items()
    ]
    written += [
        (("documents", paper.key, "fields", key), field, paper.key)
        for paper in definition.documents.values()
        for key, field in paper.fields.items()
    ]
    for path, field, paper in written:
        capped = definition.facts.get(field.caps)
        if capped is None or capped.key in draft.doubtful or f"{paper}.{field.key}" in draft.doubtful:
            continue
        place = draft.places[(*path, "caps")]
        if paper not in issuers:
            findings.add(place, "cap-not-on-reply")
        elif {field.kind, capped.kind} - _NUMERIC or field.unit != capped.unit:
            findings.add(place, "cap-unlike", fact=_quoted(capped.title), field=_quoted(field.title))


def _ladders_ascend(draft: Draft, findings: Findings) -> None:
    for path, ladder in _ladders(draft):
        seen: list[int] = []
        for index, rung in enumerate(ladder):
            where = (*path, index, "at")
            if where not in draft.places or where in draft.holes:
                continue
            if rung.offset in seen:
                findings.add(draft.places[where], "ladder-repeats")
            elif seen and rung.offset < seen[-1]:
                findings.add(draft.places[where], "ladder-order")
            seen.append(rung.offset)


def _promises_keep_within_the_law(draft: Draft, findings: Findings) -> None:
    for stage in draft.definition.stages.values():
        for index, step in enumerate(stage.steps):
            if step.promised and step.statutory and _days(step.promised) > _days(step.statutory):
                place = draft.places["stages", stage.key, "steps", index, "promised"]
                findings.add(
                    place, "promised-beyond-statutory", promised=step.promised, statutory=step.statutory
                )


def _steps_have_limits(draft: Draft, findings: Findings) -> None:
    """A warning: where no clock runs, nobody hears that it stands still. It waits until all that is wrong is mended."""
    if findings.has_errors:
        return
    for stage in draft.definition.stages.values():
        for index, step in enumerate(stage.steps):
            path: Path = ("stages", stage.key, "steps", index)
            outside = step.kind is StepKind.EXTERNAL
            limits = ("promised", "statutory") if outside else ("within",)
            if not any(getattr(step, limit) for limit in limits):
                what = "promised 或 statutory" if outside else "within"
                findings.add(draft.places[path], "step-without-limit", step=_quoted(step.title), limit=what)


def _publicities_leave_time(draft: Draft, findings: Findings) -> None:
    """What hangs out for its lawful days is concluded after them: a limit within them would always be missed."""
    for stage in draft.definition.stages.values():
        for index, step in enumerate(stage.steps):
            place = draft.places.get(("stages", stage.key, "steps", index, "within"))
            if place and step.minimum and step.within and _days(step.within) <= _days(step.minimum):
                findings.add(place, "publicity-without-time", within=step.within, minimum=step.minimum)


def _nothing_stands_for_itself(draft: Draft, findings: Findings) -> None:
    for paper in draft.definition.documents.values():
        for index, stood_for in enumerate(paper.stands_for):
            if stood_for == paper.key:
                place = draft.places["documents", paper.key, "stands_for", index]
                findings.add(place, "stands-for-itself", document=_quoted(paper.title))


def _documents_are_used(draft: Draft, findings: Findings) -> None:
    """A warning; beside a misspelt or unreadable name it would only repeat that, so it is silent then."""
    documents = draft.definition.documents
    mentioned = {mention.name for mention in draft.mentions if mention.of == "document"}
    if draft.unread or draft.holes or not mentioned <= documents.keys():
        return
    for paper in documents.values():
        if paper.key not in mentioned and not set(paper.stands_for) & mentioned:
            place = draft.places["documents", paper.key]
            findings.add(place, "unused-document", document=_quoted(paper.title))


def _conditions_read_replies(draft: Draft, findings: Findings) -> None:
    for _, path, condition in _conditions(draft):
        for document in _documents_read(condition):
            if document not in draft.definition.issuers:
                title = _document(draft, document)
                findings.add(draft.places[path], "condition-not-reply", document=title, key=document)


def _conditions_can_be_answered(draft: Draft, findings: Findings) -> None:
    """A stage that does not apply issues nothing: a condition on its reply asks for that first, or waits for ever."""
    stages, issuers = draft.definition.stages, _issuers(draft)
    for stage, path, condition in _conditions(draft):
        for document in _documents_read(condition):
            issuer = stages.get(issuers.get(document, stage.key), stage)
            guards = [each for each in (condition, stage.when) if each is not None]
            if (
                issuer is stage
                or issuer.when is None
                or any(asks_first(each, issuer.when) for each in guards)
            ):
                continue
            titles = {"stage": _quoted(stage.title), "issuer": _quoted(issuer.title)}
            said = {"document": _document(draft, document), "when": str(issuer.when)}
            findings.add(draft.places[path], "condition-reads-absent", **titles, **said)


class _Edge(Struct, frozen=True):
    """`later` cannot begin before `earlier` has issued, because of what stands at `path`."""

    later: str
    earlier: str
    path: Path
    code: str
    document: str = ""


def _nobody_waits_for_themselves(draft: Draft, findings: Findings) -> None:
    stages = draft.definition.stages
    edges = []
    for edge in _edges(draft):
        if edge.later == edge.earlier:
            stage, document = _quoted(stages[edge.later].title), _document(draft, edge.document)
            findings.add(draft.places[edge.path], edge.code, stage=stage, document=document)
        else:
            edges.append(edge)
    for _ in range(_MOST_CYCLES):
        cycle = _cycle(edges)
        if cycle is None:
            return
        edge = _weakest(draft, edges, cycle)
        titles = " → ".join(_quoted(stages[key].title) for key in cycle)
        code = "condition-reads-later" if edge.code == "condition-reads-itself" else "cycle"
        findings.add(draft.places[edge.path], code, stage=_quoted(stages[edge.later].title), cycle=titles)
        edges = [each for each in edges if (each.later, each.earlier) != (edge.later, edge.earlier)]


def _edges(draft: Draft) -> Iterator[_Edge]:
    """Who waits for whom: by papers, by `after`, and by what a condition reads."""
    definition, issuers = draft.definition, _issuers(draft)
    for stage in definition.stages.values():
        for index, need in enumerate(stage.needs):
            path: Path = ("stages", stage.key, "needs", index)
            papers = [paper for each in need.any_of for paper in definition.satisfiers(each)]
            for reply in filter(issuers.__contains__, papers):
                yield _Edge(stage.key, issuers[reply], path, "needs-own-reply", reply)
        for index, order in enumerate(stage.after):
            if order.stage in definition.stages:
                yield _Edge(stage.key, order.stage, ("stages", stage.key, "after", index), "after-itself")
    yield from _edges_of_conditions(draft)


def _edges_of_conditions(draft: Draft) -> Iterator[_Edge]:
    issuers = _issuers(draft)
    for stage, path, condition in _conditions(draft):
        for document in _documents_read(condition):
            if document in issuers:
                yield _Edge(stage.key, issuers[document], path, "condition-reads-itself", document)


def _cycle(edges: list[_Edge]) -> list[str] | None:
    """Stages that wait for each other in a ring, each before the next, the first one repeated at the end."""
    before: dict[str, list[str]] = {}
    for edge in edges:
        before.setdefault(edge.later, []).append(edge.earlier)
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1]
        return ring
    return None


def _weakest(draft: Draft, edges: list[_Edge], cycle: list[str]) -> _Edge:
    """The edge of the ring to blame: the one that goes most against the order of the file."""
    order = {key: number for number, key in enumerate(draft.definition.stages)}
    steps = set(zip(cycle[1:], cycle, strict=False))
    ring = [edge for edge in edges if (edge.later, edge.earlier) in steps]
    return min(
        ring,
        key=lambda edge: (order[edge.later] - order[edge.earlier], edge.code == "condition-reads-itself"),
    )


_PROOFS: tuple[Callable[[Draft, Findings], None], ...] = (
    _names_are_declared,
    _replies_have_one_issuer,
    _steps_have_their_own_names,
    _sums_add_numbers,
    _caps_compare_numbers,
    _ladders_ascend,
    _promises_keep_within_the_law,
    _publicities_leave_time,
    _nothing_stands_for_itself,
    _documents_are_used,
    _conditions_read_replies,
    _conditions_can_be_answered,
    _nobody_waits_for_themselves,
    _steps_have_limits,
)


def _issuers(draft: Draft) -> dict[str, str]:
    """Reply -> its issuer; of two, which is a finding of its own, the first."""
    found: dict[str, str] = {}
    for stage in draft.definition.stages.values():
        for reply in filter(None, stage.issues):
            found.setdefault(reply, stage.key)
    return found


def _declared(draft: Draft) -> dict[str, dict[str, str]]:
    definition = draft.definition
    return {
        "document": {key: each.title for key, each in definition.documents.items()},
        "stage": {key: each.title for key, each in definition.stages.items()},
        "fact": {key: each.title for key, each in definition.facts.items()},
        "phase": {phase: phase for phase in definition.phases},
    }


def _conditions(draft: Draft) -> Iterator[tuple[Stage, Path, Condition]]:
    """Every condition of every stage, with the stage that waits for its answer."""
    for stage in draft.definition.stages.values():
        path: Path = ("stages", stage.key)
        if stage.when is not None:
            yield stage, (*path, "when"), stage.when
        for index, need in enumerate(stage.needs):
            if need.when is not None:
                yield stage, (*path, "needs", index, "when"), need.when


def _documents_read(condition: Condition) -> list[str]:
    return sorted({name.partition(".")[0] for name in names(condition) if "." in name})


def _members(draft: Draft) -> Iterator[tuple[Path, FactType, FactType]]:
    """Every fact that a sum names, with the sum's total; what is not known for sure is left out."""
    facts = {key: fact for key, fact in draft.definition.facts.items() if key not in draft.doubtful}
    for index, each in enumerate(draft.definition.sums):
        path: Path = ("sums", index)
        named = [((*path, "total"), each.total)]
        named += [((*path, "parts", part), name) for part, name in enumerate(each.parts)]
        for where, name in named:
            if name in facts and each.total in facts:
                yield where, facts[name], facts[each.total]


def _ladders(draft: Draft) -> Iterator[tuple[Path, tuple[Rung, ...]]]:
    definition = draft.definition
    yield ("ladder",), definition.ladder
    yield ("outside_ladder",), definition.outside_ladder
    for stage in definition.stages.values():
        path: Path = ("stages", stage.key)
        yield (*path, "ladder"), stage.ladder
        for index, step in enumerate(stage.steps):
            yield (*path, "steps", index, "ladder"), step.ladder


def _document(draft: Draft, key: str) -> str:
    paper = draft.definition.documents.get(key)
    return _quoted(paper.title if paper else key)


def _quoted(title: str) -> str:
    return f"“{title}”"


def _days(limit: Limit) -> float:
    return limit.amount * _DAYS[limit.unit]
