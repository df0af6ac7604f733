"""The stage graph: nothing overlaps, every edge goes forward, the same graph gives the same picture."""

from __future__ import annotations

from datetime import date
from itertools import combinations, pairwise, product
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.graph import Graph, definition_graph, lay_out, mermaid, outline, project_graph, strip, svg
from api.graph.layout import SIZES, Box, Layout, Text
from api.graph.model import Edge, Line, Node
from api.graph.plan import GridRuler, plan_of, tangle
from api.graph.units import DONE, Shape
from api.graph.wires import route_of
from api.graph.writing import text_width, wrap
from workflow.definition import Definition
from workflow.loader import load
from workflow.queries.views import StageView
from workflow.queries.words import LIGHTS

LIBRARY = Path(__file__).parents[2] / "definitions"
TYPES = sorted(path.stem for path in LIBRARY.glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"


def definition(name: str) -> Definition:
    found = load((LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"), name).definition
    assert found is not None
    return found


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any graph whose edges run from earlier stages to later ones, in up to five phases."""
    phases = draw(st.integers(1, 5))
    columns = sorted(draw(st.lists(st.integers(0, phases - 1), min_size=1, max_size=24)))
    words = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30)
    nodes = tuple(
        Node(
            f"s{place}",
            column,
            title,
            (Line(title, "title"), Line(draw(words), "note")),
            "plain",
            title,
            "批复",
        )
        for place, column in enumerate(columns)
        for title in [draw(words)]
    )
    pairs = [(first, second) for first, second in combinations(nodes, 2)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=40)) if pairs else []
    moods = st.sampled_from(("taken", "plain", "faint"))
    edges = tuple(Edge(first.key, second.key, draw(moods), "x") for first, second in chosen)
    return Graph("图", "图", tuple(f"阶段{number}" for number in range(phases)), nodes, edges)


def overlapping(boxes: tuple[Box, ...]) -> list[tuple[str, str]]:
    return [
        (one.node.key, two.node.key)
        for one, two in combinations(boxes, 2)
        if one.x < two.x + two.width
        and two.x < one.x + one.width
        and one.y < two.y + two.height
        and two.y < one.y + one.height
    ]


def prove(layout: Layout) -> None:
    boxes = {box.node.key: box for box in layout.boxes}
    assert overlapping(layout.boxes) == []
    for box in layout.boxes:
        assert box.x >= 0
        assert box.x + box.width <= layout.width
        assert box.y + box.height <= layout.height
        for text in box.texts:
            assert text.x + text_width(text.text, SIZES[text.style]) <= box.x + box.width + 1
    names = [printed(label) for label in layout.labels]
    for name in names:
        assert [box.node.key for box in layout.boxes if touching(name, frame(box))] == []
    assert [pair for pair in combinations(names, 2) if touching(*pair)] == []
    for route in layout.routes:
        sources = [boxes[key] for key in route.sources]
        targets = [boxes[key] for key in route.targets]
        assert outline_of(targets, layout, route.points[-1])
        assert outline_of(sources, layout, route.points[0])
        forward(sources, targets)
        for (x1, y1), (x2, y2) in pairwise(route.points):
            assert x1 == x2 or y1 == y2
        ends = {box.node.key for box in (*sources, *targets)}
        others = [box for box in layout.boxes if box.node.key not in ends]
        assert [box.node.key for box in others if run_through(route.points, frame(box))] == []
        assert [name for name in names if run_through(route.points, name)] == []


Frame = tuple[float, float, float, float]


def frame(box: Box) -> Frame:
    return (box.x, box.y, box.x + box.width, box.y + box.height)


def printed(label: Text) -> Frame:
    """The space that a name below a box takes; the height is that of its characters."""
    return (label.x, label.y - 9, label.x + text_width(label.text, SIZES["note"]), label.y + 2)


def touching(one: Frame, two: Frame) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def run_through(points: tuple[tuple[float, float], ...], space: Frame) -> bool:
    return any(
        touching((min(x1, x2) - 0.1, min(y1, y2) - 0.1, max(x1, x2) + 0.1, max(y1, y2) + 0.1), space)
        for (x1, y1), (x2, y2) in pairwise(points)
    )


def outline_of(ends: list[Box], layout: Layout, point: tuple[float, float]) -> bool:
    """Whether a line's end lies on the edge of its box, or of the band around its boxes."""
    bands = [(band.x, band.y, band.x + band.width, band.y + band.height) for band in layout.parallel]
    inside = [band for band in bands if all(touching(frame(box), band) for box in ends)]
    left, top, right, bottom = frame(ends[0]) if len(ends) == 1 else inside[0]
    x, y = point
    return (x == left and top <= y <= bottom) or (y in {top, bottom} and left <= x <= right)


def forward(sources: list[Box], targets: list[Box]) -> None:
    for source in sources:
        for target in targets:
            same = source.node.column == target.node.column
            assert target.y > source.y if same else target.x > source.x


@pytest.mark.parametrize("name", TYPES)
def test_the_library_is_drawn_without_overlaps_and_fits_an_office_screen(name: str) -> None:
    graph = definition_graph(definition(name))

    layout = lay_out(graph)

    prove(layout)
    assert layout.width <= 1318
    assert lay_out(graph) == layout


@pytest.mark.parametrize(
    ("name", "most"),
    [*((each, 14) for each in TYPES if each != "centre-conversion"), ("centre-conversion", 5)],
)
def test_few_lines_cross_and_what_goes_side_by_side_shares_one(name: str, most: int) -> None:
    graph = definition_graph(definition(name))
    layout = lay_out(graph)
    stages = tuple((node.key, node.column) for node in graph.nodes)
    plan = plan_of(Shape(len(graph.phases), stages, tuple((e.source, e.target) for e in graph.edges), 8))

    crossings, _ = tangle([route_of(wire, plan.lanes, GridRuler(plan.grid)) for wire in plan.wires])
    assert crossings <= most
    assert len(layout.routes) < 0.65 * len(graph.edges)
    drawn = {pair for route in layout.routes for pair in product(route.sources, route.targets)}
    assert drawn == {(edge.source, edge.target) for edge in graph.edges}


def test_an_arrangement_is_found_once_and_kept() -> None:
    graph = definition_graph(definition("columbarium"))
    lay_out(graph)
    found = plan_of.cache_info().misses

    lay_out(graph)

    assert plan_of.cache_info().misses == found


@given(graphs())
def test_any_graph_is_drawn_without_overlaps_and_forward(graph: Graph) -> None:
    prove(lay_out(graph))


@pytest.mark.parametrize("name", TYPES)
def test_an_edge_is_drawn_only_if_no_longer_path_says_it_already(name: str) -> None:
    found = definition(name)
    edges = {(edge.source, edge.target) for edge in definition_graph(found).edges}

    for source, target in edges:
        others = [near for near in found.predecessors[target] if near != source]
        assert not any(source in found.ancestors(near) for near in others)
    for target in found.stages:
        reached: set[str] = set()
        todo = [target]
        while todo:
            before = [source for source, then in edges if then == todo[-1]]
            todo.pop()
            todo += [each for each in before if each not in reached]
            reached.update(before)
        assert reached == found.ancestors(target)


def test_the_picture_is_sound_svg_with_real_text_and_no_script_or_style() -> None:
    text = svg(definition_graph(definition("columbarium")), alone=True)

    root = ET.fromstring(text)
    words = "".join(root.itertext())
    assert root.get("role") == "group"
    assert "可研审批" in words
    assert "建设用地规划许可证" in words
    assert "style=" not in text
    assert "<script" not in text
    assert text.count("<style>") == 1
    assert "<style>" not in svg(definition_graph(definition("columbarium")))


def test_what_a_definition_says_is_escaped() -> None:
    hostile = '</text><script>alert("1")</script>'
    node = Node("s", 0, hostile, (Line(hostile, "title"),), "plain", hostile, hostile, '/x"onload="alert(1)')
    graph = Graph(hostile, hostile, (hostile,), (node,), ())

    drawn = svg(graph, alone=True)

    assert not list(ET.fromstring(drawn).iter(f"{SVG}script"))
    assert "<script" not in drawn + strip(graph)
    assert '"onload="' not in drawn + strip(graph)


def test_boxes_are_read_aloud_phase_by_phase_in_order() -> None:
    graph = definition_graph(definition("centre-conversion"))

    columns = [node.column for node in graph.nodes]

    assert columns == sorted(columns)
    assert [box.node.key for box in lay_out(graph).boxes] == [node.key for node in graph.nodes]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("可研审批", ["可研审批"]),
        ("当总建筑面积大于1,000 ㎡", ["当总建筑面积大于", "1,000 ㎡"]),
        ("一二三四五六七八九十一二三四五六七八九十", ["一二三四五六七八", "九十一二三四五…"]),
    ],
    ids=["fits", "a number is never broken", "cut with a mark"],
)
def test_words_are_broken_where_chinese_may_be_broken(text: str, lines: list[str]) -> None:
    assert list(wrap(text, 11.0, 92, 2)) == lines


@pytest.mark.parametrize("name", TYPES)
def test_the_same_in_words(name: str) -> None:
    found = definition(name)

    for stage in found.stages.values():
        assert stage.title in outline(found)
        assert stage.title in mermaid(found)
    assert mermaid(found).startswith("flowchart LR\n")
    assert mermaid(found).count("subgraph") == mermaid(found).count("\n  end")


def drawn_in(text: str) -> set[str]:
    """The words to the ear of every box."""
    return {str(each.get("aria-label")) for each in ET.fromstring(text).iter() if each.get("aria-label")}


def test_finished_phases_fold_into_lists_while_anything_is_left_to_do() -> None:
    found = definition("centre-conversion")
    done = {key for key, stage in found.stages.items() if stage.phase in found.phases[:2]}

    folded = project_graph(found, views(found, done), "大院社区", "/s/")
    whole = project_graph(found, views(found, done), "大院社区", "/s/", whole=True)
    finished = project_graph(found, views(found, set(found.stages)), "大院社区", "/s/")

    assert [fold.title for fold in folded.folded] == ["策划生成", "规划立项"]
    assert [line.text for line in folded.folded[0].lines] == [
        "谋划入库",
        "房源核验",
        "局党组会审议",
        "资金落实",
    ]
    assert {node.key for node in folded.nodes} == set(found.stages) - done
    assert {edge.target for edge in folded.edges if edge.source == DONE} == {
        "design_review", "drawing_review", "fire_design", "tender", "purchase",
    }  # fmt: skip
    assert lay_out(folded).width <= 1318
    assert "规划立项，已办结，4个事项" in drawn_in(svg(folded))
    assert "✓</span> 已办结4项" in strip(folded)
    assert whole.folded == finished.folded == ()


def views(found: Definition, done: set[str]) -> list[StageView]:
    """The stages of a project with these issued and nothing else begun."""
    return [
        StageView(
            key=key, title=stage.title, phase=stage.phase, state="issued" if key in done else "waiting",
            state_words="已批复" if key in done else "等待前置", light=LIGHTS["done" if key in done else "none"],
            shown_from=None,
            due=None, holders="", holder_ids=(), outside=False, since="", condition="", blockers=(), missing=(),
            issues=(), issued_on=date(2026, 10, 9) if key in done else None, taken_over=False, implied=False,
            visit=1, turn=1, is_open=False, nature="", basis="", help="",
        )
        for key, stage in found.stages.items()
    ]  # fmt: skip
