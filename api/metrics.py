"""The service in numbers, in the text format that Prometheus reads: moves, refusals, lags, the age of the beats.

Written out here, because it is a page of lines, and a client library would count per process what the database
knows for all. Invariant: nothing here names a person, a project or a paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, text

from workflow.record import instant, stamp
from workflow.scheduler import Beat

MEDIA = "text/plain; version=0.0.4; charset=utf-8"

_COUNTS = text(
    "SELECT (SELECT max(id) FROM event) AS events,"
    " (SELECT count(*) FROM incident WHERE resolved_at IS NULL) AS incidents,"
    " (SELECT min(next_at) FROM (SELECT next_at FROM stage WHERE next_at < :now"
    " UNION ALL SELECT next_at FROM paper WHERE next_at < :now) AS late) AS due,"
    " (SELECT min(at) FROM notice WHERE open) AS notice,"
    " (SELECT count(*) FROM notice WHERE open) AS notices,"
    " (SELECT min(queued_at) FROM mail WHERE next_at IS NOT NULL) AS mail,"
    " (SELECT count(*) FROM mail WHERE next_at IS NOT NULL) AS mails,"
    " (SELECT count(*) FROM mail WHERE state IN ('failed', 'held')) AS failed,"
    " (SELECT max(at) FROM seal) AS sealed,"
    " (SELECT max(at) FROM backup) AS backup"
)


class Measure(NamedTuple):
    """One number: its name, its kind and meaning, its value, and its label if it has one."""

    name: str
    kind: str
    meaning: str
    value: float
    label: str = ""


class Counted(Struct, frozen=True):
    """What the database says, as of one read; instants as text, None for never."""

    events: int | None
    incidents: int
    due: str | None
    notice: str | None
    notices: int
    mail: str | None
    mails: int
    failed: int
    sealed: str | None
    backup: str | None


def counted(connection: Connection, *, now: datetime) -> Counted:
    """Ask the database."""
    return Counted(*connection.execute(_COUNTS, {"now": stamp(now)}).one())


def measures(
    found: Counted, beats: Iterable[Beat], refused: Mapping[str, int], now: datetime, began: datetime
) -> Iterator[Measure]:
    """Every number; a lag is in seconds, and 0 while nothing waits."""
    yield Measure("shenpi_events_total", "counter", "Entries recorded, ever.", found.events or 0)
    for code, number in sorted(refused.items()):
        yield Measure(
            "shenpi_refusals_total", "counter", "Refusals of this process.", number, f'code="{code}"'
        )
    yield Measure(
        "shenpi_due_lag_seconds", "gauge", "Age of the oldest rung not taken.", _age(found.due, now)
    )
    yield Measure(
        "shenpi_notice_lag_seconds",
        "gauge",
        "Age of the oldest notice no channel took.",
        _age(found.notice, now),
    )
    yield Measure("shenpi_notices_open", "gauge", "Notices that no channel took yet.", found.notices)
    yield Measure(
        "shenpi_mail_lag_seconds", "gauge", "Age of the oldest mail on its way.", _age(found.mail, now)
    )
    yield Measure("shenpi_mails_waiting", "gauge", "Mails on their way.", found.mails)
    yield Measure("shenpi_mails_failed", "gauge", "Mails that were given up.", found.failed)
    yield Measure("shenpi_incidents_open", "gauge", "Incidents that wait for somebody.", found.incidents)
    if found.sealed:
        yield Measure("shenpi_seal_age_seconds", "gauge", "Age of the last seal.", _age(found.sealed, now))
    if found.backup:
        yield Measure(
            "shenpi_backup_age_seconds", "gauge", "Age of the last backup.", _age(found.backup, now)
        )
    for beat in beats:
        label, last = f'beat="{beat.name}"', beat.began_at or began
        seconds = max(0.0, (now - last).total_seconds())
        yield Measure("shenpi_beat_age_seconds", "gauge", "Since a work last began.", seconds, label)
    for beat in beats:
        label = f'beat="{beat.name}"'
        yield Measure("shenpi_beat_failed", "gauge", "1 if it failed.", bool(beat.problem), label)


def exposition(found: Iterable[Measure]) -> str:
    """The numbers as Prometheus reads them; those of one name follow each other."""
    lines: list[str] = []
    name = ""
    for each in found:
        if each.name != name:
            name = each.name
            lines += [f"# HELP {name} {each.meaning}", f"# TYPE {name} {each.kind}"]
        label = f"{{{each.label}}}" if each.label else ""
        lines.append(f"{name}{label} {each.value:.10g}")
    return "\n".join(lines) + "\n"


def _age(at: str | None, now: datetime) -> float:
    return max(0.0, (now - instant(at)).total_seconds()) if at else 0.0
