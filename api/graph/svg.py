"""A stage graph as SVG: real text that can be selected, searched and read aloud; no script, no inline style.

Invariant: everything a person or a definition wrote is escaped; classes come from the page's stylesheet,
or, in a file of its own, from the `<style>` that is put in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from api.graph.layout import CORNER, HEADER, Band, Box, Layout, Route, Text, lay_out
from api.graph.model import Graph

STYLE = """
.graph{font-family:"PingFang SC","Microsoft YaHei","Noto Sans SC","Noto Sans CJK SC",sans-serif}
.graph text{fill:#1f2a2e;font-size:12px}.graph .g-phase{fill:#fbfaf7;stroke:#e4e0d8}
.graph .g-head{font-size:13px;font-weight:600;fill:#55605f}.graph .g-band{fill:#eeeae1}
.graph .g-title{font-size:13px;font-weight:600}.graph .g-note,.graph .g-label{font-size:11px;fill:#5d6664}
.graph .g-box{fill:#fff;stroke:#b9b4a9}.graph .g-now .g-box{fill:#f2f8f8;stroke:#0f5c63;stroke-width:3}
.graph .g-done .g-box{stroke:#6f8a8c}.graph .g-done .g-title{font-weight:400}
.graph .g-faint .g-box{fill:none;stroke-dasharray:3 3}.graph .g-faint text,.graph .g-label.g-faint{fill:#6c736f;font-weight:400}
.graph .g-edge{fill:none;stroke:#a9a397}.graph .g-edge.g-taken{stroke:#0f5c63;stroke-width:2.5}
.graph .g-edge.g-skipped{stroke:#0f5c63;stroke-dasharray:4 3}.graph .g-edge.g-faint{stroke:#d0cabf;stroke-dasharray:3 3}
.graph .g-tip{fill:#a9a397}.graph .g-tip.g-taken,.graph .g-tip.g-skipped{fill:#0f5c63}.graph .g-tip.g-faint{fill:#d0cabf}
.graph .c-red{fill:#b3261e}.graph .c-yellow{fill:#a86a00}.graph .c-green,.graph .c-done{fill:#1d7a46}
"""
"""The graph's look for a file of its own; pages have the same in their stylesheet."""


def svg(graph: Graph, *, alone: bool = False) -> str:
    """The picture. `alone` makes it a file of its own, with its look inside."""
    layout = lay_out(graph)
    return "".join(_parts(graph, layout, alone=alone))


def _parts(graph: Graph, layout: Layout, *, alone: bool) -> Iterator[str]:
    width, height = round(layout.width), round(layout.height)
    space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    yield (
        f'<svg{space} class="graph" role="group" aria-labelledby="graph-title" aria-describedby="graph-desc"'
        f' viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<title id="graph-title">{escape(graph.title)}：事项流程图</title>'
        f'<desc id="graph-desc">{escape(graph.description)}</desc>'
    )
    if alone:
        yield f"<style>{STYLE}</style>"
    yield '<g aria-hidden="true">'
    yield from (_column(band, "g-phase") for band in layout.phases)
    for band in layout.parallel:
        yield (
            f'<rect class="g-band" x="{_n(band.x)}" y="{_n(band.y)}" width="{_n(band.width)}"'
            f' height="{_n(band.height)}" rx="4"><title>以下事项可同时办理（并联）</title></rect>'
        )
    yield from (_line(route) for route in layout.routes)
    yield from (_text(text, f"g-label g-{text.style}") for text in layout.labels)
    yield "</g>"
    yield from (_fold(band) for band in layout.folds)
    for number, phase in enumerate(graph.phases):
        boxes = [box for box in layout.boxes if box.node.column == number]
        if boxes:
            yield f'<g role="group" aria-label="{escape(phase)}，{len(boxes)}个事项">'
            yield from (_box(box) for box in boxes)
            yield "</g>"
    yield "</svg>"


def _column(band: Band, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{_n(band.x)}" y="1" width="{_n(band.width)}" height="{_n(band.height - 2)}"/>'
        f'<text class="g-head" x="{_n(band.x + 10)}" y="{HEADER - 12}">{escape(band.title)}</text>'
    )


def _fold(band: Band) -> str:
    """A finished phase: each of its stages still a line that can be opened."""
    items = "".join(_text(text, "g-item") for text in band.texts)
    label = f"{escape(band.title)}，已办结，{len(band.texts)}个事项"
    return f'<g role="group" aria-label="{label}">{_column(band, "g-phase g-fold")}{items}</g>'


def _line(route: Route) -> str:
    mood = f"g-{route.mood}"
    return (
        f'<g><title>{escape(route.title)}</title><path class="g-edge {mood}" d="{_path(route.points)}"/>'
        f'<path class="g-tip {mood}" d="{_tip(route.points)}"/></g>'
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    """A line with rounded corners: where lines join they bend, where they cross they do not."""
    x, y = points[0]
    parts = [f"M{_n(x)} {_n(y)}"]
    for number in range(1, len(points) - 1):
        before, corner, then = points[number - 1], points[number], points[number + 1]
        bend_in, bend_out = _towards(corner, before), _towards(corner, then)
        parts.append(
            f"L{_n(bend_in[0])} {_n(bend_in[1])}Q{_n(corner[0])} {_n(corner[1])} {_n(bend_out[0])} {_n(bend_out[1])}"
        )
    end, before = points[-1], points[-2]
    stop = _towards(end, before, 4)
    parts.append(f"L{_n(stop[0])} {_n(stop[1])}")
    return "".join(parts)


def _towards(frm: tuple[float, float], to: tuple[float, float], most: float = CORNER) -> tuple[float, float]:
    """The point at most that far from `frm` on the way to `to`, never past the middle."""
    across, down = to[0] - frm[0], to[1] - frm[1]
    length = abs(across) + abs(down)
    if not length:
        return frm
    share = min(most, length / 2) / length
    return frm[0] + across * share, frm[1] + down * share


def _tip(points: Sequence[tuple[float, float]]) -> str:
    (x, y), (before_x, _) = points[-1], points[-2]
    if before_x == x:
        return f"M{_n(x)} {_n(y)}l-3.5 -7h7z"
    return f"M{_n(x)} {_n(y)}l-7 -3.5v7z"


def _box(box: Box) -> str:
    """One stage: to the ear one sentence, to the eye its lines."""
    node, spoken = box.node, escape(box.node.spoken)
    inside = (
        f"<title>{spoken}</title>"
        f'<rect class="g-box" x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="3"/>'
        f"{''.join(_text(text, f'g-{text.style}') for text in box.texts)}"
    )
    if node.href:
        inside = f'<a href="{escape(node.href)}" aria-label="{spoken}">{inside}</a>'
        return f'<g class="g-node g-{node.mood}">{inside}</g>'
    return f'<g class="g-node g-{node.mood}" role="img" aria-label="{spoken}">{inside}</g>'


def _text(text: Text, kind: str) -> str:
    shape = f'<tspan class="c-{text.colour}">{text.shape}</tspan> ' if text.shape else ""
    drawn = f'<text class="{kind}" x="{_n(text.x)}" y="{_n(text.y)}">{shape}{escape(text.text)}</text>'
    return f'<a href="{escape(text.href)}">{drawn}</a>' if text.href else drawn


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
