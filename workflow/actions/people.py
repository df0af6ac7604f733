"""Organisations, people, posts and delegations: who may be asked to do what."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text

from workflow import rules
from workflow.actions.casework import check_administrator, refuse
from workflow.administration import (
    DelegationEnded,
    DelegationGiven,
    OrganisationAdded,
    PersonAdded,
    PersonChanged,
    PostGranted,
    PostRevoked,
)
from workflow.clock import local_day
from workflow.definition import POSTS
from workflow.errors import Reason, reason
from workflow.sql import Statement
from workflow.transaction import Transaction

_ADD_ORGANISATION = Statement(
    text(
        "INSERT INTO organisation (parent_id, name, region, path, active)"
        " VALUES (:parent, :name, :region, '', :active) RETURNING id"
    )
)
_SET_PATH = Statement(text("UPDATE organisation SET path = :path WHERE id = :id"))
_ADD_PERSON = Statement(
    text(
        "INSERT INTO person (staff_number, name, email, password_hash, active)"
        " VALUES (:staff_number, :name, :email, :password_hash, :active) RETURNING id"
    )
)
_STAFF_NUMBER = Statement(text("SELECT id FROM person WHERE staff_number = :staff_number"))
_SET_PASSWORD = Statement(text("UPDATE person SET password_hash = :password_hash WHERE id = :id"))
_SET_EMAIL = Statement(text("UPDATE person SET email = :email WHERE id = :id"))
_SET_ACTIVE = Statement(text("UPDATE person SET active = :active WHERE id = :id"))
_GRANT = Statement(
    text(
        "INSERT INTO post (organisation_id, person_id, key, title) VALUES (:organisation, :person, :key, :title)"
    )
)
_REVOKE = Statement(
    text("DELETE FROM post WHERE organisation_id = :organisation AND person_id = :person AND key = :key")
)
_DELEGATE = Statement(
    text(
        "INSERT INTO delegation (from_id, to_id, starts_on, ends_on, reason, ended)"
        " VALUES (:principal, :agent, :starts_on, :ends_on, :reason, :ended)"
    )
)
_END_DELEGATION = Statement(
    text("UPDATE delegation SET ended = :ended WHERE from_id = :principal AND to_id = :agent AND NOT ended")
)


def add_organisation(
    tx: Transaction, *, name: str, parent: int, actor: int, now: datetime, region: str = ""
) -> int:
    """Enter a bureau, section or subordinate unit below `parent` (0: a root). Returns its id."""
    check_administrator(tx, actor)
    reasons = rules.check_text(name, "name", "单位名称", required=True, longest=60, one_line=True)
    if parent and parent not in tx.directory.organisations:
        reasons.append(reason("organisation-not-found", "parent"))
    refuse(reasons)

    above = tx.directory.organisations[parent].path if parent else "/"
    row = tx.execute(
        _ADD_ORGANISATION, parent=parent or None, name=name.strip(), region=region, active=True
    ).fetchone()
    tx.execute(_SET_PATH, id=row[0], path=f"{above}{row[0]}/")
    tx.administer(OrganisationAdded(row[0], name.strip(), parent, region), actor=actor, at=now)
    return int(row[0])


def add_person(
    tx: Transaction,
    *,
    name: str,
    staff_number: str,
    actor: int,
    now: datetime,
    email: str = "",
    password_hash: str = "",
) -> int:
    """Enter a person, once. Returns the id. Refused if the staff number is taken."""
    check_administrator(tx, actor)
    reasons = [
        *rules.check_text(name, "name", "姓名", required=True, longest=30, one_line=True),
        *rules.check_text(staff_number, "staff_number", "工号", required=True, longest=30),
        *check_email(email),
    ]
    if tx.execute(_STAFF_NUMBER, staff_number=staff_number.strip()).fetchone():
        reasons.append(reason("staff-number-taken", "staff_number", number=staff_number.strip()))
    refuse(reasons)

    row = tx.execute(
        _ADD_PERSON,
        staff_number=staff_number.strip(),
        name=name.strip(),
        email=email.strip(),
        password_hash=password_hash,
        active=True,
    ).fetchone()
    tx.administer(PersonAdded(row[0], name.strip(), staff_number.strip()), actor=actor, at=now)
    return int(row[0])


def change_person(
    tx: Transaction,
    *,
    person: int,
    actor: int,
    now: datetime,
    email: str | None = None,
    password_hash: str | None = None,
    active: bool | None = None,
) -> None:
    """Change a person's address or password, or disable and enable the account.

    Everybody may change their own password; the rest is the administrator's, and nobody disables himself.
    """
    if person not in tx.directory.people:
        refuse([reason("person-not-found", "person")])
    if actor != person or email is not None or active is not None:
        check_administrator(tx, actor)
    if active is False and actor == person:
        refuse([reason("cannot-disable-self", "active")])
    refuse(check_email(email or ""))

    if email is not None:
        tx.execute(_SET_EMAIL, id=person, email=email.strip())
        tx.administer(PersonChanged(person, "email"), actor=actor, at=now)
    if password_hash is not None:
        tx.execute(_SET_PASSWORD, id=person, password_hash=password_hash)
        tx.administer(PersonChanged(person, "password"), actor=actor, at=now)
    if active is not None:
        tx.execute(_SET_ACTIVE, id=person, active=active)
        tx.administer(PersonChanged(person, "enabled" if active else "disabled"), actor=actor, at=now)


def grant_post(
    tx: Transaction, *, person: int, organisation: int, key: str, actor: int, now: datetime, title: str = ""
) -> None:
    """Let a person take a post in an organisation; `title` is what it is called there."""
    check_administrator(tx, actor)
    reasons = []
    if not tx.directory.is_active(person):
        reasons.append(reason("person-not-found", "person"))
    if organisation not in tx.directory.organisations:
        reasons.append(reason("organisation-not-found", "organisation"))
    if key not in POSTS:
        reasons.append(reason("post-unknown", "key", key=key))
    if person == actor:
        reasons.append(reason("own-grant", "person"))
    held_keys = {held.key for held in tx.directory.posts_of(person)} | {key}
    if "administrator" in held_keys and held_keys & {*rules.SUPERVISORS}:
        reasons.append(reason("administrator-decides", "key"))
    if any(held.organisation == organisation and held.key == key for held in tx.directory.posts_of(person)):
        reasons.append(reason("post-held-already", "key"))
    refuse(reasons)

    tx.execute(_GRANT, organisation=organisation, person=person, key=key, title=title or POSTS[key])
    tx.administer(PostGranted(person, organisation, key, title or POSTS[key]), actor=actor, at=now)


def revoke_post(
    tx: Transaction, *, person: int, organisation: int, key: str, actor: int, now: datetime
) -> None:
    """Take a post from a person. What waits for them can be handed over by a supervisor."""
    check_administrator(tx, actor)
    if tx.execute(_REVOKE, organisation=organisation, person=person, key=key).rowcount != 1:
        refuse([reason("post-not-held", "key")])
    tx.administer(PostRevoked(person, organisation, key), actor=actor, at=now)


def delegate(
    tx: Transaction,
    *,
    principal: int,
    agent: int,
    starts_on: date,
    ends_on: date,
    reason_given: str,
    actor: int,
    now: datetime,
) -> None:
    """Let `agent` act for `principal` from one day to another, on pending work too; always shown as “代”.

    By the principal or an administrator. Depth one: who acts for others cannot pass it on.
    """
    if actor != principal:
        check_administrator(tx, actor)
    day = local_day(now)
    reasons = rules.check_text(reason_given, "reason", "委托原因", required=True)
    if agent == actor != principal:
        reasons.append(reason("own-grant", "agent"))
    if principal == agent:
        reasons.append(reason("delegation-to-self", "agent"))
    if not tx.directory.is_active(agent):
        reasons.append(reason("person-not-found", "agent"))
    if ends_on < starts_on or ends_on < day:
        reasons.append(reason("delegation-dates", "ends_on"))
    if (ends_on - starts_on).days > 366:
        reasons.append(reason("delegation-too-long", "ends_on"))
    refuse(reasons)

    tx.execute(
        _DELEGATE,
        principal=principal,
        agent=agent,
        starts_on=starts_on.isoformat(),
        ends_on=ends_on.isoformat(),
        reason=reason_given.strip(),
        ended=False,
    )
    event = DelegationGiven(principal, agent, starts_on, ends_on, reason_given.strip())
    tx.administer(event, actor=actor, at=now)


def end_delegation(tx: Transaction, *, principal: int, agent: int, actor: int, now: datetime) -> None:
    """End a delegation before its day."""
    if actor != principal:
        check_administrator(tx, actor)
    if tx.execute(_END_DELEGATION, principal=principal, agent=agent, ended=True).rowcount == 0:
        refuse([reason("delegation-not-found", "agent")])
    tx.administer(DelegationEnded(principal, agent), actor=actor, at=now)


def check_email(address: str) -> list[Reason]:
    """Whether the address is one plain mailbox; an empty one is allowed: that person gets no mail."""
    address = address.strip()
    local, at, domain = address.partition("@")
    fine = at and local and domain and "@" not in domain and len(address) <= 254
    if address and (
        not fine or any(character.isspace() or ord(character) < 33 for character in address) or "," in address
    ):
        return [reason("email-malformed", "email")]
    return []
