"""The stage graph of a project under way: the same boxes with state, holder, light and date. Pure.

Phases at the beginning that are wholly finished are folded into lists, as long as anything is left to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.graph.model import Edge, Fold, Graph, Line, Node
from api.graph.orders import columns_of, in_reading_order, order_words, orders_around
from api.graph.types import issues_of, waits_of
from api.graph.units import DONE
from workflow.definition import Definition
from workflow.queries.views import StageView
from workflow.state import ISSUED, NOT_APPLICABLE, PASSED_STATES, WAITING

Views = Mapping[str, StageView]


def project_graph(
    definition: Definition, stages: Sequence[StageView], title: str, link: str = "", *, whole: bool = False
) -> Graph:
    """The picture of a project. `link` is the address before a stage's key; `whole` folds nothing."""
    views = {view.key: view for view in stages}
    columns = columns_of(definition)
    first = 0 if whole else _first_unfinished(columns, views)
    folded = [key for key in in_reading_order(columns) if columns[key] < first]
    nodes = tuple(
        _node(definition, views[key], columns[key] - first, link)
        for key in in_reading_order(columns)
        if key not in folded
    )
    edges = tuple(
        Edge(source, target, _mood(views, source, target), _edge_words(definition, source, target))
        for source, target in orders_around(definition, folded)
    )
    folds = tuple(
        Fold(
            definition.phases[column],
            tuple(_item(views[key], link) for key in folded if columns[key] == column),
        )
        for column in range(first)
    )
    return Graph(title, _described(stages), definition.phases[first:], nodes, edges, folds)


def _first_unfinished(columns: Mapping[str, int], views: Views) -> int:
    """The first phase with anything left to do; 0 if there is none, for then the whole is what counts."""
    unfinished = [columns[key] for key, view in views.items() if view.state not in PASSED_STATES]
    return min(unfinished, default=0)


def _described(stages: Sequence[StageView]) -> str:
    moving = "、".join(view.title for view in stages if view.holders) or "没有正在办理的事项"
    done = sum(view.state == ISSUED for view in stages)
    return f"共{len(stages)}个事项，已办结{done}个，正在办理：{moving}。"


def _node(definition: Definition, view: StageView, column: int, link: str) -> Node:
    stage = definition.stages[view.key]
    lines = [Line(view.title, "title"), *_state_lines(view)]
    if view.state == WAITING:
        lines += [Line(f"仅当{view.condition}", "note")] if view.condition else []
        lines += waits_of(stage)
    mood = {ISSUED: "done", NOT_APPLICABLE: "faint"}.get(view.state, "now" if view.holders else "plain")
    issues = issues_of(definition, stage)
    return Node(view.key, column, view.title, tuple(lines), mood, _spoken(view), issues, link + view.key)


def _state_lines(view: StageView) -> list[Line]:
    """What a box says below its title; nothing for one whose turn has not come, for that is most of them."""
    light = view.light
    if view.holders:
        state = (
            Line(view.state_words, "light", light.shape, light.colour)
            if light.shape
            else Line(view.state_words, "state")
        )
        day, _, left = view.due.words.partition(" · ") if view.due else ("", "", "")
        soon = "临期 " if light.colour == "yellow" else ""
        dues = [Line(each, "due") for each in (day, left and soon + left.replace(" ", "")) if each]
        return [state, Line(view.holders, "holder"), *dues]
    if view.state == ISSUED:
        day = view.issued_on.isoformat() if view.issued_on else view.state_words
        return [Line(f"{day}{' 补录' if view.taken_over and view.issued_on else ''}", "light", "✓", "done")]
    return [] if view.state == WAITING else [Line(view.state_words, "state")]


def _item(view: StageView, link: str) -> Line:
    shape, colour = ("✓", "done") if view.state == ISSUED else ("–", "none")
    return Line(view.title, "item", shape, colour, link + view.key)


def _spoken(view: StageView) -> str:
    """概算审核，科室审核中，李国栋，11月13日到期，超5个工作日."""
    return "，".join(filter(None, (view.title, view.state_words, *_who_and_when(view))))


def _who_and_when(view: StageView) -> list[str]:
    if view.holders:
        day, _, left = view.due.words.partition(" · ") if view.due else ("", "", "")
        date, _, weekday = day.partition(" ")
        provisional = "（暂定）" if weekday.endswith("（暂定）") else ""
        until = f"{date}{provisional}到期" if left else day
        outside = "外部门办理" if view.outside else ""
        return [outside, view.holders, until, left.replace(" ", "")]
    if view.state == ISSUED and view.issued_on is not None:
        return [f"{view.issued_on.isoformat()}{'补录' if view.taken_over else ''}"]
    condition = f"仅当{view.condition}" if view.condition else ""
    return [condition, "；".join(view.blockers)]


def _mood(views: Views, source: str, target: str) -> str:
    """Taken once the source is issued; past a stage that does not apply the way goes on, but not through it."""
    applies = [key == DONE or views[key].state != NOT_APPLICABLE for key in (source, target)]
    passed = source == DONE or views[source].state in PASSED_STATES
    if all(applies):
        return "taken" if passed else "plain"
    return "skipped" if passed else "faint"


def _edge_words(definition: Definition, source: str, target: str) -> str:
    if source == DONE:
        return f"已办结的阶段 → {definition.stages[target].title}"
    return order_words(definition, source, target)
