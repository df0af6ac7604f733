"""A definition in words: as an outline to read in a terminal, and as Mermaid for other people's documents."""

from __future__ import annotations

from collections.abc import Iterator

from api.graph.types import definition_graph
from workflow.definition import Definition
from workflow.rulebook import PARTS, Statement, stage_rules


def outline(definition: Definition) -> str:
    """Stages by phase, with papers, steps and limits, one fact a line."""
    return "\n".join(_outline(definition)) + "\n"


def _outline(definition: Definition) -> Iterator[str]:
    yield f"{definition.title}（{definition.type} 第{definition.version}版）"
    yield from (f"依据：{each}" for each in definition.basis)
    stages = stage_rules(definition)
    for phase in definition.phases:
        yield ""
        yield f"【{phase}】"
        for stage in stages:
            if stage.phase == phase:
                nature = f"（{stage.nature}）" if stage.nature else ""
                yield f"  {stage.title}{nature}  {stage.key}"
                yield from (f"    {_words(each)}" for each in stage.statements)


def _words(statement: Statement) -> str:
    part = PARTS[statement.part]
    if part == statement.subject:
        return f"{part}：{statement.words}"
    return f"{part}：{statement.subject}" + (f"，{statement.words}" if statement.words else "")


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
