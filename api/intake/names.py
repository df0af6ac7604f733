"""How units and clerks are called in a workbook, and who is meant by what was written. Pure.

Invariant: a name that could mean two is never guessed; the answer names the candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from unicodedata import normalize

from workflow.people import Directory, OrganisationView, PersonView

MOST_NAMED = 6
"""How many candidates a sentence names."""


class Names:
    """The units in somebody's scope and the people who hold a post there, by what a cell may call them."""

    def __init__(self, directory: Directory, scope: Iterable[int]) -> None:
        self._directory = directory
        self._units = [directory.organisations[each] for each in sorted(scope)]
        holders = {held.person for held in directory.posts if held.organisation in set(scope)}
        self._clerks = [directory.people[each] for each in sorted(holders) if directory.is_active(each)]
        self._unit_names = Counter(each.name for each in self._units)
        self._clerk_names = Counter(each.name for each in self._clerks)

    @property
    def units(self) -> list[str]:
        """What the list of units offers."""
        return [self._unit_label(each) for each in self._units]

    @property
    def clerks(self) -> list[str]:
        """What the list of clerks offers."""
        return sorted(self._clerk_label(each) for each in self._clerks)

    def unit(self, written: str) -> tuple[int, str]:
        """The unit that is meant, or 0 and why not."""
        wanted = _plain(written)
        found = [
            each for each in self._units if wanted in {_plain(each.name), _plain(self._unit_label(each))}
        ]
        exact = [each for each in found if _plain(self._unit_label(each)) == wanted]
        found = exact if len(exact) == 1 else found
        if len(found) == 1:
            return found[0].id, ""
        if found:
            return (
                0,
                f"有{len(found)}个单位叫“{written}”：{_listed(self._unit_label(each) for each in found)}",
            )
        return 0, f"您的管辖范围内没有单位“{written}”，可填：{_listed(self.units)}"

    def clerk(self, written: str) -> tuple[int, str]:
        """The person who is meant, or 0 and why not."""
        wanted = _plain(written)
        found = [
            each
            for each in self._clerks
            if wanted in {_plain(each.name), _plain(each.staff_number), _plain(self._full_label(each))}
        ]
        if len(found) == 1:
            return found[0].id, ""
        if found:
            return 0, f"有{len(found)}人叫“{written}”：{_listed(self._full_label(each) for each in found)}"
        return 0, f"您的管辖范围内没有人员“{written}”，可填：{_listed(self.clerks)}"

    def _unit_label(self, unit: OrganisationView) -> str:
        if self._unit_names[unit.name] == 1:
            return unit.name
        above = self._directory.organisations.get(unit.parent)
        return f"{above.name if above else unit.id}／{unit.name}"

    def _clerk_label(self, person: PersonView) -> str:
        return person.name if self._clerk_names[person.name] == 1 else self._full_label(person)

    @staticmethod
    def _full_label(person: PersonView) -> str:
        return f"{person.name}（{person.staff_number}）"


def _plain(name: str) -> str:
    """A name without what typing adds: width of brackets, spaces."""
    return "".join(normalize("NFKC", name).split())


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return "、".join(found[:MOST_NAMED]) + ("等" if len(found) > MOST_NAMED else "")
