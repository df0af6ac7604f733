"""Loading a calendar year: the differences first, then every due date that rested on it worked out anew."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256

from msgspec import Struct
from sqlalchemy import text as sql

from workflow.actions.casework import Casework, check_administrator
from workflow.actions.clocks import recompute
from workflow.administration import CalendarLoaded
from workflow.calendar import Change, differences
from workflow.calendar_file import check_announced, parse_year
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
    sql(
        "SELECT project_id FROM stage WHERE due_on IS NOT NULL"
        " UNION SELECT project_id FROM stage WHERE next_at IS NOT NULL"
        " UNION SELECT project_id FROM paper WHERE next_at IS NOT NULL"
        " ORDER BY project_id"
    )
)
"""The projects in which a day may rest on the calendar: a limit runs, an opening is ahead, a validity is watched."""


MOST_SHOWN = 50
"""How many moved due dates are named; the rest is counted."""


class Move(Struct, frozen=True):
    """One due date that moves with the calendar."""

    ref: str
    project: str
    stage: str
    was: date | None
    now: date | None


class Loaded(Struct, frozen=True):
    """What loading a year changed: days whose nature differs, how many due dates moved, and the first of them."""

    year: int
    status: str
    changes: tuple[Change, ...]
    moved: int
    projects: int = 0
    moves: tuple[Move, ...] = ()


def load_year(tx: Transaction, *, text: str, name: str, actor: int, now: datetime) -> Loaded:
    """Load a calendar year from its YAML text; each clock it changes gets an event of its own.

    Invalid with every finding of a faulty file: the loaded year stays as it was.
    """
    check_administrator(tx, actor)
    year = parse_year(text, name)
    check_announced(year, text, name)
    before = next((each for each in tx.calendar.years if each.year == year.year), None)
    changes = differences(before, year)

    tx.execute(_PUT, year=year.year, status=str(year.status), text=text, loaded_at=stamp(now))
    digest = sha256(text.encode()).hexdigest()
    event = CalendarLoaded(year.year, str(year.status), digest)
    tx.administer(event, actor=actor, at=now)
    moved, touched = 0, 0
    moves: list[Move] = []
    for (project,) in tx.execute(_RUNNING).fetchall():
        work = Casework(tx, tx.project_by_id(project), actor=SYSTEM, now=now)
        was = _due_dates(work)
        here = recompute(work, f"载入{year.year}年工作日历")
        moved, touched = moved + here, touched + bool(here)
        if here and len(moves) < MOST_SHOWN:
            moves += _moves(work, was)
        tx.release(work.project)
    return Loaded(year.year, str(year.status), changes, moved, touched, tuple(moves[:MOST_SHOWN]))


def _due_dates(work: Casework) -> dict[str, date | None]:
    return {key: stage.clock.due_on for key, stage in work.project.state.stages.items() if stage.clock}


def _moves(work: Casework, was: dict[str, date | None]) -> list[Move]:
    """The due dates that differ now."""
    ref, title = work.project.ref, work.project.state.title
    return [
        Move(ref, title, work.spec(key).title, was[key], now)
        for key, now in _due_dates(work).items()
        if now != was.get(key)
    ]
