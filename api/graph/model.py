"""What a stage graph shows: boxes, orders between them, and finished phases folded away.

Invariant: nodes stand in reading order (phase, then order of the definition); an edge is an order
that the papers or an `after` demand, and only those that no longer path already says.
"""

from __future__ import annotations

from msgspec import Struct


class Line(Struct, frozen=True):
    """One line of text in a box; `style` is title, light, state, holder, due, note or item. `shape` is a light's."""

    text: str
    style: str
    shape: str = ""
    colour: str = ""
    href: str = ""


class Node(Struct, frozen=True):
    """One stage as a box. `mood` is done, now, plain or faint; `spoken` is all of it in one sentence."""

    key: str
    column: int
    title: str
    lines: tuple[Line, ...]
    mood: str
    spoken: str
    issues: str = ""
    href: str = ""


class Edge(Struct, frozen=True):
    """One order between two stages. `mood` is taken, plain, skipped (past what does not apply) or faint."""

    source: str
    target: str
    mood: str
    title: str


class Fold(Struct, frozen=True):
    """A finished phase as a list of its stages. Edges out of such phases begin at `units.DONE`."""

    title: str
    lines: tuple[Line, ...]


class Graph(Struct, frozen=True):
    """The whole picture. `phases` are those that are drawn, `folded` the finished ones before them."""

    title: str
    description: str
    phases: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    folded: tuple[Fold, ...] = ()
