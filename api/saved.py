"""Saved views: a person's own names for filtered project lists. A convenience of theirs, so no event records it.

Invariant: everybody reads and changes their own only; a view holds a filter, never what it found.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct
from sqlalchemy import Connection, text

from workflow.errors import Invalid, NotFound, Refused, reason, says
from workflow.record import stamp
from workflow.rules import check_text
from workflow.sql import Statement
from workflow.transaction import Transaction

says(
    {
        "too-many-views": ("您已保存{most}个视图。", "请先删除不再使用的视图。"),
        "view-name-used": ("您已有名为“{name}”的视图。", "请换一个名称，或先删除原视图。"),
        "view-not-found": ("没有这个视图。", "可能已被删除，请从项目列表重新选择。"),
        "view-too-long": ("筛选条件过长，不能保存。", "请缩短所填的名称或代码。"),
    }
)

MOST = 20
"""How many views one person can keep: more would not fit above a list."""

LONGEST_NAME = 20
LONGEST_FILTER = 1000

_LIST = text("SELECT id, name, filter, first FROM saved_view WHERE person_id = :person ORDER BY id")
_NAMES = Statement(text("SELECT id, name FROM saved_view WHERE person_id = :person"))
_INSERT = Statement(
    text(
        "INSERT INTO saved_view (person_id, name, filter, first, at)"
        " VALUES (:person, :name, :filter, :first, :at) RETURNING id"
    )
)
_RENAME = Statement(text("UPDATE saved_view SET name = :name WHERE id = :id AND person_id = :person"))
_DELETE = Statement(text("DELETE FROM saved_view WHERE id = :id AND person_id = :person"))
_NO_FIRST = Statement(text("UPDATE saved_view SET first = :no WHERE person_id = :person"))
_FIRST = Statement(text("UPDATE saved_view SET first = :yes WHERE id = :id AND person_id = :person"))


class SavedView(Struct, frozen=True):
    """One saved view: its name, the filter as an address carries it, and whether the list opens with it."""

    id: int
    name: str
    filter: str
    first: bool


def views(connection: Connection, *, person: int, day: date) -> tuple[SavedView, ...]:
    """The person's views, in the order in which they were saved."""
    del day
    rows = connection.execute(_LIST, {"person": person})
    return tuple(SavedView(row[0], row[1], row[2], bool(row[3])) for row in rows)


def save_view(tx: Transaction, *, name: str, filter_: str, actor: int, now: datetime) -> int:
    """Keep a filter under a name; returns the view's id."""
    kept = _names(tx, actor)
    name = _checked(name, kept)
    if len(kept) >= MOST:
        raise Refused(reason("too-many-views", "name", most=MOST))
    if len(filter_) > LONGEST_FILTER:
        raise Invalid(reason("view-too-long", "name"))
    row = tx.execute(_INSERT, person=actor, name=name, filter=filter_, first=False, at=stamp(now)).fetchone()
    return int(row[0])


def rename_view(tx: Transaction, *, view: int, name: str, actor: int, now: datetime) -> None:
    """Give a view another name."""
    del now
    kept = _names(tx, actor)
    name = _checked(name, {each: old for each, old in kept.items() if each != view})
    _one(tx.execute(_RENAME, id=view, person=actor, name=name).rowcount)


def delete_view(tx: Transaction, *, view: int, actor: int, now: datetime) -> None:
    """Let go of a view."""
    del now
    _one(tx.execute(_DELETE, id=view, person=actor).rowcount)


def open_with(tx: Transaction, *, view: int, actor: int, now: datetime) -> None:
    """Let the list open with this view; with 0, unfiltered again."""
    del now
    tx.execute(_NO_FIRST, person=actor, no=False)
    if view:
        _one(tx.execute(_FIRST, id=view, person=actor, yes=True).rowcount)


def _names(tx: Transaction, person: int) -> dict[int, str]:
    return {row[0]: row[1] for row in tx.execute(_NAMES, person=person).fetchall()}


def _checked(name: str, others: dict[int, str]) -> str:
    name = name.strip()
    found = check_text(name, "name", "视图名称", required=True, longest=LONGEST_NAME, one_line=True)
    if found:
        raise Invalid(*found)
    if name in others.values():
        raise Refused(reason("view-name-used", "name", name=name))
    return name


def _one(changed: int) -> None:
    if changed != 1:
        raise NotFound(reason("view-not-found"))
