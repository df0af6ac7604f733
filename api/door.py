"""The store's one door, as routes see it: awaitable.

Invariant: a request that goes away does not take its command back: what was handed in is settled.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.requests import HTTPConnection

from workflow.errors import Unavailable, WorkflowError
from workflow.sql import Statement
from workflow.store import Store

T = TypeVar("T")


class Door:
    """Hands actions and queries to the store and awaits their answers; counts what was refused, by its code."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.refused: Counter[str] = Counter()

    async def run(self, action: Callable[..., T], /, **arguments: Any) -> T:
        """Run an action; answers once it is on disk."""
        # Shielded, because cancelling the store's future would leave the writer with nobody to answer.
        try:
            return await asyncio.shield(asyncio.wrap_future(self.store.submit(action, **arguments)))
        except WorkflowError as error:
            self.refused[error.code] += 1
            raise

    async def rehearse(self, action: Callable[..., T], /, **arguments: Any) -> T:
        """What an action would answer; nothing of it stays."""
        return await asyncio.shield(asyncio.wrap_future(self.store.rehearse(action, **arguments)))

    async def ask(self, query: Callable[..., T], /, **arguments: Any) -> T:
        """Run a query on one consistent view."""
        return await asyncio.wrap_future(self.store.ask(query, **arguments))

    async def row(self, statement: Statement, /, **parameters: Any) -> Any:
        """The one row that the statement finds by its key, as of now, or None."""
        if self.store.dialect == "sqlite":
            with suppress(Unavailable):
                return self.store.row(statement, **parameters)
        return await self.ask(_row, statement=statement, parameters=parameters)


def _row(connection: Connection, *, statement: Statement, parameters: dict[str, Any]) -> Any:
    driver: Any = connection.connection.driver_connection
    return statement.execute(driver, connection.dialect.name, parameters).fetchone()


def door_of(connection: HTTPConnection) -> Door:
    """The door of the running application."""
    door: Door = connection.app.state.door
    return door
