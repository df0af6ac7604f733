"""Which stages are drawn as one: those that wait for the same and are waited for by the same. Pure.

Such stages go on side by side, so one band with one line in and one line out says the same as a line for
each pair of them. Invariant: every stage is in exactly one unit, and unit-level orders mean exactly the
orders between their stages.
"""

from __future__ import annotations

from collections import defaultdict

from msgspec import Struct

DONE = ""
"""The key that stands for everything in the finished phases that are folded away."""


class Shape(Struct, frozen=True):
    """All that decides where things stand: stages with their phases, orders between them, room for `tracks`."""

    phases: int
    stages: tuple[tuple[str, int], ...]
    orders: tuple[tuple[str, str], ...]
    tracks: int


class Unit(Struct, frozen=True):
    """One stage, or several side by side."""

    keys: tuple[str, ...]
    phase: int


class Units(Struct, frozen=True):
    """The units in reading order, and which come directly before which; -1 is what is folded away."""

    units: tuple[Unit, ...]
    wires: tuple[tuple[int, int], ...]


def units_of(shape: Shape) -> Units:
    """The shape with all that goes side by side gathered."""
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for source, target in shape.orders:
        before[target].append(source)
        after[source].append(target)
    gathered: dict[tuple[int, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for key, phase in shape.stages:
        alike = (phase, tuple(sorted(before[key])), tuple(sorted(after[key])))
        gathered.setdefault(alike, []).append(key)
    units = tuple(Unit(tuple(keys), phase) for (phase, _, _), keys in gathered.items())
    place = {key: number for number, unit in enumerate(units) for key in unit.keys} | {DONE: -1}
    wires = dict.fromkeys((place[source], place[target]) for source, target in shape.orders)
    return Units(units, tuple(wires))
