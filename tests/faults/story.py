"""One life of the product that can be lived again after a crash: every step repeats itself without harm.

The steps use the real store, files and mailer. What a step answered is written down outside the database
before the next begins, as a client would: that ledger is what must never turn out untrue.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import text

import notifications.models  # noqa: F401 - its tables are part of the schema
from notifications import delivery, ledger
from notifications.settings import MailSettings
from notifications.smtp import SMTPMailer
from tests.papers import pdf
from tests.world import BEGIN, at, definition_text
from workflow.actions import clocks, decisions, definitions, documents, people, projects, stages
from workflow.actions.once import run_once
from workflow.failpoints import reach
from workflow.files import Files, StoredFile
from workflow.people import SYSTEM
from workflow.queries.stored import named_among
from workflow.sql import Statement
from workflow.store import Store, _SQLiteWriter
from workflow.transaction import Transaction

BEGAN = at(BEGIN)
LATE = at("2026-09-08 10:00")
REFS = ("P1", "P2")
ORPHAN = pdf("nobody's")
MEGABYTES = 1 << 24


def mail_settings(port: int) -> MailSettings:
    """Mails go to a server on this machine."""
    return MailSettings(
        base_url="https://shenpi.example.gov.cn", sender="shenpi@example.gov.cn", security="plain",
        host="127.0.0.1", port=port, per_person_hour=1000, per_minute=1000,
    )  # fmt: skip


def prepare(store: Store) -> None:
    """Everybody of the founded bureau has an address."""
    for (person,) in store.read(lambda connection: connection.exec_driver_sql("SELECT id FROM person").all()):
        store.act(people.change_person, person=person, email=f"s{person}@mz.example", actor=SYSTEM, now=BEGAN)


@dataclass
class Life:
    """One process at work on a folder, and who is who there."""

    folder: Path
    port: int
    store: Store
    files: Files
    people: dict[str, int]
    organisation: int
    digest: str
    once: ClassVar[Callable[..., Any]] = staticmethod(run_once)

    @classmethod
    def begin(cls, folder: Path, port: int, url: str = "") -> Life:
        """Open what is there, as a service does that starts."""
        store = Store(url or f"sqlite:///{folder / 'shenpi.db'}")
        store.start()
        store.act(ledger.try_at_once, now=BEGAN)
        with store.reading() as connection:
            found = {name: id_ for id_, name in connection.exec_driver_sql("SELECT id, name FROM person")}
            (organisation,) = connection.exec_driver_sql(
                "SELECT id FROM organisation WHERE name = '规划财务股'"
            ).one()
            (digest,) = connection.exec_driver_sql("SELECT digest FROM definition WHERE type = 'hall'").one()
        return cls(folder, port, store, Files(folder / "documents"), found, organisation, digest)

    def command(
        self, name: str, action: Callable[..., Any], by: str, now: datetime, /, **arguments: Any
    ) -> Any:
        """Somebody does something, under a command id that stays the same however often it is sent."""
        return self.store.act(
            self.once, command=name, action=action, arguments=arguments, actor=self.people[by], now=now
        )


Step = tuple[str, Callable[[Life], Any]]


def _register(ref: str) -> Step:
    def act(life: Life) -> Any:
        return life.command(
            f"register {ref}", projects.register_project, "谭丽", BEGAN, ref=ref, digest=life.digest,
            title=f"第{ref}号项目", organisation=life.organisation, clerk=life.people["谭丽"],
        )  # fmt: skip

    return f"register {ref}", act


def _upload(ref: str, document: str) -> Step:
    name = f"upload {ref} {document}"

    def act(life: Life) -> Any:
        file = life.files.receive([pdf(name)], f"{document}.pdf", MEGABYTES)
        return life.command(
            name, documents.upload_document, "谭丽", BEGAN, ref=ref, document=document, file=file
        )

    return name, act


def _submit(ref: str) -> Step:
    def act(life: Life) -> Any:
        return life.command(f"submit {ref}", stages.submit_stage, "谭丽", BEGAN, ref=ref, stage="approval")

    return f"submit {ref}", act


def _sweep(life: Life) -> int:
    moved = 0
    while places := life.store.act(clocks.sweep, actor=SYSTEM, now=LATE, limit=1):
        moved += places
    return moved


def _approve(life: Life) -> Any:
    return life.command(
        "approve", decisions.decide, "杨帆", LATE, ref="P1", stage="approval", step="review", outcome="approved",
        opinion="同意",
    )  # fmt: skip


def _deliver(life: Life) -> int:
    chosen = mail_settings(life.port)
    now = LATE + timedelta(minutes=2)
    return asyncio.run(delivery.run(life.store, SMTPMailer(chosen), settings=chosen, now=now))["sent"]


def _publish(life: Life) -> str:
    changed = definition_text("walk").replace("version: 1", "version: 9", 1)
    return life.store.act(definitions.publish, text=changed, name="walk.yaml", actor=SYSTEM, now=LATE)


def _clean(life: Life) -> int:
    stored = life.files.receive([ORPHAN], "x.pdf", MEGABYTES)
    path = life.files.directory / stored.sha256[:2] / stored.sha256[2:]
    os.utime(path, (BEGAN.timestamp(), BEGAN.timestamp()))
    return life.files.sweep_orphans(lambda digests: life.store.read(named_among, digests=digests), LATE)


STEPS: tuple[Step, ...] = (
    *(_register(ref) for ref in REFS),
    *(_upload(ref, document) for ref in REFS for document in ("proposal", "minutes")),
    *(_submit(ref) for ref in REFS),
    ("sweep", _sweep),
    ("approve", _approve),
    ("publish", _publish),
    ("clean", _clean),
    ("deliver", _deliver),
)


def live(folder: Path, port: int, answers: Path) -> None:
    """Live from the first step to the last; every answer is in the file `answers` before the next step."""
    life = Life.begin(folder, port)
    written = os.open(answers, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for name, act in STEPS:
        answer = act(life)
        os.write(written, (json.dumps([name, answer]) + "\n").encode())
    life.store.close()


def facts(store: Store) -> dict[str, Any]:
    """Everything that has happened: equal heads mean equal records, to the byte."""
    questions = {
        "projects": "SELECT ref, seq, head, body FROM project ORDER BY ref",
        "administration": "SELECT seq, head FROM administration",
        "commands": "SELECT id, answer FROM command ORDER BY id",
        "notices": "SELECT event_id, person_id, kind, open FROM notice ORDER BY event_id, person_id, kind",
        "mails": "SELECT message_id, state FROM mail ORDER BY message_id",
        "deliveries": "SELECT event_id, person_id, skipped FROM delivery ORDER BY event_id, person_id",
        "incidents": "SELECT code, text FROM incident ORDER BY id",
        "definitions": "SELECT digest FROM definition ORDER BY digest",
    }
    with store.reading() as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(sql)] for name, sql in questions.items()
        }


def answers_in(path: Path) -> dict[str, Any]:
    """What was acknowledged."""
    if not path.exists():
        return {}
    return dict(json.loads(line) for line in path.read_text().splitlines())


def lost(store: Store, acknowledged: dict[str, Any]) -> list[str]:
    """The acknowledged steps of which the database knows nothing, or something else."""
    with store.reading() as connection:
        stored = {
            id_.partition(":")[2]: json.loads(answer)
            for id_, answer in connection.exec_driver_sql("SELECT id, answer FROM command")
        }
        due = connection.exec_driver_sql(
            "SELECT count(*) FROM stage WHERE next_at <= '2026-09-08T02:00'"
        ).scalar_one()
        published = set(connection.exec_driver_sql("SELECT digest FROM definition").scalars())
        unsent = connection.exec_driver_sql("SELECT count(*) FROM mail WHERE state <> 'sent'").scalar_one()
    holds = {
        "sweep": lambda _: not due,
        "publish": lambda digest: digest in published,
        "clean": lambda _: True,
        "deliver": lambda _: not unsent,
    }
    return [
        name
        for name, answer in acknowledged.items()
        if not (holds[name](answer) if name in holds else stored.get(name) == answer)  # type: ignore[no-untyped-call]
    ]


def _without_transactions() -> None:
    def run(self: _SQLiteWriter, batch: list[Any], *, guarded: bool) -> bool:
        for job in batch:
            transaction = Transaction(self._connection, "sqlite", self._store.caches)
            job.result = job.action(transaction, **job.arguments)
            transaction.flush()
        return True

    _SQLiteWriter._run_together = run  # type: ignore[method-assign]


def _without_command_ids() -> None:
    def run(tx: Transaction, *, command: str, action: Any, actor: int, **given: Any) -> Any:
        if action is documents.upload_document:  # a registration would be refused for its reference
            tx.execute(_FORGET_ANSWER, id=f"{actor}:{command}")
        return run_once(tx, command=command, action=action, actor=actor, **given)

    Life.once = staticmethod(run)


_FORGET_ANSWER = Statement(text("DELETE FROM command WHERE id = :id"))


def _answered_too_soon() -> None:
    def commit(self: _SQLiteWriter, batch: list[Any]) -> None:
        reach("write.begin")
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")
        for job in batch:
            self._attempt(job)
            job.settle()

    _SQLiteWriter._commit = commit  # type: ignore[method-assign]


def _under_a_name_at_once() -> None:
    Files.receive = _received_badly  # type: ignore[assignment, method-assign]


def _received_badly(files: Files, chunks: Any, name: str, limit: int) -> StoredFile:
    content = b"".join(chunks)
    digest = sha256(content).hexdigest()
    path = files.directory / digest[:2] / digest[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content[:20])
        file.flush()
        reach("file.written")
        file.write(content[20:])
    return StoredFile(digest, name, len(content), "application/pdf")


def _recorded_before_sent() -> None:
    async def carry(self: Any, line: Any, mail: Any) -> str:
        await self._act(ledger.sent, mail=mail, reply="250")
        reach("mail.leased")
        await line.send(mail.message, _at_once)
        return "sent"

    delivery.Pass._carry_one = carry  # type: ignore[method-assign]


async def _at_once() -> None:
    """Asks nobody."""


MISTAKES: dict[str, Callable[[], None]] = {
    "every statement is its own transaction": _without_transactions,
    "a repeated command is done again": _without_command_ids,
    "a caller is answered before the commit": _answered_too_soon,
    "a file has its name before it is whole": _under_a_name_at_once,
    "a mail is recorded before the server has it": _recorded_before_sent,
}
"""Made on purpose in a life, each must be found: else the proof is blind."""
