"""The same graph as a vertical line for narrow screens: HTML, phase by phase, in reading order.

What is done is one line per phase that can be opened, what goes on now stands large, what has not begun
waits in a line of its own. Works without a script.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from api.graph.model import Fold, Graph, Line, Node


def strip(graph: Graph) -> str:
    """The line; a stage's own anchor goes to its page."""
    return "".join((*map(_fold, graph.folded), *_phases(graph)))


def _fold(fold: Fold) -> str:
    items = "".join(f'<li class="g-done">{_title(line.text, line.href)}</li>' for line in fold.lines)
    return _phase(fold.title, "g-past", _closed(f"{_shape('done', '✓')}已办结{len(fold.lines)}项", items))


def _phases(graph: Graph) -> Iterator[str]:
    for column, phase in enumerate(graph.phases):
        nodes = [node for node in graph.nodes if node.column == column]
        passed = [node for node in nodes if node.mood in {"done", "faint"}]
        now = [node for node in nodes if node.mood == "now"]
        ahead = [node for node in nodes if node.mood == "plain"]
        if nodes:
            parts = (
                _closed(_counted(passed), "".join(map(_box, passed))) if passed else "",
                f"<ol>{''.join(map(_box, now))}</ol>" if now else "",
                _closed(f"{'未到' if passed or now else '共'}{len(ahead)}项", "".join(map(_box, ahead)))
                if ahead
                else "",
            )
            yield _phase(phase, "g-here" if now else "g-past" if not ahead else "", "".join(parts))


def _counted(passed: Sequence[Node]) -> str:
    done = sum(node.mood == "done" for node in passed)
    parts = [f"{_shape('done', '✓')}已办结{done}项"] if done else []
    return "，".join(parts + ([f"不适用{len(passed) - done}项"] if done < len(passed) else []))


def _phase(title: str, kind: str, inside: str) -> str:
    return f'<section class="leg {kind}"><h3>{escape(title)}</h3>{inside}</section>'


def _closed(summary: str, items: str) -> str:
    return f"<details><summary>{summary}</summary><ol>{items}</ol></details>"


def _box(node: Node) -> str:
    others = "".join(map(_line, node.lines[1:]))
    return f'<li class="g-{node.mood}">{_title(node.title, node.href)}{others}</li>'


def _title(text: str, href: str) -> str:
    words = f'<a href="{escape(href)}">{escape(text)}</a>' if href else escape(text)
    return f'<span class="g-title">{words}</span>'


def _line(line: Line) -> str:
    shape = _shape(line.colour, line.shape) if line.shape else ""
    return f'<span class="g-{line.style}">{shape}{escape(line.text)}</span>'


def _shape(colour: str, shape: str) -> str:
    return f'<span class="shape {colour}" aria-hidden="true">{shape}</span> '
