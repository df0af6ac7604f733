"""The project list: which of my projects is in trouble, narrowed by filters that each say how many they leave.

Invariant: scope and filters are in the query, pages go by position (keyset), and the count beside an
option is the length of the list that choosing it gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from workflow import rules
from workflow.definition import Definition, Kind
from workflow.machine import PROJECT_STATES, Compiled
from workflow.people import Directory
from workflow.queries.lists import published
from workflow.queries.restarts import own_light
from workflow.queries.scope import PROJECT, columns, is_called, namesake, visible
from workflow.queries.words import Light, due_words, row_day, row_light
from workflow.snapshot import Snapshot, snapshot
from workflow.state import StageState

PAGE = 50

LIGHT_FILTERS = {
    "own-red": "本局超期",
    "own-yellow": "本局临期",
    "outside-red": "外部门超期",
    "outside-yellow": "外部门临期",
    "validity": "有效期临近",
}

SORTS = {"newest": "最近登记在前", "due": "最近到期在前"}

NEVER = "9999-12-31"
"""Where a project without a due date stands in a list by due date: behind all others."""


class Filters(Struct, frozen=True):
    """How a project list is narrowed. Empty means all; `light` names a light of one of the three kinds,
    `unit` includes what lies below it, `leader` is a person whose post the project is under.
    """

    light: str = ""
    state: str = ""
    phase: str = ""
    type: str = ""
    unit: int = 0
    leader: int = 0
    clerk: int = 0
    text: str = ""


class ProjectItem(Struct, frozen=True):
    """One project in a list, its three lights apart: our own work, outside offices, validity of replies.

    `total` is its total investment in 万元 as people write it, empty while unknown; `due` the nearest date.
    """

    ref: str
    title: str
    code: str
    type: str
    type_title: str
    unit: str
    clerk: str
    state: str
    phase: str
    own: Light
    outside: Light
    validity: Light
    due: str
    position: int
    total: str = ""


class ProjectPage(Struct, frozen=True):
    """One page of projects; `after` and, sorted by due date, `after_due` are the position to go on from.

    `after` is 0 at the end.
    """

    items: tuple[ProjectItem, ...]
    after: int
    after_due: str = ""


def projects(
    connection: Connection,
    *,
    person: int,
    day: date,
    filters: Filters | None = None,
    before: int = 0,
    due: str = "",
    sort: str = "newest",
) -> ProjectPage:
    """The projects that the person may see, one page: newest first, or by nearest due date.

    It goes on from the project `before`, which was due on `due`.
    """
    snap = snapshot(connection)
    conditions = project_conditions(connection, snap, filters or Filters(), person, day)
    order = [nearest_due, PROJECT.c.id.desc()] if sort == "due" else [PROJECT.c.id.desc()]
    if before:
        conditions.append(_beyond(before, due) if sort == "due" else PROJECT.c.id < before)
    chosen = select(PROJECT.c.id, nearest_due.label("nearest")).where(*conditions).order_by(*order)
    keys = list(connection.execute(chosen.limit(PAGE + 1)))
    items = _items(connection, snap, [key.id for key in keys[:PAGE]], day)
    if len(keys) <= PAGE:
        return ProjectPage(items, 0)
    return ProjectPage(items, keys[PAGE - 1].id, keys[PAGE - 1].nearest if sort == "due" else "")


def namesakes(
    connection: Connection, *, person: int, day: date, organisation: int, title: str
) -> tuple[ProjectItem, ...]:
    """The projects of just that name in just that unit, the newest ones first, at most a page of them."""
    snap = snapshot(connection)
    same = select(PROJECT.c.id).where(
        visible(connection, snap.directory, person, day), namesake(organisation, title)
    )
    found = connection.execute(same.order_by(PROJECT.c.id.desc()).limit(PAGE)).scalars()
    return _items(connection, snap, list(found), day)


class Called(Struct, frozen=True):
    """A project by its name, and what tells it from others of that name."""

    ref: str
    title: str
    code: str
    unit: str
    state: str


def called(connection: Connection, *, person: int, day: date, words: str = "") -> tuple[Called, ...]:
    """The projects whose name holds the words, or whose code begins with them, at most a page: first those that bear
    them in full, then the newest.
    """
    snap, row = snapshot(connection), PROJECT.c
    chosen = select(*columns("ref", "title", "code", "organisation_id", "state"))
    chosen = chosen.where(visible(connection, snap.directory, person, day))
    if words:
        in_full = or_(row.title == words, row.code == words)
        chosen = chosen.where(is_called(words)).order_by(case((in_full, 0), else_=1))
    return tuple(
        Called(ref, title, code, organisation_name(snap, unit), PROJECT_STATES[state])
        for ref, title, code, unit, state in connection.execute(chosen.order_by(row.id.desc()).limit(PAGE))
    )


nearest_due: ColumnElement[str] = func.coalesce(
    case(
        (PROJECT.c.own_due_on < PROJECT.c.outside_due_on, PROJECT.c.own_due_on),
        else_=func.coalesce(PROJECT.c.outside_due_on, PROJECT.c.own_due_on),
    ),
    NEVER,
)
"""The nearest due date of a project, our own or an outside office's."""


def _beyond(before: int, due: str) -> ColumnElement[bool]:
    """Behind that position in a list by due date; of one day the newest comes first."""
    return or_(nearest_due > due, and_(nearest_due == due, PROJECT.c.id < before))


def project_conditions(
    connection: Connection, snap: Snapshot, filters: Filters, person: int, day: date
) -> list[ColumnElement[bool]]:
    """When a project is in that person's filtered list: scope first, then each filter that is set."""
    found = [visible(connection, snap.directory, person, day)]
    for name, values in _accepted(snap.directory, filters).items():
        found.append(PROJECT.c[_COLUMN[name]].in_(sorted(values)))
    if filters.text:
        found.append(is_called(filters.text))
    if filters.light in LIGHT_FILTERS:
        found.append(light_conditions(day)[filters.light])
    return found


_COLUMN = {
    "unit": "organisation_id", "leader": "organisation_id", "clerk": "clerk_id",
    "state": "state", "phase": "phase", "type": "type",
}  # fmt: skip
"""Filter -> the column that it looks at."""


def _accepted(directory: Directory, filters: Filters) -> dict[str, set[Any]]:
    """The values of its column that each of these filters lets through, if it is set."""
    found: dict[str, set[Any]] = {
        name: {value} for name in ("clerk", "state", "phase", "type") if (value := getattr(filters, name))
    }
    if filters.unit:
        found["unit"] = set(below(directory, filters.unit))
    if filters.leader:
        nodes = directory.organisations
        found["leader"] = {node for node in nodes if filters.leader in leaders_of(directory, node)}
    return found


def light_conditions(day: date) -> dict[str, ColumnElement[bool]]:
    """When a project shows each of the lights that a list can be narrowed by."""
    today, row = day.isoformat(), PROJECT.c
    return {
        "own-red": row.own_due_on < today,
        "own-yellow": and_(row.own_due_on >= today, row.own_warn_on <= today),
        "outside-red": row.outside_due_on < today,
        "outside-yellow": and_(row.outside_due_on >= today, row.outside_warn_on <= today),
        "validity": row.valid_warn_on <= today,
    }


def below(directory: Directory, unit: int) -> list[int]:
    """The unit and all that lies below it."""
    return sorted(node for node in directory.organisations if directory.is_within(node, unit))


def leaders_of(directory: Directory, organisation: int) -> tuple[int, ...]:
    """Everybody whom a project of that organisation is under, nearest first, each once."""
    found = (who for post in rules.SUPERVISORS for who in directory.holders(post, organisation))
    return tuple(dict.fromkeys(found))


# The rows of a page


_ITEM = columns(
    "id", "ref", "title", "code", "digest", "type", "organisation_id", "clerk_id", "state", "phase",
    "own_warn_on", "own_due_on", "outside_warn_on", "outside_due_on", "valid_warn_on", "valid_due_on", "body",
)  # fmt: skip


def _items(connection: Connection, snap: Snapshot, ids: list[int], day: date) -> tuple[ProjectItem, ...]:
    rows = {row.id: row for row in connection.execute(select(*_ITEM).where(PROJECT.c.id.in_(ids)))}
    return tuple(_item(connection, snap, rows[each], day) for each in ids)


def _item(connection: Connection, snap: Snapshot, row: Any, day: date) -> ProjectItem:
    compiled = snap.compiled(connection, row.digest)
    definition = compiled.definition
    nearest = min((each for each in (row.own_due_on, row.outside_due_on) if each), default=None)
    due = row_day(nearest)
    return ProjectItem(
        ref=row.ref,
        title=row.title,
        code=row.code,
        type=row.type,
        type_title=definition.title,
        unit=organisation_name(snap, row.organisation_id),
        clerk=snap.directory.name(row.clerk_id),
        state=PROJECT_STATES[row.state],
        phase=row.phase,
        own=_own_light(row, compiled, day),
        outside=row_light(row.outside_warn_on, row.outside_due_on, day),
        validity=row_light(row.valid_warn_on, row.valid_due_on, day),
        due=due_words(snap.calendar, due, day, provisional=snap.calendar.is_provisional(due)) if due else "",
        position=row.id,
        total=total_words(definition, _FACTS.decode(row.body).facts),
    )


def _own_light(row: Any, compiled: Compiled, day: date) -> Light:
    light = row_light(row.own_warn_on, row.own_due_on, day)
    return own_light(light, compiled, _STAGES.decode(row.body).stages) if row.own_due_on else light


class _Facts(Struct):
    """Of a project's body, only what it is said to be; the rest is skipped over, not built."""

    facts: dict[str, Any] = {}


class _Stages(Struct):
    """The same of its stages, for a project in which a clock of our own runs."""

    stages: dict[str, StageState] = {}


_FACTS, _STAGES = msgspec.json.Decoder(_Facts), msgspec.json.Decoder(_Stages)


def total_words(definition: Definition, facts: Mapping[str, Any]) -> str:
    """The total investment, 2,860.00: the first sum of money that the definition asks for. Empty if unknown."""
    key = next((key for key, fact in definition.facts.items() if fact.kind is Kind.MONEY), "")
    return f"{Decimal(str(facts[key])):,.2f}" if facts.get(key) is not None else ""


def organisation_name(snap: Snapshot, organisation: int) -> str:
    """The organisation's name; empty for one that is not there."""
    found = snap.directory.organisations.get(organisation)
    return found.name if found else ""


# What the filters offer


class Facet(Struct, frozen=True):
    """One thing to narrow by: its value in the form, its words, and how many projects it leaves."""

    value: str
    words: str
    count: int = 0


class Facets(Struct, frozen=True):
    """What the filters of a project list offer this person, each counted within all other filters.

    `total` is the length of the list as it is filtered now.
    """

    total: int
    lights: tuple[Facet, ...]
    states: tuple[Facet, ...]
    phases: tuple[Facet, ...]
    types: tuple[Facet, ...]
    units: tuple[Facet, ...]
    leaders: tuple[Facet, ...]
    clerks: tuple[Facet, ...]

    def words(self, filters: Filters) -> tuple[tuple[str, str], ...]:
        """The filters that are set, in words: (单位, 澴阳区民政局)."""
        offered = {
            "light": ("红黄绿", self.lights),
            "state": ("状态", self.states),
            "phase": ("阶段", self.phases),
            "type": ("类型", self.types),
            "unit": ("单位", self.units),
            "leader": ("领导", self.leaders),
            "clerk": ("经办人", self.clerks),
            "text": ("名称或代码", (Facet(filters.text, filters.text),)),
        }
        return tuple(
            (
                offered[name][0],
                next((each.words for each in offered[name][1] if each.value == str(value)), str(value)),
            )
            for name, value in asdict(filters).items()
            if value
        )


def facets(connection: Connection, *, person: int, day: date, filters: Filters | None = None) -> Facets:
    """What can be chosen, and how many projects each choice leaves; what leaves none is not offered,
    unless it is chosen now.
    """
    snap, chosen = snapshot(connection), filters or Filters()
    directory = snap.directory
    counts = _counts(connection, snap, chosen, person, day)

    def offered(name: str, words: Iterable[tuple[str, str]], found: Mapping[str, int]) -> tuple[Facet, ...]:
        now = str(getattr(chosen, name) or "")
        choices = (Facet(value, title, found.get(value, 0)) for value, title in words)
        return tuple(each for each in choices if each.count or each.value == now)

    units, led = _above(directory, counts.of["unit"]), _led(directory, counts.of["leader"])
    clerks = {str(who): count for who, count in counts.of["clerk"].items()}
    titles = {each.type: each.title for each in published(connection)}
    return Facets(
        total=counts.total,
        lights=tuple(Facet(key, words, counts.lights[key]) for key, words in LIGHT_FILTERS.items()),
        states=offered("state", PROJECT_STATES.items(), counts.of["state"]),
        phases=offered("phase", _phases(connection, snap), counts.of["phase"]),
        types=offered("type", sorted(titles.items(), key=lambda each: each[1]), counts.of["type"]),
        units=offered("unit", _tree(directory, units), units),
        leaders=offered("leader", _people(directory, led), led),
        clerks=offered("clerk", _people(directory, clerks), clerks),
    )


class _Counts(NamedTuple):
    """The length of the list, of each light within it, and of what each choice of the other filters would leave."""

    total: int
    lights: Counter[str]
    of: dict[str, Counter[Any]]


_GROUP = columns("organisation_id", "state", "phase", "type", "clerk_id")
"""In the order of `project_facets`: one pass over it counts everything."""


def _counts(connection: Connection, snap: Snapshot, chosen: Filters, person: int, day: date) -> _Counts:
    """Grouped by all that a list is narrowed by: a group that only one filter leaves out is what that one offers."""
    narrow = project_conditions(connection, snap, Filters(text=chosen.text), person, day)
    lights = [func.count().filter(each).label(key) for key, each in light_conditions(day).items()]
    statement = select(*_GROUP, func.count().label("all"), *lights).where(*narrow).group_by(*_GROUP)
    accepted = _accepted(snap.directory, chosen)
    found = _Counts(0, Counter(), {name: Counter() for name in _COLUMN})
    total = 0
    for row in connection.execute(statement).mappings():
        left_out = [name for name, values in accepted.items() if row[_COLUMN[name]] not in values]
        if len(left_out) > 1:
            continue
        count = row[chosen.light if chosen.light in LIGHT_FILTERS else "all"]
        for name in left_out or _COLUMN:
            found.of[name][row[_COLUMN[name]]] += count
        if not left_out:
            total += count
            found.lights.update({key: row[key] for key in LIGHT_FILTERS})
    return found._replace(total=total)


def _phases(connection: Connection, snap: Snapshot) -> list[tuple[str, str]]:
    """The phases of all published types, in their order."""
    found = (
        phase
        for each in published(connection)
        for phase in snap.compiled(connection, each.digest).definition.phases
    )
    return [(phase, phase) for phase in dict.fromkeys(found)]


def _above(directory: Directory, counts: Mapping[int, int]) -> dict[str, int]:
    """How many projects each organisation has, with all that lies below it."""
    found: dict[str, int] = {}
    for organisation, count in counts.items():
        for node in directory.upwards(organisation):
            found[str(node)] = found.get(str(node), 0) + count
    return found


def _led(directory: Directory, counts: Mapping[int, int]) -> dict[str, int]:
    """How many projects each leader has under them."""
    found: dict[str, int] = {}
    for organisation, count in counts.items():
        for leader in leaders_of(directory, organisation):
            found[str(leader)] = found.get(str(leader), 0) + count
    return found


def _tree(directory: Directory, counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """The organisations that have any, each behind the one it belongs to."""
    nodes = [node for node in directory.organisations if str(node) in counts]
    lines = {node: [directory.organisations[each].name for each in directory.upwards(node)] for node in nodes}
    nodes.sort(key=lambda node: lines[node][::-1])
    return [(str(node), directory.organisations[node].name) for node in nodes]


def _people(directory: Directory, counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """People by name, each with what they are."""
    found = [(each, directory.name(int(each)), directory.title(int(each))) for each in counts]
    return [
        (each, f"{name}（{title}）" if title else name)
        for each, name, title in sorted(found, key=lambda it: it[1])
    ]
