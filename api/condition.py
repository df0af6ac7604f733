"""How the installation fares, with everything that is wrong with it and what to do about each.

Invariant: it is well only if nothing here is wrong; every reason names its remedy and its page.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, text
from starlette.datastructures import State

from api.backups import LastBackup, last_backup
from api.cases import CONCERNS
from api.door import Door
from api.settings import Settings
from workflow.clock import local_day
from workflow.people import SYSTEM
from workflow.queries import abandoned, how_many, snapshot
from workflow.queries.words import clock_time
from workflow.record import instant, stamp
from workflow.scheduler import Beat

LATE: Final = timedelta(minutes=15)
SEAL_LATE: Final = timedelta(hours=3)
UNBEGUN: Final = timedelta(minutes=2)
BACKUP_LATE: Final = timedelta(days=7)
LEAST_FREE: Final = 2 * 1024**3
BEATS: Final = {
    "sweep": "时钟（提醒、升级）",
    "deliver": "邮件投递",
    "seal": "封签",
    "settle": "补列待办",
    "clean": "清理",
}
"""The recurring works by their names, in an administrator's words."""

_COUNTS = text(
    "SELECT (SELECT count(*) FROM incident WHERE resolved_at IS NULL) AS incidents,"
    " (SELECT count(*) FROM stage WHERE next_at < :late)"
    " + (SELECT count(*) FROM paper WHERE next_at < :late) AS sweep,"
    " (SELECT count(*) FROM notice WHERE open AND at < :late) AS notices,"
    " EXISTS (SELECT 1 FROM project) AS begun,"
    " (SELECT count(*) FROM mail WHERE state IN ('failed', 'held')) AS failed,"
    " (SELECT max(at) FROM seal) AS sealed,"
    " (SELECT max(upto) FROM seal) AS upto,"
    " (SELECT max(id) FROM event) AS newest"
)
_UNSEALED = text("SELECT at FROM event WHERE id > :upto ORDER BY id LIMIT 1")


class Concern(Struct, frozen=True):
    """One thing that is not as it should be: what, what to do, and on which page. `urgent` ones turn the light red."""

    text: str
    remedy: str
    page: str = ""
    urgent: bool = True


class BeatView(Struct, frozen=True):
    """One recurring work as pages show it."""

    words: str
    every: str
    last: str
    state: str


class Stored(Struct, frozen=True):
    """What the database says about the condition, as of one read."""

    concerns: tuple[Concern, ...]
    incidents: int
    failed: int
    sealed: str
    backed_up: str
    database: str
    begun: bool
    """Whether there is any project yet."""


class Condition(Struct, frozen=True):
    """How the installation fares."""

    concerns: tuple[Concern, ...]
    beats: tuple[BeatView, ...]
    stored: Stored
    free: str

    @property
    def is_well(self) -> bool:
        """Whether nothing urgent is wrong."""
        return not any(each.urgent for each in self.concerns)


async def condition(state: State, now: datetime) -> Condition:
    """The whole condition, from what the database says and what this process knows."""
    settings: Settings = state.settings
    beats: tuple[Beat, ...] = state.metronome.beats
    door: Door = state.door
    began: datetime = state.began
    stored = await door.ask(stored_condition, sends_mail=settings.sends_mail, now=now)
    free = shutil.disk_usage(settings.data).free
    concerns = [*_beat_concerns(beats, now, began), *stored.concerns, *_disk_concerns(free)]
    if not settings.sends_mail:
        text_ = "没有设置邮件服务器，提醒只在系统内显示，不发邮件。"
        concerns.append(_concern("no-mail-server", text_, urgent=False))
    views = tuple(_beat_view(each, now, began) for each in beats)
    return Condition(tuple(concerns), views, stored, f"{free / 1024**3:.1f} GB")


def stored_condition(connection: Connection, *, sends_mail: bool, now: datetime) -> Stored:
    """What the database says. Where no mail leaves the house, no notice waits for one."""
    row = connection.execute(_COUNTS, {"late": stamp(now - LATE)}).one()
    left = abandoned(connection)
    unsealed = connection.execute(_UNSEALED, {"upto": row.upto or 0}).scalar()
    backup = last_backup(connection)
    concerns = [
        *_stored_concerns(row, left, sends_mail=sends_mail),
        *_seal_concerns(unsealed, now),
        *_calendar_concerns(connection, now),
        *_staff_concerns(connection),
        *_backup_concerns(backup, now),
    ]
    sealed = clock_time(instant(row.sealed)) if row.sealed else ""
    backed_up = f"{clock_time(backup.at)}，{backup.place}" if backup else ""
    return Stored(
        tuple(concerns),
        row.incidents,
        row.failed,
        sealed,
        backed_up,
        _database(connection),
        bool(row.begun),
    )


def _concern(code: str, text_: str, *, urgent: bool = True) -> Concern:
    """That case as it is now, with its remedy."""
    case = CONCERNS[code]
    return Concern(text_, case.remedy, case.page, urgent)


def _stored_concerns(row: Any, left: Sequence[object], *, sends_mail: bool) -> Iterator[Concern]:
    if row.incidents:
        yield _concern("incidents", f"有{row.incidents}件异常待处理。")
    if left:
        yield _concern("abandoned", f"有{how_many(left)}待办只在已停用的账号手中，无人办理。")
    if row.failed:
        yield _concern("mails-failed", f"有{row.failed}封邮件未能送达。")
    if row.sweep:
        yield _concern("rungs-late", f"有{row.sweep}处提醒到时未办，已超过15分钟。")
    if row.notices and sends_mail:
        yield _concern("notices-late", f"有{row.notices}条通知超过15分钟未交付。")


def _seal_concerns(unsealed: str | None, now: datetime) -> Iterator[Concern]:
    if unsealed is not None and now - instant(unsealed) > SEAL_LATE:
        yield _concern("unsealed", f"自{clock_time(instant(unsealed))}以来的记录尚未封签。")


def _calendar_concerns(connection: Connection, now: datetime) -> Iterator[Concern]:
    calendar = snapshot(connection).calendar
    known = {each.year: each for each in calendar.years}
    today = local_day(now)
    for year in (today.year, today.year + 1):
        if year not in known:
            words = f"{year}年工作日历尚未载入，到期日按法定节日推算，均为暂定。"
        elif known[year].is_provisional:
            words = f"{year}年工作日历为暂定，落在该年的到期日均标“暂定”。"
        else:
            continue
        yield _concern("year-unsettled", words, urgent=year == today.year)


def _staff_concerns(connection: Connection) -> Iterator[Concern]:
    directory = snapshot(connection).directory
    active = [each for each in directory.people.values() if each.active and each.id != SYSTEM]
    without = [each.name for each in active if not each.email]
    if without:
        words = f"有{len(without)}人没有邮箱，收不到提醒邮件：{_some(without)}。"
        yield _concern("no-address", words, urgent=False)
    administrators = [each.name for each in active if directory.is_administrator(each.id)]
    if len(administrators) == 1:
        words = f"只有{administrators[0]}一位系统管理员。"
        yield _concern("one-administrator", words, urgent=False)


def _backup_concerns(backup: LastBackup | None, now: datetime) -> Iterator[Concern]:
    if backup is None:
        yield _concern("never-backed-up", "还没有备份过。", urgent=False)
    elif now - backup.at > BACKUP_LATE:
        yield _concern("backup-old", f"上次备份在{clock_time(backup.at)}，已超过7天。")
    elif backup.missing:
        words = f"上次备份时有{backup.missing}份材料在系统中已缺失或损坏。"
        yield _concern("backup-incomplete", words)


def _some(names: list[str]) -> str:
    return "、".join(names[:8]) + ("等" if len(names) > 8 else "")


def _beat_concerns(beats: tuple[Beat, ...], now: datetime, began: datetime) -> Iterator[Concern]:
    for each in beats:
        words = BEATS.get(each.name, each.name)
        if each.problem:
            yield _concern("work-failed", f"“{words}”上次没有办成：{each.problem}。")
        if _is_late(each, now, began):
            yield _concern("work-stopped", f"“{words}”停了：应每{_length(each.every)}一次。")


def _is_late(beat: Beat, now: datetime, began: datetime) -> bool:
    return beat.is_late(now) if beat.began_at else now - began > UNBEGUN


def _beat_view(beat: Beat, now: datetime, began: datetime) -> BeatView:
    state = "停了" if _is_late(beat, now, began) else "上次没有办成" if beat.problem else "正常"
    if beat.began_at is None:
        state = "尚未开始" if state == "正常" else state
    last = clock_time(beat.began_at) if beat.began_at else ""
    return BeatView(BEATS.get(beat.name, beat.name), f"每{_length(beat.every)}", last, state)


def _length(seconds: float) -> str:
    for size, unit in ((3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}秒"


def _disk_concerns(free: int) -> Iterator[Concern]:
    if free < LEAST_FREE:
        yield _concern("disk-low", f"数据目录所在磁盘只剩{free / 1024**3:.1f} GB。")


def _database(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}（单机）"
    version = connection.execute(text("SHOW server_version")).scalar_one()
    return f"PostgreSQL {str(version).split()[0]}"
