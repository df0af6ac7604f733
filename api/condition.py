"""How the installation fares, with everything that is wrong with it and what to do about each.

Invariant: it is well only if nothing here is wrong; every reason names its remedy and its page.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, text

from api.backups import LastBackup, last_backup
from api.settings import Settings
from workflow.people import SYSTEM
from workflow.queries import abandoned, snapshot
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
    "clean": "清理",
}
"""The recurring works by their names, in an administrator's words."""

_COUNTS = text(
    "SELECT (SELECT count(*) FROM incident WHERE resolved_at IS NULL) AS incidents,"
    " (SELECT count(*) FROM stage WHERE next_at < :late) AS sweep,"
    " (SELECT count(*) FROM notice WHERE open AND at < :late) AS notices,"
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
    abandoned: int
    sealed: str
    backed_up: str
    database: str


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


def condition(
    stored: Stored, settings: Settings, beats: tuple[Beat, ...], now: datetime, began: datetime
) -> Condition:
    """The whole condition, from what the database says and what this process knows."""
    free = shutil.disk_usage(settings.data).free
    concerns = [*_beat_concerns(beats, now, began), *stored.concerns, *_disk_concerns(free)]
    if not settings.mailbox and not settings.smtp.host:
        concerns.append(
            Concern(
                "没有设置邮件服务器，提醒只在系统内显示，不发邮件。",
                "请在 shenpi.toml 的 [smtp] 中设置后重新启动。",
                "/admin/mail",
                urgent=False,
            )
        )
    views = tuple(_beat_view(each, now, began) for each in beats)
    return Condition(tuple(concerns), views, stored, f"{free / 1024**3:.1f} GB")


def stored_condition(connection: Connection, *, now: datetime) -> Stored:
    """What the database says."""
    row = connection.execute(_COUNTS, {"late": stamp(now - LATE)}).one()
    left = len(abandoned(connection))
    unsealed = connection.execute(_UNSEALED, {"upto": row.upto or 0}).scalar()
    backup = last_backup(connection)
    concerns = [
        *_stored_concerns(row, left),
        *_seal_concerns(unsealed, now),
        *_calendar_concerns(connection, now),
        *_staff_concerns(connection),
        *_backup_concerns(backup, now),
    ]
    sealed = clock_time(instant(row.sealed)) if row.sealed else ""
    backed_up = f"{clock_time(backup.at)}，{backup.place}" if backup else ""
    return Stored(tuple(concerns), row.incidents, row.failed, left, sealed, backed_up, _database(connection))


def _stored_concerns(row: Any, left: int) -> Iterator[Concern]:
    if row.incidents:
        yield Concern(f"有{row.incidents}件异常待处理。", "请逐件处理后销号。", "/admin/incidents")
    if left:
        yield Concern(
            f"有{left}件待办只在已停用的账号手中，无人办理。", "请由负责人转办，或移交项目。", "/admin#left"
        )
    if row.failed:
        yield Concern(f"有{row.failed}封邮件未能送达。", "请核对地址后重新投递。", "/admin/mail")
    if row.sweep:
        yield Concern(
            f"有{row.sweep}处提醒到时未办，已超过15分钟。",
            "请看下面的时钟是否在走；不走的，请重新启动服务。",
            "/admin/health",
        )
    if row.notices:
        yield Concern(f"有{row.notices}条通知超过15分钟未交付。", "请看邮件发送情况。", "/admin/mail")


def _seal_concerns(unsealed: str | None, now: datetime) -> Iterator[Concern]:
    if unsealed is not None and now - instant(unsealed) > SEAL_LATE:
        since = clock_time(instant(unsealed))
        yield Concern(
            f"自{since}以来的记录尚未封签。", "封签每小时一次；请看下面的“封签”是否在走。", "/admin/health"
        )


def _calendar_concerns(connection: Connection, now: datetime) -> Iterator[Concern]:
    calendar = snapshot(connection).calendar
    known = {each.year: each for each in calendar.years}
    for year in (now.year, now.year + 1):
        if year not in known:
            words = f"{year}年工作日历尚未载入，到期日按法定节日推算，均为暂定。"
        elif known[year].is_provisional:
            words = f"{year}年工作日历为暂定，落在该年的到期日均标“暂定”。"
        else:
            continue
        remedy = "国务院办公厅公布放假安排后请载入，到期日自动重算。"
        yield Concern(words, remedy, "/admin/calendar", urgent=year == now.year)


def _staff_concerns(connection: Connection) -> Iterator[Concern]:
    directory = snapshot(connection).directory
    without = [
        each for each in directory.people.values() if each.active and each.id != SYSTEM and not each.email
    ]
    if without:
        yield Concern(
            f"有{len(without)}人没有邮箱，收不到提醒邮件：{_some([each.name for each in without])}。",
            "请在人员页补填。",
            "/admin/people",
            urgent=False,
        )


def _backup_concerns(backup: LastBackup | None, now: datetime) -> Iterator[Concern]:
    remedy = "请运行 shenpi backup 备份目录，并让系统每天自动运行；备份要放在另一块磁盘上。"
    if backup is None:
        yield Concern("还没有备份过。", remedy, "/admin/health", urgent=False)
    elif now - backup.at > BACKUP_LATE:
        yield Concern(f"上次备份在{clock_time(backup.at)}，已超过7天。", remedy, "/admin/health")
    elif backup.missing:
        yield Concern(
            f"上次备份时有{backup.missing}份材料在系统中已缺失或损坏。",
            "请点“开始自检”看是哪些，并从以前的备份找回。",
            "/admin/health",
        )


def _some(names: list[str]) -> str:
    return "、".join(names[:8]) + ("等" if len(names) > 8 else "")


def _beat_concerns(beats: tuple[Beat, ...], now: datetime, began: datetime) -> Iterator[Concern]:
    for each in beats:
        words = BEATS.get(each.name, each.name)
        if each.problem:
            yield Concern(
                f"“{words}”上次没有办成：{each.problem}。",
                "请查看服务日志；持续出现请重新启动服务。",
                "/admin/health",
            )
        if _is_late(each, now, began):
            yield Concern(
                f"“{words}”停了：应每{_length(each.every)}一次。", "请重新启动服务。", "/admin/health"
            )


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
        yield Concern(
            f"数据目录所在磁盘只剩{free / 1024**3:.1f} GB。",
            "请清理空间；写满后系统拒绝一切办理。",
            "/admin/health",
        )


def _database(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}（单机）"
    version = connection.execute(text("SHOW server_version")).scalar_one()
    return f"PostgreSQL {str(version).split()[0]}"
