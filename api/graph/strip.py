"""The same graph as a vertical line of boxes, for narrow screens: HTML, phase by phase, in reading order."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from api.graph.model import Graph, Line, Node


def strip(graph: Graph) -> str:
    """The list; a stage's own anchor goes to its page."""
    return "".join(_parts(graph))


def _parts(graph: Graph) -> Iterator[str]:
    for column, phase in enumerate(graph.phases):
        nodes = [node for node in graph.nodes if node.column == column]
        if nodes:
            boxes = "".join(_box(node) for node in nodes)
            yield f"<h3>{escape(phase)}</h3><ol>{boxes}</ol>"


def _box(node: Node) -> str:
    first, *others = node.lines
    title = escape(first.text)
    if node.href:
        title = f'<a href="{escape(node.href)}">{title}</a>'
    return f'<li class="g-{node.mood}"><span class="g-title">{title}</span>{"".join(map(_line, others))}</li>'


def _line(line: Line) -> str:
    shape = f'<span class="shape {line.colour}" aria-hidden="true">{line.shape}</span> ' if line.shape else ""
    return f"<span>{shape}{escape(line.text)}</span>"
