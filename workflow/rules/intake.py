"""What a table of running projects would do: which rows begin, which change, which agree, and what is wrong.

Pure: the preview and the import ask the same function. Invariant: a plan without faults is one that the
import can carry out whole; every fault names its table, its row and its field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from workflow.definition import Definition, DocumentType
from workflow.errors import Reason, reason
from workflow.events import ProjectRegistered, Recorded
from workflow.evolve import evolve
from workflow.machine import Compiled
from workflow.people import Directory
from workflow.rules.case import Case
from workflow.rules.doing import clerk_or_chief, may_change_facts, may_complete, may_take_over
from workflow.rules.facts import check_sums, read_facts, typed
from workflow.rules.people import checkers, on_behalf
from workflow.rules.registration import read_registration
from workflow.rules.replies import check_code, check_evidence, check_replies, empty_fields, valid_until
from workflow.state import ISSUED, Completed, Paper, ProjectState, ReplyData, TakenOver

PROJECTS, REPLIES = "projects", "replies"
"""The two tables that a fault may lie in."""

NEW, CHANGED, SAME, FILLED = "new", "changed", "same", "filled"
"""What becomes of a project or of a stage's replies: begun or entered, changed or corrected, nothing; a reply of
which the row says no more than what is still empty is filled in."""

CODE = ""
"""The key of a change of the project code: no fact has it."""

CHECKED_BY = "section_chief"
"""Who checks replies that were taken over, if that post is held; else any supervisor above."""


class GivenReply(Struct, frozen=True):
    """One existing reply as the table has it, with the number of its row."""

    row: int
    data: ReplyData
    as_printed: bool = False


class GivenProject(Struct, frozen=True):
    """One project as the table has it. A fact that is not there is not spoken of: it stays as it is."""

    row: int
    title: str
    organisation: int
    clerk: int
    code: str = ""
    facts: dict[str, str] = {}
    replies: tuple[GivenReply, ...] = ()


class Found(Struct, frozen=True):
    """A project that is followed already and that a row may be about."""

    ref: str
    state: ProjectState
    compiled: Compiled


class Changed(Struct, frozen=True):
    """A fact, or the project code (`CODE`), before and after, as stored; None where it was unknown."""

    key: str
    before: Any
    after: Any


class PlannedStage(Struct, frozen=True):
    """The replies of one stage: entered as new, as a correction, `filled` in, or already there as they are."""

    stage: str
    standing: str
    replies: tuple[ReplyData, ...]
    filled: Completed | None = None


class Planned(Struct, frozen=True):
    """What becomes of one row. `ref` is empty for a project that will be new."""

    row: int
    title: str
    standing: str
    ref: str = ""
    changes: tuple[Changed, ...] = ()
    stages: tuple[PlannedStage, ...] = ()

    @property
    def recoded(self) -> Changed | None:
        """Another code for a project that has one: a slip, a namesake, or meant. A first code is none of these."""
        return next((each for each in self.changes if each.key == CODE and each.before), None)

    @property
    def entries(self) -> tuple[PlannedStage, ...]:
        """The stages that will be entered and then wait for their check."""
        return tuple(each for each in self.stages if each.standing != SAME)


class Fault(Struct, frozen=True):
    """Something wrong in one cell: its table, its row, its field, and the reason."""

    table: str
    row: int
    field: str
    reason: Reason


class Plan(Struct, frozen=True):
    """What the whole table would do, row by row, and everything that is wrong with it."""

    projects: tuple[Planned, ...]
    faults: tuple[Fault, ...]

    @property
    def token(self) -> str:
        """The same as long as the import would do the same."""
        return sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def plan_intake(
    directory: Directory,
    compiled: Compiled,
    given: Sequence[GivenProject],
    candidates: Iterable[Found],
    *,
    actor: int,
    day: date,
) -> Plan:
    """The plan for these rows. `candidates` are all projects with one of their codes, or their name and unit."""
    planner = _Planner(directory, compiled, given, candidates, actor, day)
    projects = [each for row in given if (each := planner.plan(row))]
    return Plan(tuple(projects), tuple(planner.faults))


class _Planner:
    """Goes through the rows once; what is wrong is collected, never raised."""

    def __init__(
        self,
        directory: Directory,
        compiled: Compiled,
        given: Sequence[GivenProject],
        candidates: Iterable[Found],
        actor: int,
        day: date,
    ) -> None:
        self.faults: list[Fault] = []
        self._directory = directory
        self._compiled = compiled
        self._actor = actor
        self._day = day
        self._scope = directory.scope(actor, day)
        self._codes = {row.code for row in given if row.code}
        self._by_code: dict[str, list[Found]] = {}
        self._by_name: dict[tuple[int, str], list[Found]] = {}
        for each in candidates:
            self._by_code.setdefault(each.state.code, []).append(each)
            self._by_name.setdefault((each.state.organisation, each.state.title), []).append(each)
        self._rows_of: dict[str, int] = {}
        self._named: dict[tuple[int, str], GivenProject] = {}

    def plan(self, row: GivenProject) -> Planned | None:
        """What becomes of the row; None if its unit is out of reach or it cannot be said which project it is."""
        if row.organisation in self._directory.organisations and row.organisation not in self._scope:
            self._fault(row, "organisation", reason("out-of-scope", "organisation"))
            return None
        before = len(self.faults)
        found = self._match(row)
        if len(self.faults) > before:
            self._begin(row)  # its cells are told as well, whichever project it turns out to be
            return None
        return self._change(row, found) if found else self._begin(row)

    # Which project a row is about

    def _match(self, row: GivenProject) -> Found | None:
        """By its code, else by its name within the unit; no row is about the same project as another."""
        same_code = self._by_code.get(row.code, []) if row.code else []
        namesakes = self._by_name.get((row.organisation, row.title), [])
        found = same_code or [each for each in namesakes if self._may_be_meant(each)]
        if len(found) > 1:
            self._fault(row, "title", reason("intake-name-ambiguous", count=len(found)))
        elif found:
            self._once(row, found[0].ref, "title", "intake-project-twice")
            self._agrees(row, found[0])
        if row.code:
            self._once(row, row.code, "code", "intake-code-twice")
        self._only_namesake(row)
        return found[0] if found else None

    def _may_be_meant(self, namesake: Found) -> bool:
        """Unless its code stands in another row of the table, which then is about it."""
        return not namesake.state.code or namesake.state.code not in self._codes

    def _once(self, row: GivenProject, key: str, field: str, why: str) -> None:
        other = self._rows_of.setdefault(key, row.row)
        if other != row.row:
            self._fault(row, field, reason(why, other=other, code=row.code))

    def _only_namesake(self, row: GivenProject) -> None:
        """Two of one name in one unit are two projects only if each has its code."""
        namesake = self._named.setdefault((row.organisation, row.title), row)
        if namesake is not row and not (row.code and namesake.code):
            self._fault(row, "title", reason("intake-project-twice", other=namesake.row))

    def _agrees(self, row: GivenProject, found: Found) -> None:
        """What an import never changes: type, name, unit and clerk have ways of their own, or none."""
        state, directory = found.state, self._directory
        if state.organisation not in self._scope:
            self._fault(row, "code", reason("code-taken-elsewhere", code=row.code))
            return
        if state.definition != self._compiled.definition.type:
            self._fault(row, "title", reason("intake-other-type", type=found.compiled.definition.title))
        if state.title != row.title:
            self._fault(row, "title", reason("intake-title-differs", code=row.code, title=state.title))
        if state.organisation != row.organisation:
            unit = directory.organisations[state.organisation].name
            self._fault(row, "organisation", reason("intake-unit-differs", unit=unit))
        if state.clerk != row.clerk:
            self._fault(row, "clerk", reason("intake-clerk-differs", clerk=directory.name(state.clerk)))

    # What becomes of it

    def _begin(self, row: GivenProject) -> Planned:
        values, reasons = read_registration(
            self._directory,
            self._compiled.definition,
            title=row.title,
            organisation=row.organisation,
            clerk=row.clerk,
            code=row.code,
            facts=row.facts,
        )
        self._fault_registration(row, reasons)
        case = self._case(_as_registered(self._compiled.definition, row, values, self._day), self._compiled)
        known = tuple(Changed(key, None, value) for key, value in values.items())
        return Planned(row.row, row.title, NEW, changes=known, stages=self._stages(row, case))

    def _change(self, row: GivenProject, found: Found) -> Planned:
        state, definition = found.state, found.compiled.definition
        case = self._case(state, found.compiled)
        values, wrong = read_facts(definition.facts, row.facts)
        changes = [
            Changed(key, state.facts.get(key), value)
            for key, value in values.items()
            if typed(definition.facts[key], value) != typed(definition.facts[key], state.facts.get(key))
        ]
        merged = {**state.facts, **{each.key: each.after for each in changes}}
        reasons = [*wrong, *([] if wrong else check_sums(definition, merged))]
        if row.code and row.code != state.code:
            changes.append(Changed(CODE, state.code or None, row.code))
            reasons += check_code(row.code)
        self._fault_registration(row, reasons)
        if changes:
            for each in may_change_facts(case):
                self._fault(row, "clerk" if each.code == "not-the-clerk" else "title", each)
        stages = self._stages(row, case)
        changed = changes or any(each.standing != SAME for each in stages)
        return Planned(row.row, row.title, CHANGED if changed else SAME, found.ref, tuple(changes), stages)

    def _case(self, state: ProjectState, compiled: Compiled) -> Case:
        return Case(state, compiled, self._directory, self._actor, self._day)

    # Its replies

    def _stages(self, row: GivenProject, case: Case) -> tuple[PlannedStage, ...]:
        """The replies, each with the others that the same stage issued."""
        by_stage: dict[str, list[GivenReply]] = {}
        rows: dict[str, int] = {}
        for given in row.replies:
            document = given.data.document
            stage = case.definition.issuers.get(document)
            kind = case.definition.documents.get(document)
            if stage is None or kind is None:
                self._reply_fault(given, "document", reason("document-not-found"))
            elif document in rows:
                twice = reason("intake-reply-twice", title=kind.title, other=rows[document])
                self._reply_fault(given, "document", twice)
            else:
                rows[document] = given.row
                by_stage.setdefault(stage, []).append(given)
        planned = tuple(self._stage(case, key, replies) for key, replies in by_stage.items())
        if any(each.standing != SAME for each in planned):
            self._entering(row, case)
        return planned

    def _entering(self, row: GivenProject, case: Case) -> None:
        """Whoever enters replies is the clerk or a supervisor, and there is somebody else to check them."""
        for each in clerk_or_chief(case):
            self._fault(row, "clerk", each)
        involved = {self._actor, on_behalf(case, clerk_or_chief), case.state.clerk}
        if not checkers(self._directory, CHECKED_BY, case.state.organisation, involved):
            self._fault(row, "organisation", reason("nobody-to-check", post="负责人"))

    def _stage(self, case: Case, key: str, given: Sequence[GivenReply]) -> PlannedStage:
        replies = tuple(each.data for each in given)
        if _is_there(case, key, replies):
            return PlannedStage(key, SAME, replies)
        spec, documents = case.definition.stages[key], case.definition.documents
        filled = _filled(case, key, replies)
        if filled is not None:
            self._refuse(given[0], may_complete(case, key))
            return PlannedStage(key, FILLED, replies, filled)
        for each in given:
            kind = documents[each.data.document]
            alone = check_replies(case, spec, [each.data], as_printed=each.as_printed, complete=False)
            for wrong in (*alone, *check_evidence(case, [each.data])):
                self._reply_fault(each, _field_of(kind, wrong), wrong)
        for lacking in (
            document for document in spec.issues if document not in {r.document for r in replies}
        ):
            title = documents[lacking].title
            self._reply_fault(given[0], "document", reason("reply-not-given", lacking, title=title))
        self._refuse(given[0], may_take_over(case, key))
        return PlannedStage(key, CHANGED if _was_entered(case, key) else NEW, replies)

    def _refuse(self, given: GivenReply, reasons: Iterable[Reason]) -> None:
        for wrong in reasons:
            if wrong.code != "not-the-clerk":  # said once, of the project
                self._reply_fault(given, "document", wrong)

    # What is wrong

    def _fault(self, row: GivenProject, field: str, why: Reason) -> None:
        self.faults.append(Fault(PROJECTS, row.row, field, why))

    def _fault_registration(self, row: GivenProject, reasons: Iterable[Reason]) -> None:
        for each in reasons:
            of_fact = each.code in {"fact-invalid", "fact-undeclared", "sum-differs"}
            self._fault(row, f"fact.{each.place}" if of_fact else each.place, each)

    def _reply_fault(self, row: GivenReply, field: str, why: Reason) -> None:
        self.faults.append(Fault(REPLIES, row.row, field, why))


def _as_registered(
    definition: Definition, row: GivenProject, facts: dict[str, Any], day: date
) -> ProjectState:
    """The project as its registration would make it, so that the rules about replies can look at it."""
    event = ProjectRegistered(
        definition=definition.type,
        version=definition.version,
        digest=definition.digest,
        title=row.title,
        organisation=row.organisation,
        clerk=row.clerk,
        code=row.code,
        facts=facts,
        taking_over=True,
    )
    return evolve(None, Recorded(event, 0, datetime.combine(day, time(12), UTC)))


_FIELDS: Mapping[str, str] = {
    "date-in-future": "issued_on",
    "validity-before-issue": "valid_until",
    "reply-without-evidence": "kept_at",
    "reply-not-issued-here": "document",
}
"""Which field of a reply a reason is about that names its document; its number for every other."""


def _field_of(kind: DocumentType, wrong: Reason) -> str:
    if wrong.place in kind.fields and wrong.code in {"fact-invalid", "fact-undeclared"}:
        return f"{kind.key}.{wrong.place}"
    return _FIELDS.get(wrong.code, "number")


def _was_entered(case: Case, key: str) -> bool:
    return any(document in case.state.documents for document in case.definition.stages[key].issues)


def _is_there(case: Case, key: str, replies: Sequence[ReplyData]) -> bool:
    """Whether just this is recorded, or waits for its check."""
    documents, held = case.definition.documents, _held(case, key)
    return all(_agrees(documents[each.document], each, held.get(each.document)) for each in replies)


def _held(case: Case, key: str) -> Mapping[str, Paper | ReplyData]:
    """What is recorded of the stage's replies, or waits for its check."""
    papers = case.state.documents
    for entry in case.state.entries.values():
        match entry.what:
            case TakenOver(replies=replies) if entry.stage == key:
                return {each.document: each for each in replies}
            case Completed(document=document, fields=fields) if entry.stage == key:
                paper = papers[document]
                return {**papers, document: replace(paper, fields={**paper.fields, **fields})}
    return papers


def _filled(case: Case, key: str, replies: Sequence[ReplyData]) -> Completed | None:
    """What the rows fill in of one reply of the issued stage, if they say nothing else that is not on record."""
    found = []
    for each in replies:
        kind, empty = case.definition.documents[each.document], empty_fields(case, each.document)
        values, wrong = read_facts(kind.fields, each.fields)
        said = {key: values[key] for key in empty if values.get(key) is not None}
        rest = replace(each, fields={key: value for key, value in each.fields.items() if key not in said})
        if wrong or not _agrees(kind, rest, case.state.documents.get(each.document)):
            return None
        found += [Completed(each.document, said)] if said else []
    issued = case.state.stage(key).state == ISSUED
    return found[0] if issued and len(found) == 1 else None


def _agrees(kind: DocumentType, given: ReplyData, held: Paper | ReplyData | None) -> bool:
    """Whether the row says nothing else than what is held; a scan stands above the place of the original."""
    if held is None:
        return False
    until = held.valid_until if isinstance(held, Paper) else valid_until(kind, held)
    said, _ = read_facts(kind.fields, given.fields)
    had, _ = read_facts(kind.fields, held.fields)
    return (
        (given.number, given.issued_on, valid_until(kind, given)) == (held.number, held.issued_on, until)
        and given.issuer in {"", held.issuer}
        and (bool(held.sha256) or given.kept_at == held.kept_at)
        and all(_value(kind, key, value) == _value(kind, key, had.get(key)) for key, value in said.items())
    )


def _value(kind: DocumentType, key: str, stored: Any) -> Any:
    return typed(kind.fields[key], stored)
