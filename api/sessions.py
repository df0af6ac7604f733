"""Who is signed in: rows under the hash of a random token, and the delays that follow failed attempts.

Invariant: the database holds no token that could be used; a session dies when its person is disabled,
gets another password or another post, on whichever process that happened. Only its owner is shown a session.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, text

from notifications import accounts
from notifications.settings import MailSettings
from workflow.actions import people
from workflow.people import Directory
from workflow.queries.words import clock_time
from workflow.record import instant, stamp
from workflow.sql import Statement
from workflow.transaction import Transaction

FREE = {"name": 4, "address": 29}
"""How many failures cost nothing: more from one address, behind which a whole office may sit."""

LONGEST_DELAY = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=1)
BROWSER_KEPT = timedelta(days=180)
TOUCH_EVERY = timedelta(minutes=1)
"""A session's last use is written down once a minute at most: a page view should not cost a commit."""

FIND = Statement(
    text(
        "SELECT session.person_id, session.created_at, session.seen_at, session.credential, person.password_hash,"
        " EXISTS (SELECT 1 FROM given_password WHERE person_id = person.id), administration.seq"
        " FROM session JOIN person ON person.id = session.person_id, administration"
        " WHERE session.id = :id AND person.active AND administration.id = 1"
    )
)
"""A session of somebody who is not disabled, for `found`; last the number of the administration's chain."""

_ACCOUNT = text("SELECT id, password_hash, active FROM person WHERE staff_number = :staff_number")
_INSERT = Statement(
    text(
        "INSERT INTO session (id, person_id, credential, created_at, seen_at, address, browser)"
        " VALUES (:id, :person_id, :credential, :now, :now, :address, :browser)"
    )
)
_TOUCH = Statement(text("UPDATE session SET seen_at = :now WHERE id = :id"))
_DELETE = Statement(text("DELETE FROM session WHERE id = :id"))
_DELETE_OWN = Statement(text("DELETE FROM session WHERE id = :id AND person_id = :person"))
_DELETE_OTHERS = Statement(text("DELETE FROM session WHERE person_id = :person AND id <> :id"))
_DELETE_ALL = Statement(text("DELETE FROM session WHERE person_id = :person"))
_OWN = text(
    "SELECT session.id, session.created_at, session.seen_at, session.address, session.browser,"
    " session.credential, person.password_hash FROM session JOIN person ON person.id = session.person_id"
    " WHERE person_id = :person AND seen_at >= :idle AND created_at >= :absolute ORDER BY created_at DESC, session.id"
)
_DELETE_STALE = Statement(text("DELETE FROM session WHERE seen_at < :idle OR created_at < :absolute"))
_IN_TURN = Statement(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"))
_FAILURES = Statement(text("SELECT failures, last_at, until FROM login_failure WHERE key = :key"))
_PUT_FAILURE = Statement(
    text(
        "INSERT INTO login_failure (key, failures, last_at, until) VALUES (:key, :failures, :last_at, :until)"
        " ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,"
        " until = excluded.until"
    )
)
_FORGIVE = Statement(text("DELETE FROM login_failure WHERE key = :key"))
_FORGIVE_ONE = Statement(
    text("UPDATE login_failure SET failures = failures - 1, until = NULL WHERE key = :key")
)
_FORGET_FAILURES = Statement(text("DELETE FROM login_failure WHERE last_at < :before"))
_KNOWN = text("SELECT 1 FROM known_browser WHERE id = :id")
_KNOW = Statement(
    text(
        "INSERT INTO known_browser (id, last_at) VALUES (:id, :now)"
        " ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at"
    )
)
_FORGET_BROWSERS = Statement(text("DELETE FROM known_browser WHERE last_at < :before"))


class Account(Struct, frozen=True):
    """What signing in needs to know of a person."""

    person: int
    password_hash: str
    active: bool


class Found(Struct, frozen=True):
    """A session as it stands, with the people of the same moment."""

    person: int
    created_at: datetime
    seen_at: datetime
    directory: Directory
    given: bool
    """Whether somebody else has set the person's password."""


class Place(Struct, frozen=True):
    """Where somebody signs in: the address, and the browser in words."""

    address: str
    browser: str


class SessionView(Struct, frozen=True):
    """A live session as its owner sees it; `id` lets nobody in."""

    id: str
    began: str
    seen: str
    place: Place


class Attempt(Struct, frozen=True):
    """An attempt to sign in: what counts its failures, as (kind, key), and the browser under this name.

    A browser that knows the person counts for itself, so that nobody is locked out by others' wrong passwords.
    """

    keys: tuple[tuple[str, str], ...]
    browser: str


def key_of(kind: str, value: str) -> str:
    """The key of a counter: a hash, because people type passwords into the name field."""
    return sha256(f"{kind}:{value.strip().casefold()}".encode(errors="replace")).hexdigest()


def digest_of(token: str) -> str:
    """Under what a session of that token is kept."""
    return sha256(token.encode()).hexdigest()


def credential_of(person: int, password_hash: str, directory: Directory) -> str:
    """What the person is, as far as a session rests on it: the password, and every post."""
    posts = sorted((held.organisation, held.key) for held in directory.posts_of(person))
    return sha256(f"{password_hash}\n{posts}".encode()).hexdigest()


# Queries


def found(row: Any, directory: Directory) -> Found | None:
    """The session of that row of FIND, if its person still is what they were when it began.

    `directory` is of the number in the row, or newer: what was revoked by then is seen.
    """
    person, created_at, seen_at, credential, password_hash, given, _ = row
    if credential != credential_of(person, password_hash, directory):
        return None
    return Found(person, instant(created_at), instant(seen_at), directory, bool(given))


def account(connection: Connection, *, staff_number: str) -> Account | None:
    """The account of that staff number."""
    row = connection.execute(_ACCOUNT, {"staff_number": staff_number}).one_or_none()
    return Account(row[0], row[1], bool(row[2])) if row else None


def own_sessions(
    connection: Connection,
    *,
    person: int,
    directory: Directory,
    idle: timedelta,
    absolute: timedelta,
    now: datetime,
) -> list[SessionView]:
    """Where that person is signed in at this moment, the newest first."""
    span = {"idle": stamp(now - idle), "absolute": stamp(now - absolute)}
    return [
        SessionView(id_, clock_time(instant(began)), clock_time(instant(seen)), Place(address, browser))
        for id_, began, seen, address, browser, credential, password_hash in connection.execute(
            _OWN, {"person": person, **span}
        )
        if credential == credential_of(person, password_hash, directory)
    ]


def attempt(connection: Connection, *, staff_number: str, address: str, browser: str) -> Attempt:
    """The attempt of that name from that address in the browser of that token."""
    name = key_of("name", staff_number)
    known = key_of("browser", f"{browser}:{name}")
    if connection.execute(_KNOWN, {"id": known}).first() is not None:
        return Attempt((("name", known),), known)
    return Attempt((("name", name), ("address", key_of("address", address))), known)


# Actions


def begin_attempt(tx: Transaction, *, attempt: Attempt, now: datetime) -> int:
    """Count an attempt before its password is looked at; how many seconds it has to wait, 0 if it may go on.

    Counted beforehand, and one after another, so that a hundred attempts at once are not all the first.
    """
    if tx.dialect == "postgresql":  # SQLite has one writer anyway
        for _, key in attempt.keys:
            tx.execute(_IN_TURN, key=key)
    wait = max(_wait(tx, key, now) for _, key in attempt.keys)
    if wait:
        return wait
    for kind, key in attempt.keys:
        row = tx.execute(_FAILURES, key=key).fetchone()
        recent = row is not None and now - instant(row[1]) < FORGET_AFTER
        failures = row[0] + 1 if recent else 1
        tx.execute(
            _PUT_FAILURE, key=key, failures=failures, last_at=stamp(now), until=_until(kind, failures, now)
        )
    return 0


def open_session(
    tx: Transaction,
    *,
    session: str,
    person: int,
    password_hash: str,
    attempt: Attempt,
    replaces: str,
    place: Place,
    now: datetime,
) -> None:
    """Sign a person in: a new session, the one it replaces ends, the browser is known, the attempt no failure."""
    tx.execute(_DELETE, id=replaces)
    credential = credential_of(person, password_hash, tx.directory)
    tx.execute(
        _INSERT,
        id=session,
        person_id=person,
        credential=credential,
        now=stamp(now),
        address=place.address,
        browser=place.browser,
    )
    tx.execute(_KNOW, id=attempt.browser, now=stamp(now))
    forgive(tx, attempt=attempt)


def forgive(tx: Transaction, *, attempt: Attempt) -> None:
    """The attempt was no failure: nothing is held against the name, and one less against the address."""
    for kind, key in attempt.keys:
        tx.execute(_FORGIVE if kind == "name" else _FORGIVE_ONE, key=key)


def touch_session(tx: Transaction, *, session: str, now: datetime) -> None:
    """Note that the session is in use."""
    tx.execute(_TOUCH, id=session, now=stamp(now))


def close_session(tx: Transaction, *, session: str) -> None:
    """End a session."""
    tx.execute(_DELETE, id=session)


def close_own_session(tx: Transaction, *, session: str, person: int) -> None:
    """End one session of that person; nothing happens if it is somebody else's or has ended."""
    tx.execute(_DELETE_OWN, id=session, person=person)


def close_other_sessions(tx: Transaction, *, session: str, person: int) -> None:
    """End every session of that person but this one."""
    tx.execute(_DELETE_OTHERS, id=session, person=person)


def change_account(
    tx: Transaction,
    *,
    person: int,
    mail: MailSettings | None,
    actor: int,
    now: datetime,
    active: bool | None = None,
    **changes: Any,
) -> None:
    """Change a person as `people.change_person` does; whoever is disabled stays signed out when enabled again.

    Where there is `mail`, a new password or address is told to the address of before.
    """
    before = tx.directory.people.get(person)
    people.change_person(tx, person=person, active=active, actor=actor, now=now, **changes)
    if active is False:
        tx.execute(_DELETE_ALL, person=person)
    if mail is None or before is None:
        return
    changed: list[accounts.Changed] = []
    if changes.get("password_hash") is not None:
        changed.append("password")
    if tx.directory.people[person].email != before.email:
        changed.append("address")
    for each in changed:
        accounts.tell(tx, person=before, changed=each, settings=mail, actor=actor, now=now)


def forget(tx: Transaction, *, idle: timedelta, absolute: timedelta, now: datetime) -> None:
    """Remove sessions that have run out, failures that nobody counts any more, browsers long not seen."""
    tx.execute(_DELETE_STALE, idle=stamp(now - idle), absolute=stamp(now - absolute))
    tx.execute(_FORGET_FAILURES, before=stamp(now - FORGET_AFTER))
    tx.execute(_FORGET_BROWSERS, before=stamp(now - BROWSER_KEPT))


def _wait(tx: Transaction, key: str, now: datetime) -> int:
    row = tx.execute(_FAILURES, key=key).fetchone()
    if row is None or row[2] is None or instant(row[2]) <= now:
        return 0
    return int((instant(row[2]) - now).total_seconds()) + 1


def _until(kind: str, failures: int, now: datetime) -> str | None:
    """1, 2, 4 … minutes from the fifth failure on, never more than a quarter of an hour."""
    over = failures - FREE[kind]
    if over <= 0:
        return None
    return stamp(now + min(timedelta(minutes=2 ** min(over - 1, 10)), LONGEST_DELAY))
