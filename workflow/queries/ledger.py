"""台账: every project of a list with what lists on a screen leave out: who holds it, and the sums.

Invariant: the very conditions of the project list, in the query, read by position in chunks: however
long the ledger is, no more than one chunk of it is in memory.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, func, select

from workflow.definition import Definition, FactType, Kind
from workflow.machine import PROJECT_STATES
from workflow.queries.portfolio import Filters, organisation_name, project_conditions
from workflow.queries.reading import Reading, reading_of
from workflow.queries.restarts import own_light
from workflow.queries.scope import PROJECT, columns
from workflow.queries.stages import holder_words
from workflow.queries.words import Due, Light, due_of, row_day, row_light
from workflow.snapshot import Snapshot, snapshot

CHUNK = 200
"""Bodies read at once: some two megabytes."""


class LedgerRow(Struct, frozen=True):
    """One project. `due` is that of the most urgent open stage, `sums` its money facts by their titles."""

    ref: str
    title: str
    code: str
    type_title: str
    unit: str
    clerk: str
    state: str
    phase: str
    stage: str
    others: int
    holder: str
    due: Due | None
    own: Light
    outside: Light
    validity: Light
    valid_until: date | None
    sums: dict[str, Decimal]


class Ledger(Struct, frozen=True):
    """One chunk, newest first; `after` is the position to go on from, 0 at the end."""

    rows: tuple[LedgerRow, ...]
    after: int


class LedgerHead(Struct, frozen=True):
    """How many projects match, and the titles of all sums that any of them may have."""

    count: int
    sums: tuple[str, ...]


def ledger_head(connection: Connection, *, person: int, day: date, filters: Filters) -> LedgerHead:
    """What must be known before the first row is written."""
    snap = snapshot(connection)
    conditions = project_conditions(connection, snap, filters, person, day)
    statement = select(PROJECT.c.digest, func.count()).where(*conditions).group_by(PROJECT.c.digest)
    found = [(snap.compiled(connection, row[0]).definition, row[1]) for row in connection.execute(statement)]
    found.sort(key=lambda each: (each[0].type, each[0].version))
    titles = {sum_title(fact): None for definition, _ in found for fact in _money(definition)}
    return LedgerHead(sum(count for _, count in found), tuple(titles))


def ledger(
    connection: Connection, *, person: int, day: date, filters: Filters, before: int = 0, most: int = CHUNK
) -> Ledger:
    """The next `most` projects that match, from `before` (a position) on."""
    snap = snapshot(connection)
    conditions = [
        *project_conditions(connection, snap, filters, person, day),
        *([PROJECT.c.id < before] if before else []),
    ]
    statement = select(*_ROW).where(*conditions).order_by(PROJECT.c.id.desc()).limit(most + 1)
    rows = list(connection.execute(statement))
    found = tuple(_row(snap, reading_of(connection, snap, row, person, day), row) for row in rows[:most])
    return Ledger(found, rows[most - 1].id if len(rows) > most else 0)


_ROW = columns(
    "id", "ref", "seq", "head", "body", "phase", "own_warn_on", "own_due_on",
    "outside_warn_on", "outside_due_on", "valid_warn_on", "valid_due_on",
)  # fmt: skip


def _row(snap: Snapshot, reading: Reading, row: Any) -> LedgerRow:
    state, day = reading.state, reading.day
    stage, holder, due, others = _most_urgent(reading)
    return LedgerRow(
        ref=row.ref,
        title=state.title,
        code=state.code,
        type_title=reading.definition.title,
        unit=organisation_name(snap, state.organisation),
        clerk=reading.directory.name(state.clerk),
        state=PROJECT_STATES[state.state],
        phase=row.phase,
        stage=stage,
        others=others,
        holder=holder,
        due=due,
        own=own_light(row_light(row.own_warn_on, row.own_due_on, day), reading.case.compiled, state.stages),
        outside=row_light(row.outside_warn_on, row.outside_due_on, day),
        validity=row_light(row.valid_warn_on, row.valid_due_on, day),
        valid_until=row_day(row.valid_due_on),
        sums=_sums(reading),
    )


def _most_urgent(reading: Reading) -> tuple[str, str, Due | None, int]:
    """The open stage whose day comes first: its title, its holder, its due date; and how many others."""
    found = [
        (spec, stage, due_of(stage.clock, reading.calendar, reading.day))
        for spec in reading.definition.stages.values()
        if (stage := reading.state.stage(spec.key)).in_hand
    ]
    if not found:
        return "", "", None, 0
    spec, stage, due = min(found, key=lambda each: (each[2] and each[2].day) or date.max)
    return spec.title, holder_words(reading, spec, stage), due, len(found) - 1


def sum_title(fact: FactType) -> str:
    """A sum as the head of a column says it: 总投资（万元）."""
    return f"{fact.title}（{fact.unit}）" if fact.unit else fact.title


def _money(definition: Definition) -> list[FactType]:
    return [fact for fact in definition.facts.values() if fact.kind is Kind.MONEY]


def _sums(reading: Reading) -> dict[str, Decimal]:
    facts = reading.state.facts
    return {
        sum_title(fact): Decimal(str(facts[fact.key]))
        for fact in _money(reading.definition)
        if facts.get(fact.key) is not None
    }
