"""Examinations that take their time: the doctor, and the verification of the record, run beside the pages.

The result is a row, so that it outlives the page, the process and the day. Invariant: an examination only
reads; of one kind and subject one runs at a time, and one that died says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, text
from starlette.requests import Request

from api.cases import FINDINGS
from api.door import Door
from api.settings import Settings
from workflow import doctor
from workflow.errors import WorkflowError
from workflow.files import Files
from workflow.queries.words import clock_time
from workflow.record import Broken, instant, stamp
from workflow.sql import Statement
from workflow.store import Store
from workflow.transaction import Transaction

log = logging.getLogger("shenpi.examinations")

PATIENCE: Final = 3.0
"""Seconds that a page waits for the result before it says that it will come later."""

DEAD_AFTER: Final = timedelta(hours=2)
MOST_WORDS: Final = 200
DIED: Final = ["没有办完就中断了，请重新开始。"]

_ALONE = Statement(text("SELECT pg_advisory_xact_lock(hashtextextended(:examination, 0))"))
_BEGIN = Statement(
    text(
        "INSERT INTO examination (kind, subject, by_id, began_at, outcome, words)"
        " VALUES (:kind, :subject, :by_id, :now, '', '[]') RETURNING id"
    )
)
_END = Statement(
    text("UPDATE examination SET ended_at = :now, outcome = :outcome, words = :words WHERE id = :id")
)
_GIVE_UP = Statement(
    text("UPDATE examination SET ended_at = :now, outcome = 'failed', words = :words WHERE ended_at IS NULL")
)
_RUNNING = Statement(
    text(
        "SELECT id FROM examination WHERE kind = :kind AND subject = :subject AND ended_at IS NULL"
        " AND began_at > :since LIMIT 1"
    )
)
_LATEST = text(
    "SELECT began_at, ended_at, outcome, words, by_id FROM examination"
    " WHERE kind = :kind AND subject = :subject ORDER BY id DESC LIMIT 1"
)


class Result(Struct, frozen=True):
    """What an examination found: whether all holds, and everything to be said about it."""

    well: bool
    words: list[str]


class ExaminationView(Struct, frozen=True):
    """An examination as pages show it; `outcome` is well, ill, failed, or empty while it runs."""

    began: str
    ended: str
    outcome: str
    words: list[str]
    by: int


Work = Callable[[Store], Result]


def latest(connection: Connection, *, kind: str, now: datetime, subject: int = 0) -> ExaminationView | None:
    """The last examination of that kind and subject."""
    row = connection.execute(_LATEST, {"kind": kind, "subject": subject}).first()
    if row is None:
        return None
    began = instant(row.began_at)
    if row.ended_at is None and now - began > DEAD_AFTER:
        return ExaminationView(clock_time(began), "", "failed", DIED, row.by_id)
    ended = clock_time(instant(row.ended_at)) if row.ended_at else ""
    return ExaminationView(clock_time(began), ended, row.outcome, msgspec.json.decode(row.words), row.by_id)


async def examine(
    request: Request, kind: str, work: Work, *, actor: int, now: datetime, subject: int = 0
) -> bool:
    """Begin an examination, unless one is under way; whether it has ended by the time this returns."""
    state = request.app.state
    door: Door = state.door
    number = await door.run(begin, kind=kind, subject=subject, actor=actor, now=now)
    if not number:
        return False
    task = asyncio.create_task(_carry_out(door, number, work, state.clock))
    running: set[asyncio.Task[None]] = state.examinations
    running.add(task)
    task.add_done_callback(running.discard)
    await asyncio.wait({task}, timeout=PATIENCE)
    return task.done()


async def _carry_out(door: Door, number: int, work: Work, clock: Callable[[], datetime]) -> None:
    try:
        result = await asyncio.to_thread(work, door.store)
        outcome = "well" if result.well else "ill"
    except Exception:  # the edge: whatever an examination meets, its page must hear of it
        log.exception("examination %s failed", number)
        result, outcome = Result(well=False, words=["核查过程出错，没有得出结论。请查看服务日志。"]), "failed"
    try:
        await door.run(_end, number=number, outcome=outcome, words=result.words, now=clock())
    except WorkflowError:
        log.warning("the result of examination %s could not be kept", number)


def begin(tx: Transaction, *, kind: str, subject: int, actor: int, now: datetime) -> int:
    """The number of a new examination; 0 if one is under way."""
    if tx.dialect != "sqlite":
        tx.execute(
            _ALONE, examination=f"{kind}:{subject}"
        )  # of two who look at once, neither would see the other's
    since = stamp(now - DEAD_AFTER)
    if tx.execute(_RUNNING, kind=kind, subject=subject, since=since).fetchone() is not None:
        return 0
    row = tx.execute(_BEGIN, kind=kind, subject=subject, by_id=actor, now=stamp(now)).fetchone()
    return int(row[0])


def give_up(tx: Transaction, *, now: datetime) -> None:
    """End what is under way: at the start of a store that only one process may open, it was left by one that died."""
    tx.execute(_GIVE_UP, words=msgspec.json.encode(DIED).decode(), now=stamp(now))


def _end(tx: Transaction, *, number: int, outcome: str, words: list[str], now: datetime) -> None:
    kept = words[:MOST_WORDS]
    if len(words) > MOST_WORDS:
        kept.append(f"另有{len(words) - MOST_WORDS}条，请运行 shenpi doctor 查看全部。")
    tx.execute(_END, id=number, outcome=outcome, words=msgspec.json.encode(kept).decode(), now=stamp(now))


# What there is to examine


def verification(project: int | None, title: str, against: str) -> Work:
    """Verify one chain, or all of them with every seal; names the first bad entry."""

    def work(store: Store) -> Result:
        if project is None:
            found = store.read(doctor.audit, against=against)
        else:
            found = store.read(doctor.audit_chain, project=project)
        went_through = found.words if project is None else f"{found.events}条记录"
        said = f"{title}：已逐条核验{went_through}"
        if found.broken is None:
            held = f"，所持校验码 {against} 在记录之中" if against else ""
            return Result(well=True, words=[f"{said}，全部相符{held}。"])
        return Result(well=False, words=[f"{said}时发现不符。", _first_bad(found.broken)])

    return work


def _first_bad(broken: Broken) -> str:
    return f"第一处不符：{broken}。请勿再改动数据库，保留现场，并与另存的校验码、备份核对。"


def examination(settings: Settings, now: datetime) -> Work:
    """The doctor: record, fold, rows, files, what is stuck and what is late, in an administrator's words."""

    def work(store: Store) -> Result:
        findings = findings_of(store, settings, now)
        words = [
            f"{'错误' if each.level == 'error' else '注意'}：{each.text}。{FINDINGS[each.code].remedy}"
            for each in findings
        ]
        bad = any(each.level == "error" for each in findings)
        return Result(not bad, words or ["各项都相符：记录、状态、待办、材料文件。"])

    return work


def findings_of(store: Store, settings: Settings, now: datetime) -> list[doctor.Finding]:
    """What the doctor finds, and every stored file that is no longer what was stored.

    Where no mail leaves the house, no notice waits for one.
    """
    files = Files(settings.documents)
    findings = store.read(doctor.examine, now=now, has_file=files.has)
    damaged = [
        doctor.Finding("error", "file-damaged", f"文件 {each.sha256[:16]}… {each.why}")
        for each in files.verify()
    ]
    return [each for each in (*findings, *damaged) if settings.sends_mail or each.code != "notices-waiting"]
