"""Mail over a line that breaks at any byte, a server that falls silent at any word: every mail arrives in the end,
and twice only if its last dot had reached the server, then as the very same mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from notifications.delivery import deliver
from notifications.outbox import expand
from notifications.settings import Timeouts
from notifications.smtp import SMTPMailer
from tests.databases import Databases
from tests.faults.conftest import LONG
from tests.notifications.bureau import Bureau, at, settings
from tests.notifications.servers import Office, serving
from workflow.record import instant

NOON = at("2026-11-05 12:00")
STRIDE = 1 if LONG else 64
BRIEF = Timeouts(connect=0.4, command=0.4, data=0.4, dot=0.4)


@pytest.fixture
def bureau(databases: Databases, tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(databases.empty(tmp_path))
    yield made
    made.store.close()


def queue_one(bureau: Bureau, number: int) -> datetime:
    """One more mail to 刘畅 waits; when that is."""
    now = NOON + timedelta(hours=number)
    ref = f"P{len(bureau.refs) + 1}"
    bureau.register((now + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M"), f"第{number + 1}社区{ref}")
    expand(bureau.store, settings=settings(per_person_hour=10_000), now=now)
    return now


class Wire:
    """Carries bytes to the server and back until it breaks."""

    def __init__(self, port: int, *, there: int = 1 << 30, back: int = 1 << 30) -> None:
        self._port = port
        self._left = {"there": there, "back": back}
        self.carried = {"there": 0, "back": 0}
        self.spoken = bytearray()
        self._joined: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[int]:
        """The port where it begins."""
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]
            await asyncio.gather(*self._joined)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._joined.add(cast("asyncio.Task[None]", asyncio.current_task()))
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        both = (
            asyncio.create_task(self._carry("there", reader, far_writer)),
            asyncio.create_task(self._carry("back", far_reader, writer)),
        )
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for each in both:
            each.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        await asyncio.sleep(0.02)  # the far end still reads what was carried
        for end in (writer, far_writer):
            end.close()
            with suppress(OSError):
                await end.wait_closed()

    async def _carry(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while came := await reader.read(4096):
            room = self._left[way] - self.carried[way]
            writer.write(came[:room])
            self.carried[way] += len(came[:room])
            if way == "there":
                self.spoken += came[:room]
            with suppress(ConnectionError):
                await writer.drain()
            if len(came) > room:
                return


def over_a_wire(bureau: Bureau, office: Office, now: datetime, **breaks: int) -> Wire:
    """One pass over a wire that breaks, then, later, one over a sound line."""

    async def story() -> Wire:
        async with serving(office) as port:
            wire = Wire(port, **breaks)
            async with wire.laid() as begins:
                chosen = settings(port=begins, per_minute=1000)
                await deliver(bureau.store, SMTPMailer(chosen), settings=chosen, now=now)
            sound = settings(port=port, per_minute=1000)
            for minutes in (2, 20):
                later = now + timedelta(minutes=minutes)
                await deliver(bureau.store, SMTPMailer(sound), settings=sound, now=later)
            return wire

    return asyncio.run(story())


@pytest.mark.slow
@pytest.mark.parametrize("way", ["there", "back"])
def test_a_line_that_breaks_at_any_byte_loses_no_mail(bureau: Bureau, way: str) -> None:
    whole = over_a_wire(bureau, Office(), queue_one(bureau, 0)).carried[way]
    stride = STRIDE if way == "there" else max(1, STRIDE // 8)
    for number, offset in enumerate(range(0, whole + stride, stride), 1):
        office = Office()
        wire = over_a_wire(bureau, office, queue_one(bureau, number), **{way: offset})

        assert office.arrived, f"lost at byte {offset}"
        dotted = b"\r\n.\r\n" in wire.spoken
        assert len(office.arrived) <= (2 if dotted else 1), f"doubled at byte {offset}"
        assert len({each.as_bytes() for each in office.arrived}) == 1, "the very same"
        assert set(bureau.states()) == {"sent"}


@asynccontextmanager
async def falling_silent(after: bytes, words: bytes) -> AsyncIterator[int]:
    """A server that answers politely until it hears `after`; then it says `words`, slowly, and no more."""
    over, talks = asyncio.Event(), list[asyncio.Task[None]]()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(cast("asyncio.Task[None]", asyncio.current_task()))
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if after != b"":
                writer.write(b"220 here\r\n")
                in_data = False
                while not (line := await reader.readuntil(b"\n")).startswith(after):
                    if not in_data:
                        in_data = line.startswith(b"DATA")
                        writer.write(b"354 go\r\n" if in_data else b"250 fine\r\n")
            for byte in words:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)
            await over.wait()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        over.set()
        await asyncio.gather(*talks)


@pytest.mark.parametrize("after", [b"", b"EHLO", b"MAIL", b"RCPT", b"DATA", b"."])
@pytest.mark.parametrize("words", [b"", b"250-" + b"x" * 40])
def test_a_server_that_falls_silent_is_left_and_the_mail_goes_later(
    bureau: Bureau, after: bytes, words: bytes
) -> None:
    now = queue_one(bureau, 0)

    async def story(port_of: Any, later: datetime, **changes: Any) -> dict[str, int]:
        async with port_of as port:
            chosen = settings(port=port, **changes)
            return await deliver(bureau.store, SMTPMailer(chosen), settings=chosen, now=later)

    outcome = asyncio.run(
        asyncio.wait_for(story(falling_silent(after, words), now, timeouts=BRIEF), timeout=30)
    )
    assert outcome["waiting"] == 1
    office = Office()
    asyncio.run(story(serving(office), now + timedelta(minutes=20)))

    assert bureau.states() == ["sent"]
    assert len(office.arrived) == 1


@asynccontextmanager
async def dawdling(office: Office, pause: float) -> AsyncIterator[int]:
    """The office's server, every byte of whose answers comes after a while."""
    async with serving(office) as port:

        async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            pouring = asyncio.create_task(_pour(reader, far_writer))
            with suppress(ConnectionError):
                while byte := await far_reader.read(1):
                    await asyncio.sleep(pause)
                    writer.write(byte)
            pouring.cancel()
            for end in (writer, far_writer):
                end.close()

        server = await asyncio.start_server(join, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while came := await reader.read(4096):
        writer.write(came)


def test_a_server_that_speaks_byte_by_byte_is_heard_out_and_gets_one_copy(bureau: Bureau) -> None:
    now, office = queue_one(bureau, 0), Office()

    async def story() -> dict[str, int]:
        async with dawdling(office, 0.005) as port:
            chosen = settings(port=port)
            return await deliver(bureau.store, SMTPMailer(chosen), settings=chosen, now=now)

    assert asyncio.run(story())["sent"] == 1
    assert len(office.arrived) == 1


@pytest.mark.parametrize("minutes", [5, 15, 60])
def test_a_server_that_greylists_for_a_while_gets_one_copy_when_it_is_content(
    bureau: Bureau, minutes: int
) -> None:
    now = queue_one(bureau, 0)
    content, office = now + timedelta(minutes=minutes), Office()

    async def story(later: datetime) -> dict[str, int]:
        office.answers["RCPT"] = ["451 4.7.1 Greylisted"] if later < content else []
        async with serving(office) as port:
            chosen = settings(port=port)
            return await deliver(bureau.store, SMTPMailer(chosen), settings=chosen, now=later)

    later, tries = now, 0
    while not asyncio.run(story(later))["sent"]:
        (next_at,) = bureau.rows("SELECT next_at FROM mail")[0]
        later, tries = instant(next_at), tries + 1

    assert later - content <= timedelta(hours=1)
    assert tries <= 5
    assert len(office.arrived) == 1
    assert bureau.incidents() == []
