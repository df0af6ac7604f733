"""From the plan of a stage graph to pixels: sizes tracks and rows by what stands and runs in them. Pure.

Invariant: no two boxes overlap, no line runs through a box or a name, every line goes to the right or
down, and the same graph always gives the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from api.graph.model import Edge, Fold, Graph, Node
from api.graph.plan import Plan, plan_of
from api.graph.units import Shape
from api.graph.wires import Owner, Point, Wire, route_of
from api.graph.writing import wrap

WIDTH = 126
"""Of a box: eight or nine Chinese characters of a title beside each other."""

TRACKS = 8
"""As many boxes, or finished phases, as an office screen of 1366 pixels shows beside each other."""

PAD = 8
LINE = 15
TITLE = 18
LANE = 6
LABEL = 15
ARROW = 11
PORT = 12
"""How far from a box's left edge its lines leave and come straight in; others come in by `ASIDE` further right."""

ASIDE = 12
BAND = 6
"""How far the band behind stages that go side by side reaches beyond their boxes."""

HEADER = 30
MARGIN = 4
FOLD = 118
"""How wide a finished phase is that is folded away."""

CORNER = 5
SIZES = {"title": 13.0, "light": 12.0, "state": 12.0, "holder": 12.0, "due": 12.0, "note": 11.0, "item": 12.0}
LONGEST = {"title": 2, "note": 2}
"""How many lines a text may be broken into before it is cut; its full wording is in the box's title."""

MOODS = ("faint", "skipped", "plain", "taken")
"""Of lines, from what is painted first to what lies on top."""


class Text(Struct, frozen=True):
    """One printed line of a box, at its baseline."""

    x: float
    y: float
    text: str
    style: str
    shape: str = ""
    colour: str = ""
    href: str = ""


class Box(Struct, frozen=True):
    """One stage's box and the text in it."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    texts: tuple[Text, ...]


class Route(Struct, frozen=True):
    """One line as its corners, for all the orders between the stages that it joins."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    mood: str
    title: str
    points: tuple[Point, ...]


class Band(Struct, frozen=True):
    """A tinted stretch: a phase's column, or stages that go on side by side."""

    title: str
    x: float
    y: float
    width: float
    height: float
    texts: tuple[Text, ...] = ()


class Layout(Struct, frozen=True):
    """The whole picture in pixels."""

    width: float
    height: float
    folds: tuple[Band, ...]
    phases: tuple[Band, ...]
    parallel: tuple[Band, ...]
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    labels: tuple[Text, ...]


def lay_out(graph: Graph) -> Layout:
    """The place of every box, line and word of the graph."""
    stages = tuple((node.key, node.column) for node in graph.nodes)
    orders = tuple((edge.source, edge.target) for edge in graph.edges)
    return _Drawing(
        graph, plan_of(Shape(len(graph.phases), stages, orders, TRACKS - len(graph.folded)))
    ).finish()


class _Drawing:
    """The ruler of one picture, in pixels, and what is drawn with it."""

    def __init__(self, graph: Graph, plan: Plan) -> None:
        self.graph = graph
        self.plan = plan
        self.places = plan.grid.places
        self.nodes = {node.key: node for node in graph.nodes}
        self.texts = {node.key: _texts(node) for node in graph.nodes}
        self.leading = {edge.source for edge in graph.edges}
        self.cells = {
            key: cell
            for unit, place in zip(plan.units.units, self.places, strict=True)
            for key, cell in zip(unit.keys, place.cells(len(unit.keys)), strict=True)
        }
        self.x = self._tracks()
        self.y, self.floor, self.height = self._rows()

    # Sizes

    def _tracks(self) -> list[float]:
        lanes = _counts(self.plan.lanes.down)
        found: list[float] = []
        x = MARGIN + len(self.graph.folded) * (FOLD + MARGIN)
        for track in range(self.plan.grid.starts[-1]):
            run = BAND + ARROW + LANE * lanes[track] if lanes[track] else 0
            x += max(run, 12) + (8 if track in self.plan.grid.starts else 0)
            found.append(float(x))
            x += WIDTH
        self.width = float(x + BAND + MARGIN)
        return found

    def _rows(self) -> tuple[list[float], list[float], float]:
        """The top of every row, where what stands in it ends with the names below, and the whole height."""
        lanes = _counts(self.plan.lanes.across)
        rows = range(self.plan.grid.rows)
        heights = [
            max((self._reach(key) for key, cell in self.cells.items() if cell[1] == row), default=0)
            for row in rows
        ]
        groups = [place for place in self.places if not place.is_single]
        y = HEADER + (LANE * lanes[-1] + ARROW if lanes[-1] else 0) + 4.0
        tops, floors = [], []
        for row in rows:
            y += BAND if any(place.row == row for place in groups) else 0
            tops.append(y)
            y += heights[row]
            floors.append(y)
            y += BAND if any(place.last_row == row for place in groups) else 3
            y += LANE * lanes[row] + ARROW if lanes[row] else 8
        return tops, floors, max([y, *(_fold_height(fold) for fold in self.graph.folded)])

    def _reach(self, key: str) -> float:
        """How far down a box reaches with the name of what it issues."""
        return _height(self.texts[key]) + (LABEL if self._is_named(key) else 0)

    def _is_named(self, key: str) -> bool:
        return bool(self.nodes[key].issues) and key in self.leading

    # The ruler

    def leave(self, unit: int) -> Point:
        """Where lines leave a unit."""
        if unit < 0:
            return (MARGIN + len(self.graph.folded) * (FOLD + MARGIN) - MARGIN, self.y[0])
        band = self._band(unit)
        return (self.x[self.places[unit].track] + PORT, band.y + band.height)

    def top(self, unit: int) -> float:
        """The upper edge of a unit."""
        return self._band(unit).y

    def side(self, unit: int) -> Point:
        """Where lines enter a unit from the left."""
        band = self._band(unit)
        return (band.x, band.y + min(band.height / 2, 20))

    def port(self, track: int) -> float:
        """Where in a track lines come down that do not come straight from above."""
        return self.x[track] + PORT + ASIDE

    def across(self, channel: int, lane: int) -> float:
        """The height of a lane below a row."""
        above = HEADER if channel < 0 else self.floor[channel] + BAND
        return above + LANE * lane + 2

    def down(self, channel: int, lane: int) -> float:
        """How far right a lane to the left of a track is."""
        return self.x[channel] - BAND - ARROW - LANE * lane

    # What is drawn

    def _band(self, number: int) -> Band:
        """The outline of a unit: a box, or the band around several."""
        keys, place = self.plan.units.units[number].keys, self.places[number]
        x, y = self.x[place.track], self.y[place.row]
        if len(keys) == 1:
            return Band("", x, y, WIDTH, _height(self.texts[keys[0]]))
        right = self.x[place.track + place.wide - 1] + WIDTH + BAND
        bottom = self.floor[place.last_row] + 3
        return Band("并联", x - BAND, y - BAND, right - x + BAND, bottom - y + BAND)

    def _box(self, node: Node) -> Box:
        track, row = self.cells[node.key]
        x, y = self.x[track], self.y[row]
        texts, baseline = [], y + PAD - 3
        for line in self.texts[node.key]:
            baseline += TITLE if line.style == "title" else LINE
            texts.append(Text(x + PAD, baseline - 2, line.text, line.style, line.shape, line.colour))
        return Box(node, x, y, WIDTH, _height(self.texts[node.key]), tuple(texts))

    def _routes(self) -> Iterator[Route]:
        edges: dict[tuple[int, int], list[Edge]] = defaultdict(list)
        unit_of = {key: number for number, unit in enumerate(self.plan.units.units) for key in unit.keys}
        for edge in self.graph.edges:
            edges[unit_of.get(edge.source, -1), unit_of[edge.target]].append(edge)
        for wire in self.plan.wires:
            yield self._route(wire, edges[wire.source, wire.target])

    def _route(self, wire: Wire, edges: list[Edge]) -> Route:
        points = route_of(wire, self.plan.lanes, self).points
        sources, targets = (
            tuple(dict.fromkeys(each)) for each in zip(*((e.source, e.target) for e in edges), strict=True)
        )
        title = "\n".join(edge.title for edge in edges)
        return Route(sources, targets, _mood(edges), title, points)

    def _labels(self) -> Iterator[Text]:
        """What each stage issues, once, right below it: where its line begins, or in its band."""
        alone = {unit.keys[0] for unit in self.plan.units.units if len(unit.keys) == 1}
        for key, (track, row) in self.cells.items():
            node = self.nodes[key]
            if not self._is_named(key):
                continue
            shift = PORT + 4 if key in alone else PAD
            text = wrap(node.issues, SIZES["note"], WIDTH - shift + 2, 1)[0]
            yield Text(self.x[track] + shift, self.y[row] + _height(self.texts[key]) + 12, text, node.mood)

    def finish(self) -> Layout:
        """The picture."""
        routes = sorted(self._routes(), key=lambda route: MOODS.index(route.mood))
        groups = [number for number, unit in enumerate(self.plan.units.units) if len(unit.keys) > 1]
        return Layout(
            width=self.width,
            height=self.height,
            folds=tuple(self._folds()),
            phases=tuple(self._phases()),
            parallel=tuple(self._band(number) for number in groups),
            boxes=tuple(self._box(node) for node in self.graph.nodes),
            routes=tuple(routes),
            labels=tuple(self._labels()),
        )

    def _phases(self) -> Iterator[Band]:
        lanes, starts = _counts(self.plan.lanes.down), self.plan.grid.starts
        edges = [self.x[first] - max(ARROW + LANE * lanes[first] + BAND, 12) for first in starts[:-1]]
        for number, title in enumerate(self.graph.phases):
            right = edges[number + 1] if number + 1 < len(edges) else self.width - 1
            yield Band(title, edges[number], 0, right - edges[number], self.height)

    def _folds(self) -> Iterator[Band]:
        for number, fold in enumerate(self.graph.folded):
            x, baseline = MARGIN + number * (FOLD + MARGIN), HEADER + 8.0
            texts = []
            for line in fold.lines:
                baseline += LINE + 3
                text = wrap(line.text, SIZES["item"], FOLD - 2 * PAD - 15, 1)[0]
                texts.append(Text(x + PAD, baseline, text, line.style, line.shape, line.colour, line.href))
            yield Band(fold.title, x, 0, FOLD, self.height, tuple(texts))


def _counts(lanes: Mapping[tuple[int, Owner], int]) -> dict[int, int]:
    """How many lanes each channel has."""
    found: dict[int, int] = defaultdict(int)
    for (channel, _), lane in lanes.items():
        found[channel] = max(found[channel], lane + 1)
    return found


def _mood(edges: list[Edge]) -> str:
    """Of a line for several orders: taken once every order that applies is; a skipped one decides nothing."""
    moods = {edge.mood for edge in edges}
    applying = moods & {"taken", "plain"} or moods & {"skipped"} or moods
    return min(applying, key=MOODS.index)


def _texts(node: Node) -> list[Text]:
    """The lines of a box, broken to its width."""
    found = []
    for line in node.lines:
        size = SIZES[line.style]
        width = WIDTH - 2 * PAD - (size + 3 if line.shape else 0) + 1
        for number, part in enumerate(wrap(line.text, size, width, LONGEST.get(line.style, 2))):
            shape = line.shape if number == 0 else ""
            found.append(Text(0, 0, part, line.style, shape, line.colour))
    return found


def _height(texts: list[Text]) -> float:
    return sum(TITLE if text.style == "title" else LINE for text in texts) + 2 * PAD - 4


def _fold_height(fold: Fold) -> float:
    return HEADER + 16 + (LINE + 3) * len(fold.lines)
