"""Loading a calendar year: the differences first, then every due date that rested on it worked out anew."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from msgspec import Struct
from sqlalchemy import text as sql

from workflow.actions.casework import Casework, check_administrator
from workflow.actions.clocks import recompute
from workflow.administration import CalendarLoaded
from workflow.calendar import Change, differences
from workflow.calendar_file import parse_year
from workflow.people import SYSTEM
from workflow.record import stamp
from workflow.sql import Statement
from workflow.transaction import Transaction

_PUT = Statement(
    sql(
        "INSERT INTO calendar_year (year, status, text, loaded_at) VALUES (:year, :status, :text, :loaded_at)"
        " ON CONFLICT (year) DO UPDATE SET status = excluded.status, text = excluded.text,"
        " loaded_at = excluded.loaded_at"
    )
)
_RUNNING = Statement(
    sql("SELECT DISTINCT project_id FROM stage WHERE due_on IS NOT NULL ORDER BY project_id")
)


class Loaded(Struct, frozen=True):
    """What loading a year changed: days whose nature differs, and how many due dates moved."""

    year: int
    status: str
    changes: tuple[Change, ...]
    moved: int


def load_year(tx: Transaction, *, text: str, name: str, actor: int, now: datetime) -> Loaded:
    """Load a calendar year from its YAML text; each clock it changes gets an event of its own.

    Invalid with every finding of a faulty file: the loaded year stays as it was.
    """
    check_administrator(tx, actor)
    year = parse_year(text, name)
    before = next((each for each in tx.calendar.years if each.year == year.year), None)
    changes = differences(before, year)

    tx.execute(_PUT, year=year.year, status=str(year.status), text=text, loaded_at=stamp(now))
    digest = sha256(text.encode()).hexdigest()
    event = CalendarLoaded(year.year, str(year.status), digest)
    tx.administer(event, actor=actor, at=now)
    moved = 0
    for (project,) in tx.execute(_RUNNING).fetchall():
        work = Casework(tx, tx.project_by_id(project), actor=SYSTEM, now=now)
        moved += recompute(work, f"载入{year.year}年工作日历")
    return Loaded(year.year, str(year.status), changes, moved)
