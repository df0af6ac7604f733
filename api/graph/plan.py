"""The arrangement of a stage graph: grid, lines and lanes, improved until no small change crosses fewer lines.

Found once per shape and kept: what a project adds (states, dates, names) only changes the sizes. Pure.
Invariant: the same shape always gives the same plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import combinations, pairwise, permutations

from msgspec import Struct
from msgspec.structs import replace

from api.graph.grid import Grid, Place, grid_of
from api.graph.units import Shape, Units, units_of
from api.graph.wires import Lanes, Owner, Point, Route, Wire, route_of, wires_of

CROSSING = 3.0
"""How much longer, in boxes, a line may be for one crossing less."""

REACH = 2
"""How many rows up or down a stage may be moved at once."""


class Plan(Struct, frozen=True):
    """Where everything stands and runs, without sizes."""

    units: Units
    grid: Grid
    wires: tuple[Wire, ...]
    lanes: Lanes


@lru_cache(128)
def plan_of(shape: Shape) -> Plan:
    """The arrangement of that shape."""
    units = units_of(shape)
    grid = grid_of(units, shape.phases, shape.tracks)
    plan = _planned(units, grid)
    cost, known = cost_of(plan), None
    while known != cost:
        known = cost
        for places in _changes(units, grid):
            changed = Grid(tuple(places(plan.grid)), grid.starts)
            if changed != plan.grid and _is_sound(units, changed):
                found = _planned(units, changed)
                if cost_of(found) < cost:
                    plan, cost = found, cost_of(found)
    return _with_better_lanes(plan)


def _planned(units: Units, grid: Grid) -> Plan:
    wires = wires_of(units, grid)
    return Plan(units, grid, wires, _lanes(wires, GridRuler(grid)))


def _changes(units: Units, grid: Grid) -> Iterator[Callable[[Grid], Sequence[Place]]]:
    """Every small change of places that is worth trying."""
    for number, unit in enumerate(units.units):
        for track in range(grid.starts[unit.phase], grid.starts[unit.phase + 1]):
            for down in range(-REACH, REACH + 1):
                yield partial(_moved, number, track, down)
    for one, two in permutations(range(len(units.units)), 2):
        if units.units[one].phase == units.units[two].phase:
            yield partial(_turned, one, two)


def _moved(number: int, track: int, down: int, grid: Grid) -> Sequence[Place]:
    """A single stage in another cell near by, changed round with the single stage that stands there."""
    place = grid.places[number]
    row = place.row + down
    if not place.is_single or not 0 <= row < grid.rows:
        return grid.places
    places = [
        replace(each, track=place.track, row=place.row)
        if each.is_single and (each.track, each.row) == (track, row)
        else each
        for each in grid.places
    ]
    places[number] = replace(place, track=track, row=row)
    return places


def _turned(one: int, two: int, grid: Grid) -> Sequence[Place]:
    """Two units that stand on the same tracks, one right below the other, changed round."""
    upper, lower = grid.places[one], grid.places[two]
    if (upper.track, upper.wide, upper.row + upper.high) != (lower.track, lower.wide, lower.row):
        return grid.places
    places = list(grid.places)
    places[two] = replace(lower, row=upper.row)
    places[one] = replace(upper, row=upper.row + lower.high)
    return places


def _is_sound(units: Units, grid: Grid) -> bool:
    """Whether no cell is taken twice, and everything stands below what comes before it in its phase."""
    cells = [cell for place in grid.places for cell in place.cells(place.wide * place.high)]
    return len(set(cells)) == len(cells) and all(
        grid.places[source].last_row < grid.places[target].row
        for source, target in units.wires
        if source >= 0 and units.units[source].phase == units.units[target].phase
    )


class GridRuler:
    """Plain numbers instead of pixels: one box is one long, a lane is next to nothing."""

    LANE = 0.03

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def leave(self, unit: int) -> Point:
        """Where lines leave a unit."""
        if unit < 0:
            return (-0.5, -0.6)
        place = self.grid.places[unit]
        return (place.track + 0.1, place.last_row + 0.6)

    def top(self, unit: int) -> float:
        """The upper edge of a unit."""
        return float(self.grid.places[unit].row)

    def side(self, unit: int) -> Point:
        """Where lines enter a unit from the left."""
        place = self.grid.places[unit]
        return (float(place.track), place.row + 0.2)

    def port(self, track: int) -> float:
        """Where in a track lines come down."""
        return track + 0.2

    def across(self, channel: int, lane: int) -> float:
        """The height of a lane below a row."""
        return channel + 0.7 + self.LANE * lane

    def down(self, channel: int, lane: int) -> float:
        """How far right a lane to the left of a track is."""
        return channel - 0.05 - self.LANE * lane


class _Flat:
    """All lanes are one: tells which stretches overlap before lanes are known."""

    def __getitem__(self, _: tuple[int, Owner]) -> int:
        return 0


def _lanes(wires: tuple[Wire, ...], ruler: GridRuler) -> Lanes:
    """A lane for every stretch: those that overlap beside each other, others in one if they do not touch."""
    flat = Lanes(_Flat(), _Flat())  # type: ignore[arg-type]
    across: dict[tuple[int, Owner], list[float]] = defaultdict(list)
    down: dict[tuple[int, Owner], list[float]] = defaultdict(list)
    for wire in wires:
        points = route_of(wire, flat, ruler).points
        if wire.straight:
            continue
        out, into = Owner(False, wire.source), Owner(True, wire.target)
        first = 0 if wire.source < 0 else 1
        across[wire.under, out] += (points[first][0], points[first + 1][0])
        if wire.entry != "drop":
            down[wire.down, wire.trunk] += (points[first + 1][1], points[first + 2][1])
        if wire.entry == "top":
            across[wire.above, into] += (points[first + 2][0], points[first + 3][0])
    return Lanes(_packed(across), _packed(down))


def _packed(stretches: Mapping[tuple[int, Owner], list[float]]) -> dict[tuple[int, Owner], int]:
    taken: dict[int, list[list[tuple[float, float]]]] = defaultdict(list)
    found = {}
    for (channel, owner), ends in sorted(
        stretches.items(), key=lambda each: (each[0][0], max(each[1]) - min(each[1]), each[0])
    ):
        low, high = min(ends) - 0.15, max(ends) + 0.15
        lanes = taken[channel]
        fitting = (
            number
            for number, lane in enumerate(lanes)
            if all(high < begin or low > end for begin, end in lane)
        )
        number = next(fitting, len(lanes))
        if number == len(lanes):
            lanes.append([])
        lanes[number].append((low, high))
        found[channel, owner] = number
    return found


def _with_better_lanes(plan: Plan) -> Plan:
    """The same with lanes of one channel changed round wherever that crosses fewer lines."""
    cost, known = cost_of(plan), None
    while known != cost:
        known = cost
        for number in (0, 1):
            kind = plan.lanes.across if number == 0 else plan.lanes.down
            most: dict[int, int] = defaultdict(int)
            for (channel, _owner), lane in kind.items():
                most[channel] = max(most[channel], lane)
            for channel, last in sorted(most.items()):
                for one, two in combinations(range(last + 1), 2):
                    turn = {one: two, two: one}
                    kind = plan.lanes.across if number == 0 else plan.lanes.down
                    turned = {
                        key: turn.get(lane, lane) if key[0] == channel else lane for key, lane in kind.items()
                    }
                    lanes = (
                        Lanes(turned, plan.lanes.down) if number == 0 else Lanes(plan.lanes.across, turned)
                    )
                    changed = replace(plan, lanes=lanes)
                    found = cost_of(changed)
                    if found < cost:
                        plan, cost = changed, found
    return plan


def cost_of(plan: Plan) -> float:
    """How much there is to follow: crossings, and the length of all lines."""
    ruler = GridRuler(plan.grid)
    routes = [route_of(wire, plan.lanes, ruler) for wire in plan.wires]
    crossings, length = tangle(routes)
    return CROSSING * crossings + length


def tangle(routes: list[Route]) -> tuple[int, float]:
    """How often lines of different owners cross, and how long all stretches are, shared ones counted once."""
    across: dict[tuple[Owner, float], list[float]] = {}
    down: dict[tuple[Owner, float], list[float]] = {}
    related = {(Owner(False, route.wire.source), Owner(True, route.wire.target)) for route in routes}
    for route in routes:
        for (first, then), owner in zip(pairwise(route.points), route.owners, strict=True):
            if first[1] == then[1]:
                _stretch(across, (owner, first[1]), first[0], then[0])
            else:
                _stretch(down, (owner, first[0]), first[1], then[1])
    length = sum(end - begin for kind in (across, down) for begin, end in kind.values())
    crossings = 0
    for (owner, y), (left, right) in across.items():
        for (other, x), (top, bottom) in down.items():
            if left < x < right and top < y < bottom and owner != other:
                pair = (other, owner) if owner.inward else (owner, other)
                crossings += pair not in related
    return crossings, length


def _stretch(
    found: dict[tuple[Owner, float], list[float]], key: tuple[Owner, float], one: float, two: float
) -> None:
    low, high = (one, two) if one < two else (two, one)
    known = found.get(key)
    if known is None:
        found[key] = [low, high]
    else:
        known[0], known[1] = min(known[0], low), max(known[1], high)
