"""A service that starts again takes up at once what the one before it left in the middle."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import text

from api.main import create_app
from api.settings import make
from tests.databases import Databases
from tests.world import at
from workflow.record import stamp
from workflow.sql import Statement
from workflow.store import Store
from workflow.transaction import Transaction

NOW = at("2026-09-01 10:00")
_LEASED = Statement(
    text(
        "INSERT INTO mail (person_id, project_id, name, address, subject, text, html, message_id, created_at,"
        " queued_at, state, phase, attempts, next_at, lease_no, reply) VALUES (1, 0, '杨帆', 'y@yunhe.example',"
        " '【待审】', '', '', '<1@x>', :now, :now, 'sending', '', 1, :later, 1, '')"
    )
)


def leave_leased(tx: Transaction) -> None:
    """A mailer died with this mail in its hands; its lease runs for another half hour."""
    tx.execute(_LEASED, now=stamp(NOW), later=stamp(at("2026-09-01 10:35")))


def test_a_mail_that_a_dead_process_had_in_its_hands_is_due_at_once(
    tmp_path: Path, sqlite_copies: Databases
) -> None:
    """Nobody else can hold it: one process owns the file."""
    url = sqlite_copies.copy(tmp_path)
    store = Store(url)
    store.start()
    store.act(leave_leased)
    store.close()
    app = create_app(make(data=tmp_path, database_url=url), lambda: NOW, beating=False)

    async def start() -> str:
        async with app.router.lifespan_context(app):
            opened: Store = app.state.control.store
            with opened.reading() as connection:
                return str(connection.execute(text("SELECT next_at FROM mail")).scalar_one())

    assert asyncio.run(start()) == stamp(NOW)
