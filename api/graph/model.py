"""What a stage graph shows, from a definition alone or from a project under way. Pure.

Invariant: nodes stand in reading order (phase, then order of the definition); an edge is an order
that the papers or an `after` demand, and only those that no longer path already says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from workflow.definition import Definition, Stage
from workflow.queries.views import StageView
from workflow.rules import condition_words


class Line(Struct, frozen=True):
    """One line of text in a box; `style` is title, light, holder, due or note. `shape` is a light's."""

    text: str
    style: str
    shape: str = ""
    colour: str = ""


class Node(Struct, frozen=True):
    """One stage as a box. `mood` is done, now, plain or faint."""

    key: str
    column: int
    title: str
    lines: tuple[Line, ...]
    mood: str
    spoken: str
    issues: str = ""
    href: str = ""


class Edge(Struct, frozen=True):
    """One order between two stages. `mood` is taken, plain or faint."""

    source: str
    target: str
    mood: str
    title: str


class Graph(Struct, frozen=True):
    """The whole picture."""

    title: str
    description: str
    phases: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def definition_graph(definition: Definition) -> Graph:
    """The picture of a project type: every stage, its condition and its promised time."""
    columns = _columns(definition)
    nodes = tuple(_plain_node(definition, key, columns[key]) for key in _order(definition, columns))
    edges = tuple(_edges(definition, {}))
    described = f"{len(nodes)}个事项，{len(definition.phases)}个阶段：{'、'.join(definition.phases)}。"
    return Graph(definition.title, described, definition.phases, nodes, edges)


def project_graph(definition: Definition, stages: Sequence[StageView], title: str, link: str = "") -> Graph:
    """The picture of a project under way. `link` is the address before a stage's key."""
    columns = _columns(definition)
    views = {view.key: view for view in stages}
    order = _order(definition, columns)
    nodes = tuple(_live_node(definition, views[key], columns[key], link) for key in order)
    moving = "、".join(view.title for view in stages if view.is_open) or "没有正在办理的事项"
    done = sum(view.state == "issued" for view in stages)
    described = f"共{len(nodes)}个事项，已办结{done}个，正在办理：{moving}。"
    return Graph(title, described, definition.phases, nodes, tuple(_edges(definition, views)))


def _columns(definition: Definition) -> dict[str, int]:
    """The column of each stage: its phase, or the latest one that comes before it, so that no edge runs back."""
    place = {phase: number for number, phase in enumerate(definition.phases)}
    found: dict[str, int] = {}

    def column(key: str) -> int:
        if key not in found:
            before = (column(each) for each in definition.predecessors[key])
            found[key] = max((place[definition.stages[key].phase], *before))
        return found[key]

    return {key: column(key) for key in definition.stages}


def _order(definition: Definition, columns: Mapping[str, int]) -> list[str]:
    return sorted(definition.stages, key=lambda key: columns[key])


def _plain_node(definition: Definition, key: str, column: int) -> Node:
    spec = definition.stages[key]
    condition = condition_words(definition, spec.when) if spec.when else ""
    lines = [Line(spec.title, "title")]
    limit = _limit(spec)
    if limit:
        lines.append(Line(limit, "due"))
    if condition:
        lines.append(Line(f"当{condition}", "note"))
    lines += _waits(spec)
    needs = _need_titles(definition, spec)
    spoken = "，".join(part for part in (spec.title, limit, condition and f"仅当{condition}", needs) if part)
    return Node(key, column, spec.title, tuple(lines), "plain", spoken, _issues(definition, spec))


def _limit(spec: Stage) -> str:
    outside = next((step for step in spec.steps if step.body), None)
    if outside is not None and (outside.promised or outside.statutory):
        return f"外部承诺{outside.promised or outside.statutory}"
    amounts = [step.within for step in spec.steps if step.within]
    if amounts and len({limit.unit for limit in amounts}) == 1:
        return f"内部{type(amounts[0])(sum(limit.amount for limit in amounts), amounts[0].unit)}"
    return ""


def _waits(spec: Stage) -> list[Line]:
    return [Line(f"须满{order.wait}后", "note") for order in spec.after if order.wait is not None]


def _need_titles(definition: Definition, spec: Stage) -> str:
    titles = ["或".join(definition.documents[key].title for key in need.any_of) for need in spec.needs]
    return f"所需材料：{'、'.join(titles)}" if titles else ""


def _issues(definition: Definition, spec: Stage) -> str:
    return "、".join(definition.documents[reply].title for reply in spec.issues)


def _live_node(definition: Definition, view: StageView, column: int, link: str) -> Node:
    spec = definition.stages[view.key]
    lines = [Line(view.title, "title"), _state_line(view)]
    if view.is_open:
        lines.append(Line(view.holders, "holder"))
        if view.due is not None:
            date, _, left = view.due.words.partition(" · ")
            soon = "临期 " if view.due.light.colour == "yellow" else ""
            lines += (
                [Line(date, "due"), Line(soon + left.replace(" ", ""), "due")]
                if left
                else [Line(date, "due")]
            )
    elif view.state == "issued" and view.issued_on is not None:
        lines.append(Line(f"{view.issued_on.isoformat()}{' 补录' if view.taken_over else ''}", "due"))
    elif view.condition and view.state in {"waiting", "not_applicable"}:
        lines.append(Line(f"{'仅当' if view.state == 'not_applicable' else '当'}{view.condition}", "note"))
    if view.state == "waiting":
        lines += _waits(spec)
    mood = {"issued": "done", "not_applicable": "faint"}.get(view.state, "now" if view.is_open else "plain")
    return Node(
        view.key,
        column,
        view.title,
        tuple(lines),
        mood,
        _spoken(view),
        _issues(definition, spec),
        link + view.key,
    )


def _state_line(view: StageView) -> Line:
    light = view.light
    if view.is_open and light.shape:
        return Line(view.state_words, "light", light.shape, light.colour)
    if light.colour == "done":
        return Line(view.state_words, "light", light.shape, light.colour)
    return Line(view.state_words, "state")


def _spoken(view: StageView) -> str:
    light = view.light.word if view.is_open else ""
    due = f"{'外部门' if view.outside else ''}{view.due.words}" if view.due else ""
    holder = f"由{view.holders}办理" if view.holders else ""
    waits = "；".join(view.blockers)
    condition = f"仅当{view.condition}" if view.condition and not view.is_open else ""
    return "，".join(
        part for part in (view.title, view.state_words, light, holder, due, condition, waits) if part
    )


def _edges(definition: Definition, views: Mapping[str, StageView]) -> Iterator[Edge]:
    before = definition.predecessors
    passable = {key for key in definition.stages if not views or views[key].state != "not_applicable"}
    for target in definition.stages:
        implied = {
            far for near in before[target] if near in passable for far in _behind(before, near, passable)
        }
        for source in before[target]:
            if source not in implied:
                yield Edge(
                    source, target, _mood(views, source, target), _edge_title(definition, source, target)
                )


def _behind(before: Mapping[str, tuple[str, ...]], stage: str, passable: set[str]) -> set[str]:
    """Every stage before this one by a path of stages that apply: a line through others would be no path taken."""
    found: set[str] = set()
    todo = list(before[stage])
    while todo:
        key = todo.pop()
        if key not in found:
            found.add(key)
            todo += before[key] if key in passable else ()
    return found


def _mood(views: Mapping[str, StageView], source: str, target: str) -> str:
    if not views:
        return "plain"
    states = (views[source].state, views[target].state)
    if "not_applicable" in states:
        return "faint"
    return "taken" if states[0] == "issued" else "plain"


def _edge_title(definition: Definition, source: str, target: str) -> str:
    spec = definition.stages[target]
    issued = set(definition.stages[source].issues)
    papers = [
        definition.documents[key].title
        for need in spec.needs
        for wanted in need.any_of
        for key in definition.satisfiers(wanted)
        if key in issued
    ]
    orders = [order for order in spec.after if order.stage == source]
    papers += [f"办结后满{order.wait}" if order.wait else "办结" for order in orders]
    return f"{definition.stages[source].title} → {spec.title}：{'、'.join(dict.fromkeys(papers))}"
