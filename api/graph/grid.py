"""Where each unit stands on a grid of tracks and rows: phases beside each other, in them order runs down. Pure.

Invariant: no two stages share a cell, and a unit stands wholly below everything that comes before it in
its phase.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product

from msgspec import Struct

from api.graph.units import Unit, Units

WIDEST = 4


class Place(Struct, frozen=True):
    """The cells of one unit: `wide` tracks from `track`, `high` rows from `row`."""

    track: int
    row: int
    wide: int
    high: int

    @property
    def last_row(self) -> int:
        """The lowest row it reaches."""
        return self.row + self.high - 1

    @property
    def is_single(self) -> bool:
        """Whether it is one cell."""
        return self.wide == self.high == 1

    def cells(self, stages: int) -> list[tuple[int, int]]:
        """Track and row of each of its stages, row by row."""
        return [(self.track + number % self.wide, self.row + number // self.wide) for number in range(stages)]


class Grid(Struct, frozen=True):
    """The place of every unit, and the first track of every phase with the number of all at the end."""

    places: tuple[Place, ...]
    starts: tuple[int, ...]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return 1 + max((place.last_row for place in self.places), default=0)


def grid_of(units: Units, phases: int, tracks: int) -> Grid:
    """As low a picture as fits the screen."""
    members = [
        [number for number, unit in enumerate(units.units) if unit.phase == phase] for phase in range(phases)
    ]
    stacked = [_stackings(units, numbers) for numbers in members]
    room = max(tracks, phases)
    widths = min(
        (wide for wide in product(*(range(1, len(each) + 1) for each in stacked)) if sum(wide) <= room),
        key=lambda wide: _badness([each[w - 1] for each, w in zip(stacked, wide, strict=True)], wide),
    )
    places: dict[int, Place] = {}
    starts, start = [], 0
    for each, wide in zip(stacked, widths, strict=True):
        starts.append(start)
        for number, place in each[wide - 1].items():
            places[number] = Place(start + place.track, place.row, place.wide, place.high)
        start += wide
    return Grid(tuple(places[number] for number in range(len(units.units))), (*starts, start))


def _stackings(units: Units, numbers: Sequence[int]) -> list[Mapping[int, Place]]:
    """The phase stacked one track wide, two wide, and so on, for as long as that makes it lower."""
    found: list[Mapping[int, Place]] = [_Stack(units, numbers, 1).places]
    for wide in range(2, WIDEST + 1):
        stack = _Stack(units, numbers, wide).places
        if _height(stack) >= _height(found[-1]):
            break
        found.append(stack)
    return found


def _height(places: Mapping[int, Place]) -> int:
    return 1 + max((place.last_row for place in places.values()), default=-1)


def _badness(chosen: Sequence[Mapping[int, Place]], wide: tuple[int, ...]) -> tuple[int, int]:
    heights = [_height(each) for each in chosen]
    return (3 * max(heights) + sum(heights), sum(wide))


class _Stack:
    """One phase in so many tracks: row by row, what most still waits for comes first."""

    def __init__(self, units: Units, numbers: Sequence[int], wide: int) -> None:
        self.units = units
        self.wide = wide
        self.before: dict[int, list[int]] = defaultdict(list)
        self.after: dict[int, list[int]] = defaultdict(list)
        inside = set(numbers)
        for source, target in units.wires:
            if source in inside and target in inside:
                self.before[target].append(source)
                self.after[source].append(target)
        self.tails: dict[int, int] = {}
        self.places: dict[int, Place] = {}
        self.free_from = [0] * wide
        waiting = sorted(numbers, key=lambda number: (-self._tail(number), number))
        row = 0
        while waiting:
            for number in [each for each in waiting if self._is_ready(each, row)]:
                place = self._find(number, self.units.units[number], row)
                if place is not None:
                    self._take(number, place)
                    waiting.remove(number)
            row += 1

    def _tail(self, number: int) -> int:
        """How many rows at least still follow in this phase."""
        if number not in self.tails:
            self.tails[number] = 1 + max((self._tail(each) for each in self.after[number]), default=0)
        return self.tails[number]

    def _is_ready(self, number: int, row: int) -> bool:
        return all(each in self.places and self.places[each].last_row < row for each in self.before[number])

    def _find(self, number: int, unit: Unit, row: int) -> Place | None:
        """The free place in that row that is nearest below what comes before it."""
        stages = len(unit.keys)
        runs = self._runs(row)
        longest = max((length for _, length in runs), default=0)
        if longest < min(stages, self.wide, 2):
            return None
        high = -(-stages // min(stages, longest))
        wide = -(-stages // high)
        tracks = [start + shift for start, length in runs for shift in range(length - wide + 1)]
        wanted = self._wanted(number)
        return Place(min(tracks, key=lambda track: (abs(track - wanted), track)), row, wide, high)

    def _wanted(self, number: int) -> float:
        above = [self.places[each].track for each in self.before[number]]
        return sum(above) / len(above) if above else 0

    def _runs(self, row: int) -> list[tuple[int, int]]:
        """The stretches of free tracks in a row: where each begins, and how long it is."""
        found: list[tuple[int, int]] = []
        for track in range(self.wide):
            if self.free_from[track] > row:
                continue
            if found and sum(found[-1]) == track:
                found[-1] = (found[-1][0], found[-1][1] + 1)
            else:
                found.append((track, 1))
        return found

    def _take(self, number: int, place: Place) -> None:
        self.places[number] = place
        for track in range(place.track, place.track + place.wide):
            self.free_from[track] = place.row + place.high
