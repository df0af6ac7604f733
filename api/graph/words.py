"""A definition in words: as an outline to read in a terminal, and as Mermaid for other people's documents."""

from __future__ import annotations

from collections.abc import Iterator

from api.graph.model import definition_graph
from workflow.definition import POSTS, Definition, Requirement, Stage, Step
from workflow.rules import condition_words


def outline(definition: Definition) -> str:
    """Stages by phase, with papers, steps and limits, one fact a line."""
    return "\n".join(_outline(definition)) + "\n"


def _outline(definition: Definition) -> Iterator[str]:
    yield f"{definition.title}（{definition.type} 第{definition.version}版）"
    yield from (f"依据：{each}" for each in definition.basis)
    for phase in definition.phases:
        yield ""
        yield f"【{phase}】"
        for stage in definition.stages.values():
            if stage.phase == phase:
                yield from _stage(definition, stage)


def _stage(definition: Definition, stage: Stage) -> Iterator[str]:
    nature = f"（{stage.nature}）" if stage.nature else ""
    yield f"  {stage.title}{nature}  {stage.key}"
    if stage.when is not None:
        yield f"    仅当：{condition_words(definition, stage.when)}"
    for order in stage.after:
        wait = f"后满{order.wait}" if order.wait else "之后"
        yield f"    顺序：在“{definition.stages[order.stage].title}”{wait}"
    for need in stage.needs:
        yield f"    需要：{_need(definition, need)}"
    if stage.prepare is not None:
        yield f"    准备材料：{stage.prepare}"
    for step in stage.steps:
        yield f"    环节：{_step(step)}"
    for reply in stage.issues:
        kind = definition.documents[reply]
        valid = f"，有效期{kind.valid}" if kind.valid else ""
        yield f"    取得：{kind.title}{valid}"
    if stage.basis:
        yield f"    依据：{stage.basis}"


def stage_lines(definition: Definition, stage: Stage) -> list[str]:
    """What the outline says of one stage, one sentence each; its title first."""
    title, *rest = (line.strip() for line in _stage(definition, stage))
    return [title.rpartition("  ")[0], f"阶段：{stage.phase}", *rest]


def _need(definition: Definition, need: Requirement) -> str:
    parts = ["或".join(definition.documents[key].title for key in need.any_of)]
    if need.recommended:
        parts.append("推荐")
    if need.soft:
        parts.append("经批准可暂缺")
    if need.when is not None:
        parts.append(f"仅当{condition_words(definition, need.when)}")
    return parts[0] + (f"（{'；'.join(parts[1:])}）" if len(parts) > 1 else "")


def _step(step: Step) -> str:
    limits = (
        ("", step.within),
        ("受理", step.accept),
        ("承诺", step.promised),
        ("法定", step.statutory),
        ("不少于", step.minimum),
    )
    words = " · ".join(f"{word}{limit}" for word, limit in limits if limit is not None)
    return "，".join(part for part in (step.title, step.body or POSTS[step.by], words) if part)


def mermaid(definition: Definition) -> str:
    """The stage graph as a Mermaid flowchart: phases as subgraphs, papers on the edges."""
    graph = definition_graph(definition)
    lines = ["flowchart LR"]
    for column, phase in enumerate(graph.phases):
        lines.append(f'  subgraph phase{column}["{_quoted(phase)}"]')
        lines += [
            f'    {_name(node.key)}["{_quoted(node.title)}"]' for node in graph.nodes if node.column == column
        ]
        lines.append("  end")
    for edge in graph.edges:
        paper = edge.title.partition("：")[2]
        lines.append(f'  {_name(edge.source)} -->|"{_quoted(paper)}"| {_name(edge.target)}')
    return "\n".join(lines) + "\n"


def _name(key: str) -> str:
    """A name that no word of Mermaid can collide with."""
    return f"s_{key.replace('-', '_')}"


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
