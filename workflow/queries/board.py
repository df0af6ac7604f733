"""看板: fifty projects on one page, trouble first: where each is, who holds it, until when.

Invariant: scope and filters are in the query; a page holds fifty rows, so that it fits one sheet of paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, func, or_, select

from workflow.definition import Stage
from workflow.machine import PROJECT_STATES
from workflow.people import Directory
from workflow.queries.numbers import number_of
from workflow.queries.portfolio import (
    LIGHT_FILTERS,
    Filters,
    light_conditions,
    nearest_due,
    organisation_name,
    project_conditions,
    total_words,
)
from workflow.queries.reading import Reading, reading_of
from workflow.queries.restarts import AGAIN, began_again
from workflow.queries.scope import PROJECT, columns
from workflow.queries.stages import holder_words, standing_words
from workflow.queries.words import LIGHTS, Due, Light, clock_day, due_of, left_words, row_light
from workflow.snapshot import Snapshot, snapshot
from workflow.state import NOT_APPLICABLE, PASSED_STATES

PAGE = 50

MOST_UNITS = 24
"""How many units fit above the board on paper."""

DONE, NOW, SOME, AHEAD = "done", "now", "some", "ahead"

FINISHED = ("in_use", "archived", "terminated")
"""Projects that nobody waits for any more stand behind all others."""


class Phase(Struct, frozen=True):
    """One phase of a project: done, now (with its worst light), begun, or ahead; how many stages are through."""

    title: str
    standing: str
    light: Light
    passed: int
    of: int


class BoardRow(Struct, frozen=True):
    """One project: its phases, and of all that is open the most urgent, with who holds it."""

    ref: str
    title: str
    unit: str
    state: str
    total: str
    phases: tuple[Phase, ...]
    stage: str
    holder: str
    due: str
    left: str
    more: int
    own: Light
    outside: Light
    validity: Light


class Board(Struct, frozen=True):
    """One page of the board; `after` is the position to go on from, empty at the end.

    `lights` counts every project of the whole board under each light, `units` under each unit.
    """

    rows: tuple[BoardRow, ...]
    after: str
    count: int
    lights: tuple[tuple[str, str, int], ...]
    quiet: int
    units: tuple[tuple[int, str, int], ...]
    unit: str

    @property
    def phases(self) -> tuple[str, ...]:
        """The titles of the phases, if they are the same for every project on this page."""
        found = {tuple(phase.title for phase in row.phases) for row in self.rows}
        return found.pop() if len(found) == 1 else ()


def board(
    connection: Connection, *, person: int, day: date, filters: Filters | None = None, after: str = ""
) -> Board:
    """The projects in the person's scope, the worst first, one page from the position `after` on."""
    snap, chosen = snapshot(connection), filters or Filters()
    conditions = project_conditions(connection, snap, chosen, person, day)
    rank = _rank(day)
    statement = select(PROJECT.c.id, rank.label("rank"), nearest_due.label("due")).where(*conditions)
    keys = list(connection.execute(_from(statement, rank, after).limit(PAGE + 1)))
    shown = keys[:PAGE]
    units = _by_unit(connection, conditions, day)

    def counted(what: str) -> int:
        return sum(row[what] for row in units.values())

    return Board(
        rows=_rows(connection, snap, [key.id for key in shown], person, day),
        after=f"{shown[-1].rank}.{shown[-1].due}.{shown[-1].id}" if len(keys) > PAGE else "",
        count=counted("all"),
        quiet=counted("quiet"),
        lights=tuple((key, words, counted(key)) for key, words in LIGHT_FILTERS.items()),
        units=_units(snap.directory, units),
        unit=organisation_name(snap, chosen.unit),
    )


def _rank(day: date) -> ColumnElement[int]:
    """Trouble first: late here, late outside, nearly late, running out, all others, what is finished."""
    lights = light_conditions(day)
    return case(
        (lights["own-red"], 0),
        (lights["outside-red"], 1),
        (lights["own-yellow"], 2),
        (lights["outside-yellow"], 3),
        (lights["validity"], 4),
        (PROJECT.c.state.in_(FINISHED), 6),
        else_=5,
    )


def _from(statement: Any, rank: ColumnElement[int], after: str) -> Any:
    """In that order, from behind the position `after` on: 0.2026-11-13.17."""
    worst, _, rest = after.partition(".")
    due, _, project = rest.partition(".")
    at, number = number_of(worst), number_of(project)
    if at is not None and number is not None:
        beyond = (
            rank > at,
            and_(rank == at, nearest_due > due),
            and_(rank == at, nearest_due == due, PROJECT.c.id > number),
        )
        statement = statement.where(or_(*beyond))
    return statement.order_by(rank, nearest_due, PROJECT.c.id)


# Numbers


def _by_unit(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], day: date
) -> dict[int, RowMapping]:
    """How many projects each unit has, how many of them show each light, and how many show none (quiet)."""
    lights = light_conditions(day)
    quiet = func.sum(case(*((each, 0) for each in lights.values()), else_=1))
    lit = [func.count().filter(each).label(key) for key, each in lights.items()]
    unit = PROJECT.c.organisation_id
    statement = select(unit, func.count().label("all"), quiet.label("quiet"), *lit).where(*conditions)
    return {row[unit]: row for row in connection.execute(statement.group_by(unit)).mappings()}


def _units(directory: Directory, counts: Mapping[int, RowMapping]) -> tuple[tuple[int, str, int], ...]:
    """How many projects each unit has: as far down the tree as the units still fit one line of paper."""
    lines = {node: tuple(directory.upwards(node))[::-1] for node in counts}
    for depth in range(max(map(len, lines.values()), default=0), 0, -1):
        heads = {node: line[min(depth, len(line)) - 1] for node, line in lines.items() if line}
        if len(set(heads.values())) <= MOST_UNITS:
            break
    else:
        return ()
    sums: dict[int, int] = {}
    for node in sorted(heads, key=lambda node: [directory.organisations[each].name for each in lines[node]]):
        sums[heads[node]] = sums.get(heads[node], 0) + counts[node]["all"]
    return tuple((node, directory.organisations[node].name, count) for node, count in sums.items())


# Rows


def _rows(
    connection: Connection, snap: Snapshot, ids: list[int], person: int, day: date
) -> tuple[BoardRow, ...]:
    dates = (
        "own_warn_on",
        "own_due_on",
        "outside_warn_on",
        "outside_due_on",
        "valid_warn_on",
        "valid_due_on",
    )
    statement = select(*columns("id", "ref", "seq", "head", "body", *dates)).where(PROJECT.c.id.in_(ids))
    found = {row.id: row for row in connection.execute(statement)}
    return tuple(_row(reading_of(connection, snap, found[each], person, day), found[each]) for each in ids)


def _row(reading: Reading, row: Any) -> BoardRow:
    state, definition = reading.state, reading.definition
    open_stages = [
        (due_of(stage.clock, reading.calendar, reading.day), key)
        for key, stage in state.stages.items()
        if stage.in_hand
    ]
    open_stages.sort(key=lambda each: each[0].day or date.max if each[0] else date.max)
    due, key = open_stages[0] if open_stages else (None, "")
    spec = definition.stages[key] if key else None
    again = spec is not None and began_again(reading.case.compiled, key, state.stage(key))
    return BoardRow(
        ref=reading.ref,
        title=state.title,
        unit=organisation_name(reading.snap, state.organisation),
        state=PROJECT_STATES[state.state],
        total=total_words(definition, state.facts),
        phases=tuple(_phase(reading, phase) for phase in definition.phases),
        stage=_stage_words(reading, spec) if spec else "",
        holder=holder_words(reading, spec, state.stage(key)) if spec else "",
        due=_day_words(reading, due) + (f"（{AGAIN}）" if again else ""),
        left=_left_words(reading, due),
        more=max(0, len(open_stages) - 1),
        own=row_light(row.own_warn_on, row.own_due_on, reading.day),
        outside=row_light(row.outside_warn_on, row.outside_due_on, reading.day),
        validity=row_light(row.valid_warn_on, row.valid_due_on, reading.day),
    )


def _stage_words(reading: Reading, spec: Stage) -> str:
    """The stage's title; of one that stands still, also why."""
    stage = reading.state.stage(spec.key)
    return spec.title if stage.is_open else f"{spec.title}（{standing_words(reading, spec, stage)}）"


def _day_words(reading: Reading, due: Due | None) -> str:
    """11月13日, with 暂定 where the calendar may still change it; why a clock stands still."""
    if due is None or due.day is None:
        return due.words if due else ""
    return f"{clock_day(due.day, reading.day)}{'（暂定）' if due.provisional else ''}"


def _left_words(reading: Reading, due: Due | None) -> str:
    """超 5, 剩 12, 今日到期: the working days alone, for a narrow column."""
    if due is None or due.day is None:
        return ""
    return left_words(reading.calendar, due.day, reading.day).removesuffix(" 个工作日")


_ORDER = ("red", "yellow", "grey", "green", "none")


def _phase(reading: Reading, title: str) -> Phase:
    stages = [
        reading.state.stage(spec.key) for spec in reading.definition.stages.values() if spec.phase == title
    ]
    needed = [stage for stage in stages if stage.state != NOT_APPLICABLE]
    passed = sum(stage.state in PASSED_STATES for stage in needed)
    dues = [due_of(stage.clock, reading.calendar, reading.day) for stage in stages if stage.in_hand]
    if dues:
        lights = [due.light if due else LIGHTS["none"] for due in dues]
        worst = min(lights, key=lambda light: _ORDER.index(light.colour))
        return Phase(title, NOW, worst, passed, len(needed))
    standing = DONE if passed == len(needed) else SOME if passed else AHEAD
    return Phase(title, standing, LIGHTS["none"], passed, len(needed))
