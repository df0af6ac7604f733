"""The stage graph of a project type: every stage with its condition and its limit. Pure."""

from __future__ import annotations

from api.graph.model import Edge, Graph, Line, Node
from api.graph.orders import columns_of, in_reading_order, order_words, orders_of
from workflow.definition import Definition, Stage
from workflow.rules import condition_words


def definition_graph(definition: Definition) -> Graph:
    """The picture of a project type: every stage, its condition and its promised time."""
    columns = columns_of(definition)
    nodes = tuple(_node(definition, key, columns[key]) for key in in_reading_order(columns))
    edges = tuple(
        Edge(source, target, "plain", order_words(definition, source, target))
        for source, target in orders_of(definition)
    )
    described = f"{len(nodes)}个事项，{len(definition.phases)}个阶段：{'、'.join(definition.phases)}。"
    return Graph(definition.title, described, definition.phases, nodes, edges)


def issues_of(definition: Definition, stage: Stage) -> str:
    """The papers that the stage issues, as they stand on its line."""
    return "、".join(definition.documents[reply].title for reply in stage.issues)


def waits_of(stage: Stage) -> list[Line]:
    """The shortest waits that the stage has to keep."""
    return [Line(f"须满{order.wait}后", "note") for order in stage.after if order.wait is not None]


def _node(definition: Definition, key: str, column: int) -> Node:
    stage = definition.stages[key]
    condition = condition_words(definition, stage.when) if stage.when else ""
    limit = _limit(stage)
    lines = [Line(stage.title, "title")]
    lines += [Line(limit, "due")] if limit else []
    lines += [Line(f"仅当{condition}", "note")] if condition else []
    lines += waits_of(stage)
    spoken = (stage.title, limit, condition and f"仅当{condition}", _needs(definition, stage))
    return Node(
        key,
        column,
        stage.title,
        tuple(lines),
        "plain",
        "，".join(filter(None, spoken)),
        issues_of(definition, stage),
        f"#{key}",
    )


def _limit(stage: Stage) -> str:
    outside = next((step for step in stage.steps if step.body), None)
    if outside is not None and (outside.promised or outside.statutory):
        return f"外部承诺{outside.promised or outside.statutory}"
    amounts = [step.within for step in stage.steps if step.within]
    if amounts and len({limit.unit for limit in amounts}) == 1:
        return f"内部{type(amounts[0])(sum(limit.amount for limit in amounts), amounts[0].unit)}"
    return ""


def _needs(definition: Definition, stage: Stage) -> str:
    titles = ["或".join(definition.documents[key].title for key in need.any_of) for need in stage.needs]
    return f"所需材料：{'、'.join(titles)}" if titles else ""
