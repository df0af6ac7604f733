"""What an import would do, in the words of its page: everything wrong by its cell, or row by row what happens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from api.intake.columns import PROJECTS
from api.intake.reading import Finding, Table
from workflow.definition import Definition
from workflow.people import Directory
from workflow.queries.papers import value_words
from workflow.rules.intake import CHANGED, CODE, NEW, SAME, Changed, Plan, Planned
from workflow.state import Completed


class ChangeView(Struct, frozen=True):
    """One fact of a project before (empty: it was unknown) and after, in words."""

    title: str
    before: str
    after: str


class RowView(Struct, frozen=True):
    """One row of the table: which project, what changes, which replies will wait for their check."""

    row: int
    title: str
    code: str
    ref: str
    unit: str
    clerk: str
    changes: tuple[ChangeView, ...]
    entered: tuple[str, ...]
    corrected: tuple[str, ...]
    filled: tuple[str, ...]
    namesakes: tuple[int, ...] = ()
    """The other rows of that name and unit, which are other projects by their codes."""


class Preview(Struct, frozen=True):
    """What a workbook would do. With findings, nothing can be imported."""

    name: str
    type: str
    digest: str
    table: Table
    plan: Plan
    findings: tuple[Finding, ...]
    new: tuple[RowView, ...]
    changed: tuple[RowView, ...]
    same: tuple[RowView, ...]

    @property
    def entries(self) -> int:
        """How many entries will wait for their check."""
        return sum(len(each.entries) for each in self.plan.projects)


def make_preview(
    name: str, definition: Definition, table: Table, plan: Plan, directory: Directory
) -> Preview:
    """The preview of that plan; the rows are in the order of the sheet, and so are the findings."""
    given = {each.row: each for each in table.projects}
    called: dict[tuple[int, str], list[int]] = {}
    for each in table.projects:
        called.setdefault((each.organisation, each.title), []).append(each.row)

    def view(planned: Planned) -> RowView:
        row = given[planned.row]
        return RowView(
            row=planned.row,
            title=planned.title,
            code=row.code,
            ref=planned.ref,
            unit=directory.organisations[row.organisation].name,
            clerk=directory.name(row.clerk),
            changes=tuple(_change(definition, each) for each in planned.changes),
            entered=_replies(definition, planned, NEW),
            corrected=_replies(definition, planned, CHANGED),
            filled=tuple(_filled(definition, each.filled) for each in planned.stages if each.filled),
            namesakes=tuple(each for each in called[row.organisation, row.title] if each != row.row),
        )

    def rows(standing: str) -> tuple[RowView, ...]:
        return tuple(view(each) for each in plan.projects if each.standing == standing)

    return Preview(
        name=name,
        type=definition.title,
        digest=definition.digest,
        table=table,
        plan=plan,
        findings=_in_order([*table.findings, *table.faults(plan)]),
        new=rows(NEW),
        changed=rows(CHANGED),
        same=rows(SAME),
    )


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By sheet, then down the rows, each once."""
    once = dict.fromkeys(findings)
    return tuple(sorted(once, key=lambda each: (each.sheet != PROJECTS, each.row, len(each.cell), each.cell)))


def _replies(definition: Definition, planned: Planned, standing: str) -> tuple[str, ...]:
    return tuple(
        " ".join(
            filter(None, (definition.documents[reply.document].title, reply.number, str(reply.issued_on)))
        )
        for stage in planned.stages
        if stage.standing == standing
        for reply in stage.replies
    )


def _filled(definition: Definition, what: Completed) -> str:
    kind = definition.documents[what.document]
    values = (
        f"{kind.fields[key].title} {value_words(kind.fields[key], value)}"
        for key, value in what.fields.items()
    )
    return f"{kind.title}：{'，'.join(values)}"


def _change(definition: Definition, change: Changed) -> ChangeView:
    if change.key == CODE:
        return ChangeView("项目代码", change.before or "", change.after)
    fact = definition.facts.get(change.key)

    def words(value: Any) -> str:
        return "" if value is None else value_words(fact, value) if fact else str(value)

    return ChangeView(fact.title if fact else change.key, words(change.before), words(change.after))
