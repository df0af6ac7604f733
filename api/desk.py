"""What one request brings to an action: who acts, when, and the id that makes a repetition harmless.

Invariant: actor and now come from here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Header
from starlette.requests import Request

from api.auth import Person, Visitor, now
from api.door import Door, door_of
from api.tickets import Tickets
from workflow.actions.once import run_once
from workflow.clock import local_day
from workflow.errors import Reason, WorkflowError
from workflow.files import StoredFile


class Desk:
    """One person at one instant, with the door to the store."""

    def __init__(self, door: Door, visitor: Visitor, now: Any, command: str, tickets: Tickets) -> None:
        self.door = door
        self.visitor = visitor
        self.now = now
        self.command = command
        self._tickets = tickets

    @property
    def day(self) -> date:
        """The day in Shanghai."""
        return local_day(self.now)

    async def run(
        self, action: Callable[..., Any], /, drawn: dict[str, Any] | None = None, **arguments: Any
    ) -> Any:
        """Run an action as this person; a repeated Idempotency-Key gets the first answer."""
        actor, now = self.visitor.id, self.now
        if not self.command:
            return await self.door.run(action, **arguments, **(drawn or {}), actor=actor, now=now)
        return await self.door.run(
            run_once,
            command=self.command,
            action=action,
            arguments=arguments,
            drawn=drawn,
            actor=actor,
            now=now,
        )

    async def would_refuse(self, action: Callable[..., Any], /, **arguments: Any) -> tuple[Reason, ...]:
        """Every reason for which this person's action would be refused now: it is tried and taken back."""
        try:
            await self.door.rehearse(action, **arguments, actor=self.visitor.id, now=self.now)
        except WorkflowError as error:
            return error.reasons
        return ()

    async def ask(self, query: Callable[..., Any], /, **arguments: Any) -> Any:
        """Ask a query as this person, today."""
        return await self.door.ask(query, **arguments, person=self.visitor.id, day=self.day)

    def with_command(self, command: str) -> Desk:
        """The same person at the same instant, for a command that a form gives under this id."""
        return Desk(self.door, self.visitor, self.now, command, self._tickets)

    def file(self, ticket: str, place: str = "file") -> StoredFile:
        """The uploaded file that a ticket stands for."""
        return self._tickets.read(ticket, self.visitor.id, self.now, place)


async def desk(
    request: Request, visitor: Person, idempotency_key: Annotated[str, Header(max_length=100)] = ""
) -> Desk:
    """The desk of this request. Async, because the framework calls anything else in a thread."""
    return Desk(door_of(request), visitor, now(request), idempotency_key, request.app.state.tickets)


AtDesk = Annotated[Desk, Depends(desk)]
