"""Which way each line runs between the units of a grid, and in which lanes. Pure.

Lines run across in the channels between rows and down in the channels between tracks. A stretch belongs
to one source or to one target and is shared by all lines of its owner; two owners never share one, so
lines that meet in a bend belong together, and lines that only cross do not. Invariant: no line enters a
cell that is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from api.graph.grid import Grid
from api.graph.units import Units

Point = tuple[float, float]


class Owner(NamedTuple):
    """Whose stretch it is: what comes out of a unit, or what goes into one."""

    inward: bool
    unit: int


class Wire(Struct, frozen=True):
    """One line: how it enters its target, and which channels it takes.

    `entry` is drop (from above, down its own track), side (from the left) or top (from the channel above).
    `under` is the channel below its source, `above` the one above its target, `down` the one it runs down in,
    and `trunk` the owner of that stretch. A straight line needs none of them.
    """

    source: int
    target: int
    entry: str
    track: int
    straight: bool
    under: int
    above: int
    down: int
    trunk: Owner


class Lanes(Struct, frozen=True):
    """Channel and owner -> lane, for stretches across (channel: the row above it) and down (track right of it)."""

    across: Mapping[tuple[int, Owner], int]
    down: Mapping[tuple[int, Owner], int]


class Ruler(Protocol):
    """From the grid to coordinates: pixels when drawing, plain numbers when comparing."""

    def leave(self, unit: int) -> Point:
        """Where lines leave a unit."""

    def top(self, unit: int) -> float:
        """The upper edge of a unit."""

    def side(self, unit: int) -> Point:
        """Where lines enter a unit from the left."""

    def port(self, track: int) -> float:
        """Where in a track lines come down that do not come straight from above."""

    def across(self, channel: int, lane: int) -> float:
        """The height of a lane below a row; below row -1 it is above all rows."""

    def down(self, channel: int, lane: int) -> float:
        """How far right a lane to the left of a track is."""


def wires_of(units: Units, grid: Grid) -> tuple[Wire, ...]:
    """The way of every line."""
    return tuple(_Router(units, grid).wires())


class _Router:
    def __init__(self, units: Units, grid: Grid) -> None:
        self.units = units
        self.grid = grid
        self.taken: dict[tuple[int, int], int] = {}
        for number, place in enumerate(grid.places):
            for track in range(place.track, place.track + place.wide):
                for row in range(place.row, place.row + place.high):
                    self.taken[track, row] = number

    def wires(self) -> Iterable[Wire]:
        ways = [(source, target, *self._way(source, target)) for source, target in self.units.wires]
        trunks = _trunks(
            [(source, target, down) for source, target, entry, _, down in ways if entry != "drop"]
        )
        for source, target, entry, track, down in ways:
            straight = entry == "drop" and source >= 0 and self.grid.places[source].track == track
            trunk = trunks.get((source, target), Owner(False, source))
            yield Wire(
                source, target, entry, track, straight, self._under(source), self._above(target), down, trunk
            )

    def _under(self, unit: int) -> int:
        return -1 if unit < 0 else self.grid.places[unit].last_row

    def _above(self, unit: int) -> int:
        return self.grid.places[unit].row - 1

    def _way(self, source: int, target: int) -> tuple[str, int, int]:
        to = self.grid.places[target]
        row = self._under(source)
        if source >= 0 and self.units.units[source].phase == self.units.units[target].phase:
            own = self.grid.places[source].track
            for track in sorted(range(to.track, to.track + to.wide), key=lambda each: abs(each - own)):
                if all((track, each) not in self.taken for each in range(row + 1, to.row)):
                    return "drop", track, 0
        for channel in range(to.track, -1, -1):
            if self._is_clear(channel, min(row + 1, to.row), max(row, to.row)):
                return ("side" if channel == to.track else "top"), to.track, channel
        raise AssertionError("the channel left of the first track is always clear")

    def _is_clear(self, channel: int, first: int, last: int) -> bool:
        """Whether no unit reaches across a channel in these rows."""
        return all(
            (channel - 1, row) not in self.taken
            or self.taken[channel - 1, row] != self.taken.get((channel, row))
            for row in range(first, last + 1)
        )


def _trunks(ways: Sequence[tuple[int, int, int]]) -> dict[tuple[int, int], Owner]:
    """For each line the owner of its way down: whoever shares it with most others."""
    found: dict[tuple[int, int], Owner] = {}
    for channel in sorted({down for *_, down in ways}):
        left = [(source, target) for source, target, down in ways if down == channel]
        while left:
            shared = Counter(
                owner for source, target in left for owner in (Owner(False, source), Owner(True, target))
            )
            owner = min(shared, key=lambda each: (-shared[each], each))
            mine = [pair for pair in left if pair[owner.inward] == owner.unit]
            found.update(dict.fromkeys(mine, owner))
            left = [pair for pair in left if pair not in mine]
    return found


class Route(NamedTuple):
    """The corners of one line, and the owner of each stretch between two of them."""

    wire: Wire
    points: tuple[Point, ...]
    owners: tuple[Owner, ...]


def route_of(wire: Wire, lanes: Lanes, ruler: Ruler) -> Route:
    """The line with the coordinates of that ruler."""
    out, into = Owner(False, wire.source), Owner(True, wire.target)
    start = ruler.leave(wire.source)
    if wire.straight:
        return Route(wire, (start, (start[0], ruler.top(wire.target))), (out,))
    lane = ruler.across(wire.under, lanes.across[wire.under, out])
    points, owners = ([start], [out]) if wire.source >= 0 else ([], [])
    points.append((start[0], lane))
    owners.append(out)
    if wire.entry == "drop":
        level = lane
    else:
        down = ruler.down(wire.down, lanes.down[wire.down, wire.trunk])
        points.append((down, lane))
        owners += (wire.trunk, into)
        if wire.entry == "side":
            side = ruler.side(wire.target)
            return Route(wire, (*points, (down, side[1]), side), tuple(owners))
        level = ruler.across(wire.above, lanes.across[wire.above, into])
        points.append((down, level))
    enter = ruler.port(wire.track)
    owners.append(into)
    return Route(wire, (*points, (enter, level), (enter, ruler.top(wire.target))), tuple(owners))
