"""Carrying the outbox to the server: lease, speak, commit the intent, send, commit the reply.

Invariant: nothing is sent before `data_may_start_at` is on disk, and a reply settles the matter; so only
a fault between the two can make a second copy, and that one carries the same Message-ID.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from notifications import ledger
from notifications.ledger import Leased
from notifications.mailer import Failure, Fenced, Line, Mailer
from notifications.outbox import expand
from notifications.settings import MailSettings, Timeouts
from workflow.failpoints import reach
from workflow.record import stamp
from workflow.store import Store

T = TypeVar("T")

_SENT_SINCE = text("SELECT count(*) FROM mail WHERE sent_at > :since")


class Pass:
    """One pass over the outbox: what it has done so far, and whether the server still answers."""

    def __init__(self, store: Store, settings: MailSettings, now: datetime, room: int) -> None:
        self._store = store
        self._settings = settings
        self._began, self._started = now, perf_counter()
        self._room = room
        self.outcomes = {"sent": 0, "waiting": 0, "failed": 0, "held": 0, "taken": 0}
        self.is_broken = False

    async def carry(self, line: Line, limit: int) -> int:
        """Carry at most `limit` mails over that line, oldest first; how many there were."""
        carried = 0
        while carried < limit and not self.is_broken and (mail := await self._lease()):
            carried += 1
            outcome = await self._carry_one(line, mail)
            self.outcomes[outcome] += 1
        return carried

    async def _carry_one(self, line: Line, mail: Leased) -> str:
        reach("mail.leased")
        if mail.is_ambiguous and self._settings.ambiguous == "hold":
            await self._act(ledger.hold, mail=mail)
            return "held"
        try:
            reply = await line.send(mail.message, partial(self._may_start, mail))
        except Fenced:
            return "taken"
        except Failure as failure:
            self.is_broken = self.is_broken or failure.is_the_servers
            return await self._act(ledger.failed, mail=mail, failure=failure, settings=self._settings)
        reach("mail.accepted")
        is_ours = await self._act(ledger.sent, mail=mail, reply=reply)
        reach("mail.recorded")
        return "sent" if is_ours else "taken"

    async def _lease(self) -> Leased | None:
        if self._room <= 0:
            return None
        self._room -= 1
        until = self._now() + before_data(self._settings.timeouts)
        return await self._act(ledger.lease, until=until)

    async def _may_start(self, mail: Leased) -> None:
        until = self._now() + from_data(self._settings.timeouts)
        if not await self._act(ledger.may_start, mail=mail, until=until):
            raise Fenced
        reach("mail.data")

    async def finish(self) -> None:
        """Say that the server is well, if it proved so."""
        if self.outcomes["sent"]:
            await self._act(ledger.server_well)

    async def _act(self, action: Callable[..., T], **arguments: Any) -> T:
        under_way = asyncio.wrap_future(self._store.submit(action, **arguments, now=self._now()))
        try:
            return await asyncio.shield(under_way)
        except (
            asyncio.CancelledError
        ):  # another line has ended this pass: it leaves nothing behind that still leases
            await asyncio.wait([under_way])
            under_way.exception()
            raise

    def _now(self) -> datetime:
        return self._began + timedelta(seconds=perf_counter() - self._started)


async def run(store: Store, mailer: Mailer, *, settings: MailSettings, now: datetime) -> dict[str, int]:
    """One pass of the mailer: write the mails of all open notices, then send what is due."""
    await asyncio.to_thread(expand, store, settings=settings, now=now)
    return await deliver(store, mailer, settings=settings, now=now)


async def deliver(store: Store, mailer: Mailer, *, settings: MailSettings, now: datetime) -> dict[str, int]:
    """Send what is due, oldest first, at the pace the settings allow; how many ended up in which state.

    The first mail goes alone, so that a dead server or a refused password costs one attempt, not four.
    """
    recently = await asyncio.wrap_future(store.ask(_sent_since, since=now - timedelta(minutes=1)))
    done = Pass(store, settings, now, settings.per_minute - recently)
    async with AsyncExitStack() as lines:
        first = await lines.enter_async_context(mailer.line())
        if await done.carry(first, limit=1) and not done.is_broken:
            others = [await lines.enter_async_context(mailer.line()) for _ in range(settings.connections - 1)]
            async with asyncio.TaskGroup() as together:
                for line in (first, *others):
                    together.create_task(done.carry(line, settings.per_minute))
    await done.finish()
    return done.outcomes


def before_data(timeouts: Timeouts) -> timedelta:
    """How long a mailer may keep a mail before DATA: connecting, saying hello, signing in, MAIL and RCPT."""
    return timedelta(seconds=timeouts.connect + 6 * timeouts.command)


def from_data(timeouts: Timeouts) -> timedelta:
    """How long it may then take until the server's last word."""
    return timedelta(seconds=timeouts.data + timeouts.dot + 60)


def _sent_since(connection: Connection, *, since: datetime) -> int:
    return int(connection.execute(_SENT_SINCE, {"since": stamp(since)}).scalar_one())
