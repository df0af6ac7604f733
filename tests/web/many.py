"""Three bureaus with a hundred and twenty projects between them, as lists, warnings and the board see them."""

from __future__ import annotations

from datetime import date
from typing import Any

from workflow import queries
from workflow.people import Directory
from workflow.queries import Filters
from workflow.store import Store

DAY = date(2026, 11, 23)


class Many:
    """Three bureaus with sixty projects between them."""

    def __init__(self, store: Store, people: dict[str, int]) -> None:
        self.store = store
        self.people = people

    def listed(self, person: int, filters: Filters, sort: str = "newest") -> list[Any]:
        """The whole list, page by page."""
        found: list[Any] = []
        page = queries.ProjectPage((), 1)
        before, due = 0, ""
        while page.after:
            page = self.store.read(
                queries.projects, person=person, day=DAY, filters=filters, before=before, due=due, sort=sort
            )
            found += page.items
            before, due = page.after, page.after_due
        return found

    def facets(self, person: int, filters: Filters) -> queries.Facets:
        """What the filters offer."""
        return self.store.read(queries.facets, person=person, day=DAY, filters=filters)

    def directory(self) -> Directory:
        """Who is who."""
        return self.store.read(queries.snapshot).directory
