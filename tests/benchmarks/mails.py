"""A thousand mails over kept connections, beside one connection for each; and what the outbox adds.

The server is a real one in a process of its own. The outbox puts each lease, each intent and each reply on
disk before it goes on.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import notifications.models  # noqa: F401
from notifications.delivery import deliver
from notifications.message import Message
from notifications.settings import MailSettings
from notifications.smtp import SMTPMailer
from tests.benchmarks.moves import NOW, Office
from tests.benchmarks.table import Row
from tests.notifications.servers import Office as Post
from tests.notifications.servers import serving
from workflow.record import stamp

MAILS, EACH = 1_000, 200
"""Mails sent over kept connections; fewer suffice to tell the pace of one connection each."""

WORDS = "澴川县公益性骨灰堂建设：可行性研究报告审批待您审核，10月22日前办理。" * 20


def measure(rounds: int) -> Iterator[Row]:
    """Each round the same mails both ways, in turns."""
    gained: list[float] = []
    drained: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder))
        for number in range(rounds):
            alone, kept, outbox = asyncio.run(_round(office, number))
            gained.append(kept / alone)
            drained.append(outbox / alone)
        office.store.close()
    yield Row("mails over four kept connections beside one each", gained, "×", at_least=3.0)
    yield Row("… through the outbox, every step on disk", drained, "×")


async def _round(office: Office, number: int) -> tuple[float, float, float]:
    """Mails a second: a connection each, over kept ones, and through the outbox."""
    async with _server() as port:
        settings = MailSettings(
            base_url="https://shenpi.example", sender="shenpi@example.com", port=port, host="127.0.0.1",
            security="plain", per_minute=10 * MAILS,
        )  # fmt: skip
        mailer = SMTPMailer(settings)
        began = time.perf_counter()
        for each in range(EACH):
            await _carry(mailer, [_message(f"{number}-alone-{each}")])
        alone = EACH / (time.perf_counter() - began)
        mails = [_message(f"{number}-kept-{each}") for each in range(MAILS)]
        began = time.perf_counter()
        lines = settings.connections
        await asyncio.gather(*(_carry(mailer, mails[each::lines]) for each in range(lines)))
        kept = MAILS / (time.perf_counter() - began)
        _queue(office, number)
        began = time.perf_counter()
        outcomes = await deliver(office.store, mailer, settings=settings, now=NOW)
        assert outcomes["sent"] == MAILS, outcomes
        return alone, kept, MAILS / (time.perf_counter() - began)


async def _carry(mailer: SMTPMailer, mails: list[Message]) -> None:
    async with mailer.line() as line:
        for mail in mails:
            await line.send(mail, _at_once)


async def _at_once() -> None:
    """Nothing to write before DATA."""


def _message(name: str) -> Message:
    return Message(
        "tanli@example.com", "谭丽", "待办：审核", WORDS, f"<p>{WORDS}</p>", f"<{name}@example.com>", NOW
    )


def _queue(office: Office, number: int) -> None:
    """A thousand mails that wait, as the outbox would have written them."""
    message = _message("")
    with sqlite3.connect(office.path) as connection:
        connection.executemany(
            "INSERT INTO mail (person_id, project_id, name, address, subject, text, html, message_id, created_at,"
            " queued_at, state, phase, attempts, next_at, lease_no, reply)"
            " VALUES (1, 0, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', '', 0, ?, 0, '')",
            (
                (message.name, message.address, message.subject, message.text, message.html,
                 f"<queued-{number}-{each}@example.com>", stamp(NOW), stamp(NOW), stamp(NOW))
                for each in range(MAILS)
            ),
        )  # fmt: skip
    connection.close()


@asynccontextmanager
async def _server() -> AsyncIterator[int]:
    """A mail server in a process of its own; its port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield await asyncio.to_thread(ours.recv)
    finally:
        process.kill()
        process.join()


class _Sink(Post):
    """Takes every mail and reads none: what is timed is this side."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        return "250 taken"


def _serve(line: Connection) -> None:
    async def work() -> None:
        async with serving(_Sink()) as port:
            line.send(port)
            await asyncio.Event().wait()

    asyncio.run(work())
