"""Organisations, people, posts and delegations: who may be asked to do what."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import text

from workflow import rules
from workflow.actions.casework import Casework, check_administrator, refuse
from workflow.administration import (
    DelegationEnded,
    DelegationGiven,
    OrganisationAdded,
    OrganisationChanged,
    PersonAdded,
    PersonChanged,
    PostGranted,
    PostRevoked,
)
from workflow.clock import local_day
from workflow.definition import POSTS
from workflow.errors import Reason, reason
from workflow.people import SYSTEM, Directory, OrganisationView
from workflow.projection import CHECK
from workflow.sql import Statement
from workflow.transaction import Transaction

_REGION = re.compile(r"[0-9]{6}", re.ASCII)

_ADD_ORGANISATION = Statement(
    text(
        "INSERT INTO organisation (parent_id, name, region, path, active)"
        " VALUES (:parent, :name, :region, '', :active) RETURNING id"
    )
)
_SET_PATH = Statement(text("UPDATE organisation SET path = :path WHERE id = :id"))
_RENAME_ORGANISATION = Statement(text("UPDATE organisation SET name = :name WHERE id = :id"))
_SET_REGION = Statement(text("UPDATE organisation SET region = :region WHERE id = :id"))
_SET_ORGANISATION_ACTIVE = Statement(text("UPDATE organisation SET active = :active WHERE id = :id"))
_OPEN_PROJECTS = Statement(
    text(
        "SELECT count(*) FROM project WHERE organisation_id = :id AND state NOT IN ('archived', 'terminated')"
    )
)
_ADD_PERSON = Statement(
    text(
        "INSERT INTO person (staff_number, name, email, password_hash, active)"
        " VALUES (:staff_number, :name, :email, :password_hash, :active) RETURNING id"
    )
)
_STAFF_NUMBERS = Statement(text("SELECT staff_number FROM person"))
_SET = {
    column: Statement(text(f"UPDATE person SET {column} = :value WHERE id = :id"))  # noqa: S608 - our own columns
    for column in ("name", "email", "password_hash", "active")
}
_GIVE_PASSWORD = Statement(
    text("INSERT INTO given_password (person_id) VALUES (:id) ON CONFLICT (person_id) DO NOTHING")
)
_OWN_PASSWORD = Statement(text("DELETE FROM given_password WHERE person_id = :id"))
_IN_HAND = Statement(
    text("SELECT project_id, stage, what FROM task WHERE person_id = :id ORDER BY project_id, stage, what")
)
_WITHOUT_CLOCK = Statement(
    text(
        "SELECT id FROM project WHERE clerk_id = :id AND state NOT IN ('archived', 'terminated')"
        " AND own_due_on IS NULL AND outside_due_on IS NULL ORDER BY id"
    )
)
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
    reasons = check_unit_name(name)
    reasons += _check_organisation(tx, parent, "parent") if parent else []
    refuse([*reasons, *check_region(region)])

    above = tx.directory.organisations[parent].path if parent else "/"
    row = tx.execute(
        _ADD_ORGANISATION, parent=parent or None, name=name.strip(), region=region, active=True
    ).fetchone()
    tx.execute(_SET_PATH, id=row[0], path=f"{above}{row[0]}/")
    tx.administer(OrganisationAdded(row[0], name.strip(), parent, region), actor=actor, at=now)
    return int(row[0])


def change_organisation(
    tx: Transaction,
    *,
    organisation: int,
    actor: int,
    now: datetime,
    name: str | None = None,
    region: str | None = None,
    active: bool | None = None,
) -> None:
    """Rename a unit, correct its region, disable and enable it. Not disabled while anything depends on it."""
    check_administrator(tx, actor)
    found = tx.directory.organisations.get(organisation)
    if found is None:
        refuse([reason("organisation-not-found", "organisation")])
        return
    reasons = check_region(region or "")
    if name is not None:
        reasons += check_unit_name(name)
    refuse(reasons)
    if active is False:
        refuse(_dependents(tx, found))

    if name is not None and name.strip() != found.name:
        tx.execute(_RENAME_ORGANISATION, id=organisation, name=name.strip())
        event = OrganisationChanged(organisation, "renamed", name.strip())
        tx.administer(event, actor=actor, at=now)
    if region is not None and region != found.region:
        tx.execute(_SET_REGION, id=organisation, region=region)
        event = OrganisationChanged(organisation, "region", region=region)
        tx.administer(event, actor=actor, at=now)
    if active is not None and active != found.active:
        tx.execute(_SET_ORGANISATION_ACTIVE, id=organisation, active=active)
        event = OrganisationChanged(organisation, "enabled" if active else "disabled")
        tx.administer(event, actor=actor, at=now)


def _dependents(tx: Transaction, unit: OrganisationView) -> list[Reason]:
    """Every reason why the unit cannot be disabled: what would hang in the air."""
    directory, reasons = tx.directory, []
    units = [each.name for each in directory.organisations.values() if each.parent == unit.id and each.active]
    if units:
        reasons.append(reason("organisation-has-units", name=unit.name, units="、".join(units)))
    people = dict.fromkeys(
        directory.name(held.person)
        for held in directory.posts
        if held.organisation == unit.id and directory.is_active(held.person)
    )
    if people:
        reasons.append(reason("organisation-has-posts", name=unit.name, people="、".join(people)))
    (count,) = tx.execute(_OPEN_PROJECTS, id=unit.id).fetchone()
    if count:
        reasons.append(reason("organisation-has-projects", name=unit.name, count=count))
    return reasons


def _check_organisation(tx: Transaction, organisation: int, place: str) -> list[Reason]:
    """Whether the unit is there and in use."""
    found = tx.directory.organisations.get(organisation)
    if found is None:
        return [reason("organisation-not-found", place)]
    return [] if found.active else [reason("organisation-disabled", place, name=found.name)]


def add_person(
    tx: Transaction,
    *,
    name: str,
    staff_number: str,
    actor: int,
    now: datetime,
    email: str = "",
    password_hash: str = "",
    drawn: bool = False,
) -> int:
    """Enter a person, once. Returns the id. Refused if the staff number is taken, also if written otherwise.

    A password that an administrator has set, or that was `drawn` by lot, has to be changed at the first sign-in.
    """
    check_administrator(tx, actor)
    reasons = [
        *check_person_name(name),
        *check_staff_number(staff_number),
        *check_email(email),
    ]
    if any(_alike(each, staff_number) for (each,) in tx.execute(_STAFF_NUMBERS).fetchall()):
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
    if password_hash and (drawn or actor != SYSTEM):
        tx.execute(_GIVE_PASSWORD, id=row[0])
    tx.administer(PersonAdded(row[0], name.strip(), staff_number.strip()), actor=actor, at=now)
    return int(row[0])


def _alike(one: str, other: str) -> bool:
    """Whether two staff numbers are the same but for their case and width: two accounts would be two persons."""
    return (
        unicodedata.normalize("NFKC", one).casefold()
        == unicodedata.normalize("NFKC", other.strip()).casefold()
    )


def change_person(
    tx: Transaction,
    *,
    person: int,
    actor: int,
    now: datetime,
    name: str | None = None,
    email: str | None = None,
    password_hash: str | None = None,
    active: bool | None = None,
) -> None:
    """Change a person's name, address or password, or disable and enable the account.

    Everybody may change their own password; the rest is the administrator's, and nobody disables himself.
    A password that somebody else has set has to be changed at the next sign-in. What a disabled person alone
    had in hand goes to whoever else holds the post, or becomes an incident.
    """
    if person not in tx.directory.people:
        refuse([reason("person-not-found", "person")])
    if actor != person or any(each is not None for each in (name, email, active)):
        check_administrator(tx, actor)
    refuse(_check_change(person, actor, name, email, active))

    given = {"name": name, "email": email, "password_hash": password_hash, "active": active}
    for column, typed in given.items():
        value = typed.strip() if isinstance(typed, str) else typed
        if value is not None and value != getattr(tx.directory.people[person], column, None):
            tx.execute(_SET[column], id=person, value=value)
            tx.administer(_changed(person, column, value), actor=actor, at=now)
    if password_hash is not None and actor != SYSTEM:
        tx.execute(_OWN_PASSWORD if actor == person else _GIVE_PASSWORD, id=person)
    if active is False:
        _hand_on(tx, person, actor, now)


def _check_change(
    person: int,
    actor: int,
    name: str | None,
    email: str | None,
    active: bool | None,  # noqa: FBT001 - as typed
) -> list[Reason]:
    """Every reason not to make these changes."""
    reasons = check_email(email or "")
    if name is not None:
        reasons += check_person_name(name)
    if active is False and actor == person:
        reasons.append(reason("cannot-disable-self", "active"))
    return reasons


def _hand_on(tx: Transaction, person: int, actor: int, now: datetime) -> None:
    """Offer what only that person had in hand to whoever else may do it, and miss them where they were to enter replies."""
    for project, stage, what in tx.execute(_IN_HAND, id=person).fetchall():
        work = Casework(tx, tx.project_by_id(project), actor=actor, now=now)
        if what.startswith(CHECK):
            work.relieve_checkers(work.project.state.entries[what.removeprefix(CHECK)])
        else:
            work.relieve(stage)
    for (project,) in tx.execute(_WITHOUT_CLOCK, id=person).fetchall():
        Casework(tx, tx.project_by_id(project), actor=actor, now=now).relieve_taking_over()


def _changed(person: int, column: str, value: str | bool) -> PersonChanged:  # noqa: FBT001 - the column's value
    """What the record says of a change; never an address or a password."""
    match column:
        case "name":
            return PersonChanged(person, "name", str(value))
        case "active":
            return PersonChanged(person, "enabled" if value else "disabled")
        case _:
            return PersonChanged(person, column.removesuffix("_hash"))


def grant_post(
    tx: Transaction, *, person: int, organisation: int, key: str, actor: int, now: datetime, title: str = ""
) -> None:
    """Let a person take a post in an organisation; `title` is what it is called there."""
    check_administrator(tx, actor)
    reasons = rules.check_text(title, "title", "职务", longest=60, one_line=True)
    if not tx.directory.is_active(person):
        reasons.append(reason("person-not-found", "person"))
    reasons += _check_organisation(tx, organisation, "organisation")
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
    """Take a post from a person. What they alone had in hand and no longer see goes to whoever else holds the post,
    or becomes an incident.
    """
    check_administrator(tx, actor)
    directory = tx.directory
    others = (held.person for held in directory.posts if held.key == key and held.person != person)
    if key == "administrator" and actor and not any(directory.is_active(each) for each in others):
        refuse([reason("last-administrator", "key", name=directory.name(person))])
    if tx.execute(_REVOKE, organisation=organisation, person=person, key=key).rowcount != 1:
        refuse([reason("post-not-held", "key")])
    tx.administer(PostRevoked(person, organisation, key), actor=actor, at=now)
    _hand_on(tx, person, actor, now)


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
    """Let `agent` act for `principal` from one day to another, on pending work too; what they submit
    and decide is shown as “代”.

    By the principal or an administrator. Depth one: who acts for others cannot pass it on; and no administrator
    acts for anybody.
    """
    if actor != principal:
        check_administrator(tx, actor)
    day = local_day(now)
    reasons = rules.check_text(reason_given, "reason", "委托原因", required=True)
    reasons += _may_act_for(tx.directory, principal, agent, actor)
    if ends_on < starts_on or ends_on < day:
        reasons.append(reason("delegation-dates", "ends_on"))
    if (ends_on - starts_on).days > 366:
        reasons.append(reason("delegation-too-long", "ends_on"))
    reasons += _delegated_already(tx.directory, principal, agent, max(starts_on, day), ends_on)
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


def _may_act_for(directory: Directory, principal: int, agent: int, actor: int) -> Iterator[Reason]:
    if agent == actor != principal:
        yield reason("own-grant", "agent")
    if directory.is_administrator(agent):
        yield reason("administrator-decides", "agent")
    if principal == agent:
        yield reason("delegation-to-self", "agent")
    for place, person in (("principal", principal), ("agent", agent)):
        if not directory.is_active(person):
            yield reason("person-not-found", place)


def _delegated_already(
    directory: Directory, principal: int, agent: int, starts_on: date, ends_on: date
) -> list[Reason]:
    """A delegation that would add no day to one already given."""
    for each in directory.delegations:
        same = (each.principal, each.agent) == (principal, agent)
        if same and each.starts_on <= starts_on <= ends_on <= each.ends_on:
            days = {"starts_on": each.starts_on, "ends_on": each.ends_on}
            return [reason("delegation-given", "agent", name=directory.name(agent), **days)]
    return []


def end_delegation(tx: Transaction, *, principal: int, agent: int, actor: int, now: datetime) -> None:
    """End a delegation before its day."""
    if actor != principal:
        check_administrator(tx, actor)
    if tx.execute(_END_DELEGATION, principal=principal, agent=agent, ended=True).rowcount == 0:
        refuse([reason("delegation-not-found", "agent")])
    tx.administer(DelegationEnded(principal, agent), actor=actor, at=now)


def check_unit_name(name: str) -> list[Reason]:
    """Whether a unit may be called so."""
    return rules.check_text(name, "name", "单位名称", required=True, longest=60, one_line=True)


def check_region(region: str) -> list[Reason]:
    """Whether it is a region's code, or none."""
    malformed = bool(region) and not _REGION.fullmatch(region)
    return [reason("region-malformed", "region", region=region)] if malformed else []


def check_person_name(name: str) -> list[Reason]:
    """Whether a person may be called so."""
    return rules.check_text(name, "name", "姓名", required=True, longest=30, one_line=True)


def check_staff_number(number: str) -> list[Reason]:
    """Whether it may be a staff number."""
    return rules.check_text(number, "staff_number", "工号", required=True, longest=30, one_line=True)


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
