"""Which orders between the stages of a definition are drawn, and in which column each stage stands. Pure.

Invariant: every order that the papers or an `after` demand is on some path of what is drawn; none is
drawn that a longer path already says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from api.graph.units import DONE
from workflow.definition import Definition

Order = tuple[str, str]


def columns_of(definition: Definition) -> dict[str, int]:
    """The column of each stage: its phase, or the latest one that comes before it, so that no edge runs back."""
    place = {phase: number for number, phase in enumerate(definition.phases)}
    found: dict[str, int] = {}

    def column(key: str) -> int:
        if key not in found:
            before = (column(each) for each in definition.predecessors[key])
            found[key] = max((place[definition.stages[key].phase], *before))
        return found[key]

    return {key: column(key) for key in definition.stages}


def in_reading_order(columns: Mapping[str, int]) -> list[str]:
    """Phase by phase, in each as the definition has them."""
    return sorted(columns, key=columns.__getitem__)


def orders_of(definition: Definition) -> Iterator[Order]:
    """The orders that no longer path says already."""
    before = definition.predecessors
    for target in definition.stages:
        implied = {far for near in before[target] for far in definition.ancestors(near)}
        for source in before[target]:
            if source not in implied:
                yield source, target


def orders_around(definition: Definition, folded: Collection[str]) -> Iterator[Order]:
    """The same with the folded stages as one; an order from them is drawn where nothing else still says it."""
    behind_fold = {
        key
        for key in definition.stages
        if key not in folded and not definition.ancestors(key).isdisjoint(folded)
    }
    drawn = [order for order in orders_of(definition) if order[1] not in folded]
    for source, target in drawn:
        if source not in folded:
            yield source, target
    for target in dict.fromkeys(target for source, target in drawn if source in folded):
        others = (source for source, then in drawn if then == target and source not in folded)
        if behind_fold.isdisjoint(others):
            yield DONE, target


def order_words(definition: Definition, source: str, target: str) -> str:
    """可研审批 → 初步设计：可研批复: what the one hands on to the other."""
    spec = definition.stages[target]
    issued = set(definition.stages[source].issues)
    papers = [
        definition.documents[key].title
        for need in spec.needs
        for wanted in need.any_of
        for key in definition.satisfiers(wanted)
        if key in issued
    ]
    orders = [order for order in spec.after if order.stage == source]
    papers += [f"办结后满{order.wait}" if order.wait else "办结" for order in orders]
    return f"{definition.stages[source].title} → {spec.title}：{'、'.join(dict.fromkeys(papers))}"
