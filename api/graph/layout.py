"""Where everything of a stage graph goes: phases as columns, in them layers by longest path. Pure.

Boxes stand on a grid of rows that all columns share, so that between two rows and between two columns
there is always a free channel; lines run in those channels, one lane per source. Invariant: no two
boxes overlap, every edge goes to the right or down, and the same graph always gives the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from msgspec import Struct

from api.graph.model import Edge, Graph, Node
from api.graph.writing import wrap

WIDTH = 126
"""Of a box: eight or nine Chinese characters of a title beside each other."""

PAD = 8
LINE = 16
TITLE = 18
LANE = 5
LABEL = 15
ARROW = 10
PORT = 16
"""How far from a box's left edge its lines leave and enter."""

HEADER = 34
MARGIN = 4
MOST_COLUMNS = 8
CORNER = 5
SIZES = {"title": 13.0, "light": 12.0, "state": 12.0, "holder": 12.0, "due": 12.0, "note": 11.0}
LONGEST = {"title": 2, "note": 2}
"""How many lines a text may be broken into before it is cut; its full wording is in the box's title."""


class Cell(Struct, frozen=True):
    """A place on the grid."""

    column: int
    row: int


class Text(Struct, frozen=True):
    """One printed line of a box, at its baseline."""

    x: float
    y: float
    text: str
    style: str
    shape: str = ""
    colour: str = ""


class Box(Struct, frozen=True):
    """One stage's box and the text in it."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    texts: tuple[Text, ...]


class Route(Struct, frozen=True):
    """One edge as the corners of its line, from its source to its target."""

    edge: Edge
    points: tuple[tuple[float, float], ...]


class Band(Struct, frozen=True):
    """A tinted stretch: a phase's column, or stages that go on side by side."""

    title: str
    x: float
    y: float
    width: float
    height: float


class Layout(Struct, frozen=True):
    """The whole picture in pixels."""

    width: float
    height: float
    phases: tuple[Band, ...]
    parallel: tuple[Band, ...]
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    labels: tuple[Text, ...]


def lay_out(graph: Graph) -> Layout:
    """The place of every box, line and word of the graph."""
    layers = _layers(graph)
    cells, starts, bands = _grid(layers)
    return _Drawing(graph, cells, starts, bands).finish()


def _layers(graph: Graph) -> dict[int, list[list[Node]]]:
    """Column -> its layers: a stage lies one below the deepest of its predecessors in the same column."""
    nodes = {node.key: node for node in graph.nodes}
    before: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        if nodes[edge.source].column == nodes[edge.target].column:
            before[edge.target].append(edge.source)
    depth: dict[str, int] = {}

    def deep(key: str) -> int:
        if key not in depth:
            depth[key] = 1 + max((deep(each) for each in before[key]), default=-1)
        return depth[key]

    found: dict[int, list[list[Node]]] = {column: [] for column in range(len(graph.phases))}
    for node in graph.nodes:
        layers = found[node.column]
        while len(layers) <= deep(node.key):
            layers.append([])
        layers[deep(node.key)].append(node)
    return found


def _rows(layers: Sequence[Sequence[Node]], wide: int) -> int:
    return sum(-(-len(layer) // wide) for layer in layers)


def _widths(layers: Mapping[int, list[list[Node]]]) -> list[int]:
    """How many boxes each phase's column is wide: as low a picture as fits, with little stacked."""
    choices = []
    for each in layers.values():
        widest = max((len(layer) for layer in each), default=1)
        choices.append(range(1, min(4, widest) + 1))
    fitting: Iterable[tuple[int, ...]] = (
        wide for wide in product(*choices) if sum(wide) <= max(MOST_COLUMNS, len(choices))
    )

    def badness(wide: tuple[int, ...]) -> tuple[int, int]:
        heights = [_rows(each, width) for each, width in zip(layers.values(), wide, strict=True)]
        return (2 * max(heights) + sum(heights), sum(wide))

    best: tuple[int, ...] = min(fitting, key=badness)
    return list(best)


def _grid(
    layers: Mapping[int, list[list[Node]]],
) -> tuple[dict[str, Cell], list[int], list[list[Cell]]]:
    """The cell of every stage, the first grid column of every phase, and the cells of each parallel layer."""
    cells: dict[str, Cell] = {}
    starts, bands, start = [], [], 0
    for column, wide in zip(layers, _widths(layers), strict=True):
        starts.append(start)
        row = 0
        for layer in layers[column]:
            for first in range(0, len(layer), wide):
                for place, node in enumerate(layer[first : first + wide]):
                    cells[node.key] = Cell(start + place, row)
                row += 1
            if len(layer) > 1:
                bands.append([cells[node.key] for node in layer])
        start += wide
    return cells, [*starts, start], bands


class _Lanes:
    """Lanes of one channel: stretches that overlap lie beside each other, others may share a lane."""

    def __init__(self) -> None:
        self._taken: list[list[tuple[float, float]]] = []

    def take(self, first: float, last: float) -> int:
        """The lane for a stretch."""
        low, high = min(first, last), max(first, last)
        for number, taken in enumerate(self._taken):
            if all(high < begin or low > end for begin, end in taken):
                taken.append((low, high))
                return number
        self._taken.append([(low, high)])
        return len(self._taken) - 1

    def __len__(self) -> int:
        return len(self._taken)


class _Drawing:
    """Turns cells into pixels: sizes rows and channels by what runs in them, then draws."""

    def __init__(
        self, graph: Graph, cells: dict[str, Cell], starts: list[int], bands: list[list[Cell]]
    ) -> None:
        self.graph = graph
        self.cells = cells
        self.starts = starts
        self.bands = bands
        self.columns = starts[-1]
        self.rows = 1 + max((cell.row for cell in cells.values()), default=0)
        self.taken = {(cell.column, cell.row): key for key, cell in cells.items()}
        self.nodes = {node.key: node for node in graph.nodes}
        self.outgoing: dict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self.outgoing[edge.source].append(edge)
        self.texts = {node.key: _texts(node) for node in graph.nodes}
        self.horizontal: dict[str, int] = {}
        self.vertical: dict[tuple[str, int], int] = {}
        self.row_lanes = [_Lanes() for _ in range(self.rows)]
        self.column_lanes = [_Lanes() for _ in range(self.columns)]
        self._assign_lanes()
        self._measure()

    # Which way each edge goes

    def drops_in(self, edge: Edge) -> bool:
        """Whether the edge may enter its target from above: same phase, below, with nothing in between."""
        source, target = self.cells[edge.source], self.cells[edge.target]
        if self.nodes[edge.source].column != self.nodes[edge.target].column:
            return False
        between = range(source.row + 1, target.row)
        return all((target.column, row) not in self.taken for row in between)

    def _assign_lanes(self) -> None:
        order = sorted(self.outgoing, key=lambda key: (self.cells[key].row, -self.cells[key].column))
        for key in order:
            cell = self.cells[key]
            ends = [cell.column + 0.5]
            sides: dict[int, list[float]] = defaultdict(list)
            for edge in self.outgoing[key]:
                target = self.cells[edge.target]
                if self.drops_in(edge):
                    ends.append(target.column + 0.5)
                else:
                    ends.append(float(target.column))
                    sides[target.column].append(float(target.row))
            if max(ends) > min(ends):
                self.horizontal[key] = self.row_lanes[cell.row].take(min(ends), max(ends))
            for column, rows in sides.items():
                reach = [cell.row + 0.5, *rows]
                self.vertical[key, column] = self.column_lanes[column].take(min(reach), max(reach))

    # Pixels

    def _measure(self) -> None:
        self.x: list[float] = []
        x = float(MARGIN)
        for column in range(self.columns):
            if column in self.starts:
                x += 6
            x += ARROW + LANE * len(self.column_lanes[column]) + 2
            self.x.append(x)
            x += WIDTH
        self.width = x + MARGIN + 6
        heights = [0.0] * self.rows
        for key, cell in self.cells.items():
            heights[cell.row] = max(heights[cell.row], _height(self.nodes[key], self.texts[key]))
        self.y: list[float] = []
        self.floor: list[float] = []
        y = float(HEADER + 10)
        for row in range(self.rows):
            self.y.append(y)
            self.floor.append(y + heights[row])
            y += heights[row] + self._gap(row)
        self.height = y + 4

    def _gap(self, row: int) -> float:
        named = any(
            self.outgoing[key] for key, cell in self.cells.items() if cell.row == row and key in self.outgoing
        )
        return (LABEL if named else 4) + LANE * len(self.row_lanes[row]) + ARROW

    def _lane_y(self, key: str) -> float:
        row = self.cells[key].row
        return self.floor[row] + LABEL + LANE * self.horizontal.get(key, 0) + 2

    def _lane_x(self, key: str, column: int) -> float:
        return self.x[column] - ARROW - LANE * self.vertical[key, column]

    def _port_in(self, key: str) -> float:
        """Where lines enter from above; aside, if the box above has lines of its own that end elsewhere."""
        cell = self.cells[key]
        above = next(
            (
                self.taken[cell.column, row]
                for row in range(cell.row - 1, -1, -1)
                if (cell.column, row) in self.taken
            ),
            None,
        )
        foreign = above is not None and above in self.outgoing
        foreign = foreign and all(edge.target != key for edge in self.outgoing[above or ""])
        return self.x[cell.column] + PORT + (14 if foreign else 0)

    def _box(self, node: Node) -> Box:
        cell = self.cells[node.key]
        x, y = self.x[cell.column], self.y[cell.row]
        texts, baseline = [], y + PAD - 3
        for line in self.texts[node.key]:
            baseline += TITLE if line.style == "title" else LINE
            texts.append(Text(x + PAD, baseline - 2, line.text, line.style, line.shape, line.colour))
        return Box(node, x, y, WIDTH, _height(node, self.texts[node.key]), tuple(texts))

    def _route(self, edge: Edge, boxes: Mapping[str, Box]) -> Route:
        source, target = boxes[edge.source], boxes[edge.target]
        exit_x, lane = source.x + PORT, self._lane_y(edge.source)
        start = (exit_x, source.y + source.height)
        if self.drops_in(edge):
            enter = self._port_in(edge.target)
            if enter == exit_x:
                return Route(edge, (start, (enter, target.y)))
            return Route(edge, (start, (exit_x, lane), (enter, lane), (enter, target.y)))
        column = self.cells[edge.target].column
        side, middle = self._lane_x(edge.source, column), target.y + min(target.height / 2, 20)
        return Route(edge, (start, (exit_x, lane), (side, lane), (side, middle), (target.x, middle)))

    def _labels(self, boxes: Mapping[str, Box]) -> Iterable[Text]:
        for key, edges in self.outgoing.items():
            box = boxes[key]
            if not box.node.issues or not edges:
                continue
            text = wrap(box.node.issues, 11.0, WIDTH - PORT + 4, 1)[0]
            moods = {edge.mood for edge in edges}
            style = "taken" if "taken" in moods else "plain" if "plain" in moods else "faint"
            yield Text(box.x + PORT + 5, box.y + box.height + 12, text, style)

    def finish(self) -> Layout:
        """The picture."""
        boxes = {node.key: self._box(node) for node in self.graph.nodes}
        moods = ("faint", "plain", "taken")
        edges = sorted(self.graph.edges, key=lambda edge: moods.index(edge.mood))
        return Layout(
            width=self.width,
            height=self.height,
            phases=tuple(self._phase_bands()),
            parallel=tuple(self._parallel_bands()),
            boxes=tuple(boxes.values()),
            routes=tuple(self._route(edge, boxes) for edge in edges),
            labels=tuple(self._labels(boxes)),
        )

    def _phase_bands(self) -> Iterable[Band]:
        for number, title in enumerate(self.graph.phases):
            first, then = self.starts[number], self.starts[number + 1]
            left = self.x[first] - ARROW - LANE * len(self.column_lanes[first]) - 6
            yield Band(title, left, 0, self.x[then - 1] + WIDTH + 4 - left, self.height)

    def _parallel_bands(self) -> Iterable[Band]:
        for cells in self.bands:
            first, last = min(cell.column for cell in cells), max(cell.column for cell in cells)
            top, bottom = min(cell.row for cell in cells), max(cell.row for cell in cells)
            x, y = self.x[first] - 5, self.y[top] - 5
            yield Band("并联", x, y, self.x[last] + WIDTH + 5 - x, self.floor[bottom] + 5 - y)


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


def _height(_: Node, texts: Sequence[Text]) -> float:
    return sum(TITLE if text.style == "title" else LINE for text in texts) + 2 * PAD - 4
