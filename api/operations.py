"""What an operator asks of an installation: a pass of the clock, of the mailer, a publication, a calendar year.

The service does it for the command line while it runs; alone, the command line does it itself. Invariant:
both ways run the same function, and the system acts under its own name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from api import backups
from api.mail import deliverer
from api.settings import Settings
from workflow.actions import calendar, clocks, definitions, exports
from workflow.errors import Invalid, Unavailable, WorkflowError, reason
from workflow.people import SYSTEM
from workflow.store import Store

log = logging.getLogger("shenpi.operations")

MOST_PLACES = 100_000
"""How many due places one pass goes through singly when a broken one is among them."""

Given = Mapping[str, Any]
Operation = Callable[[Store, Settings, Given, datetime], dict[str, Any]]


def sweep(store: Store, now: datetime) -> int:
    """Let everything that is due at `now` take effect; how many places moved.

    A place that cannot be moved becomes an incident; it never keeps the others waiting. Unavailable if the
    database is away.
    """
    moved = 0
    try:
        while places := store.act(clocks.sweep, actor=SYSTEM, now=now):
            moved += places
    except Unavailable:
        raise
    except Exception:  # the edge: one broken place must not stop everybody's clock
        log.exception("a sweep failed; going place by place")
        moved += _sweep_one_by_one(store, now)
    return moved


def settle(store: Store, now: datetime) -> None:
    """Look at every project for what stands still though it should not; the others are settled by what happens to them."""
    for project in store.act(clocks.running_projects, actor=SYSTEM, now=now):
        try:
            store.act(clocks.settle_project, project=project, actor=SYSTEM, now=now)
        except Unavailable:
            raise
        except Exception:  # the edge: one broken project must not hide what the others wait for
            log.exception("project %s cannot be settled", project)


def _sweep_one_by_one(store: Store, now: datetime) -> int:
    moved = 0
    for project, stage, document in store.act(clocks.due_places, actor=SYSTEM, now=now, limit=MOST_PLACES):
        place = {"project": project, "stage": stage, "actor": SYSTEM, "now": now}
        try:
            store.act(clocks.sweep_place, document=document, **place)
        except Unavailable:
            raise
        except Exception as error:
            log.exception("project %s, stage %s: the clock cannot be moved", project, stage or document)
            why = str(error) if isinstance(error, WorkflowError) else type(error).__name__
            store.act(clocks.report_broken_place, why=why, **place)
        else:
            moved += 1
    return moved


def _sweep(store: Store, settings: Settings, given: Given, now: datetime) -> dict[str, Any]:
    del settings
    return {"places": sweep(store, _instant(given.get("at")) or now)}


def _deliver(store: Store, settings: Settings, given: Given, now: datetime) -> dict[str, Any]:
    del given
    deliver = deliverer(store, settings)
    return {"outcomes": None if deliver is None else dict(deliver(now))}


def _publish(store: Store, settings: Settings, given: Given, now: datetime) -> dict[str, Any]:
    del settings
    text, name = str(given["text"]), str(given["name"])
    return {"digest": store.act(definitions.publish, text=text, name=name, actor=SYSTEM, now=now)}


def _load_calendar(store: Store, settings: Settings, given: Given, now: datetime) -> dict[str, Any]:
    del settings
    text, name = str(given["text"]), str(given["name"])
    loaded = store.act(calendar.load_year, text=text, name=name, actor=SYSTEM, now=now)
    return {"year": loaded.year, "status": loaded.status, "moved": loaded.moved}


def _note_backup(store: Store, settings: Settings, given: Given, now: datetime) -> dict[str, Any]:
    del settings
    store.act(backups.note, given=given, now=now)
    return {}


def _note_export(store: Store, settings: Settings, given: Given, now: datetime) -> dict[str, Any]:
    del settings
    noted = {
        "filter_words": str(given["words"]),
        "entries": int(given["entries"]),
        "what": str(given["what"]),
    }
    store.act(exports.record_export, **noted, actor=SYSTEM, now=now)
    return {}


def _rehearse_calendar(store: Store, settings: Settings, given: Given, now: datetime) -> dict[str, Any]:
    del settings
    return {"moved": rehearse_year(store, str(given["text"]), str(given["name"]), now).moved}


def rehearse_year(store: Store, text: str, name: str, now: datetime) -> calendar.Loaded:
    """What loading that year would move, found by doing it and taking it back; Invalid for a faulty file."""
    return store.rehearse(calendar.load_year, text=text, name=name, actor=SYSTEM, now=now).result()


OPERATIONS: dict[str, Operation] = {
    "sweep": _sweep,
    "deliver": _deliver,
    "publish": _publish,
    "load-calendar": _load_calendar,
    "rehearse-calendar": _rehearse_calendar,
    "note-backup": _note_backup,
    "note-export": _note_export,
}
"""What may be asked, by name."""


def _instant(text: Any) -> datetime | None:
    """The instant that the operator named; Invalid for one without its zone."""
    if not text:
        return None
    try:
        named = datetime.fromisoformat(str(text))
    except ValueError:
        named = None
    if named is None or named.tzinfo is None:
        raise Invalid(
            reason("field-invalid", "at", field="at", why="应为带时区的时刻，如2026-11-22T09:00+08:00")
        )
    return named
