"""From open notices to mails: who gets one, what several share, and who gets none and why.

Reading and writing the texts happens beside the store's writer, never in its way. Invariant: a notice is
taken over whole or not at all, and once; then it has a delivery that names its mail or says why it has none.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, bindparam, text

from notifications import content
from notifications.cause import Cause, Explained, is_late
from notifications.message import Message, check_address
from notifications.render import Rendered, render, say
from notifications.settings import MailSettings
from workflow.clock import local_day
from workflow.events import DECODER, EntryRecorded, Event, ExplanationFiled, IncidentRaised, RungFired
from workflow.record import instant, stamp
from workflow.snapshot import Snapshot, snapshot
from workflow.sql import Statement
from workflow.state import Completed, ProjectState, TakenOver, from_json
from workflow.store import Store
from workflow.transaction import Transaction

CHANNEL = "email"

QUIET = timedelta(minutes=1)
"""How long late rungs, or replies that are taken over, must have ceased to arrive for somebody before their one
mail is written: a sweep that catches up after an outage commits in many steps, and a clerk enters reply by reply."""

MOST = 20_000
"""How many open notices one pass looks at."""

MOST_NAMED = 20
"""How many of the notices that share a mail it names, the oldest; of the others it says how many there are."""

CHUNK = 50
"""How many mails are written from one view of the database."""

_LOG = logging.getLogger(__name__)

_OPEN = text(
    "SELECT notice.id, notice.event_id, notice.project_id, notice.person_id, notice.kind, notice.at,"
    " event.actor_id, event.data, event.hash FROM notice JOIN event ON event.id = notice.event_id"
    " WHERE notice.open ORDER BY notice.id LIMIT :most"
)
_RECENT = text("SELECT person_id FROM mail WHERE queued_at > :since")
_TOLD = text("SELECT event_id, person_id FROM notice WHERE event_id IN :events ORDER BY id").bindparams(
    bindparam("events", expanding=True)
)
_PROJECT = text("SELECT ref, seq, head, body FROM project WHERE id = :id")

_EXPLAINED = text(
    "SELECT actor_id, at, data FROM event WHERE project_id = :project AND id < :event AND at >= :since"
    """ AND data LIKE '{"type":"explanation.filed"%' ORDER BY id DESC"""
)

_TAKE = Statement(text("UPDATE notice SET open = :closed WHERE id = :id AND open"))
_ADD_MAIL = Statement(
    text(
        "INSERT INTO mail (person_id, project_id, name, address, subject, text, html, message_id, created_at,"
        " queued_at, state, phase, attempts, next_at, lease_no, reply) VALUES (:person_id, :project_id, :name,"
        " :address, :subject, :text, :html, :message_id, :created_at, :now, 'waiting', '', 0, :now, 0, '')"
        " RETURNING id"
    )
)
_ADD_DELIVERY = Statement(
    text(
        "INSERT INTO delivery (event_id, person_id, channel, mail_id, skipped, at)"
        " VALUES (:event_id, :person_id, :channel, :mail_id, :skipped, :at)"
    )
)


class Open(Struct, frozen=True):
    """A notice that no channel has taken yet, with its event."""

    id: int
    event_id: int
    project: int
    person: int
    kind: str
    at: datetime
    actor: int
    event: Event
    hash: str

    @property
    def is_late(self) -> bool:
        """Whether it comes of a rung that took effect long after its time."""
        return is_late(self.event, self.at)

    @property
    def cause(self) -> tuple[str, int, datetime] | int:
        """What it comes of: incidents of one kind and instant have one cause, like a clerk who is gone; so have the
        stages of one project that come to ask for something at once.
        """
        if isinstance(self.event, IncidentRaised):
            return self.event.code, 0, self.at
        return (self.kind, self.project, self.at) if self.kind == "asked" else self.id

    @property
    def is_taking_over(self) -> bool:
        """Whether it asks to check a reply taken over, or filled in: several come together, and no clock runs on them."""
        return (
            self.kind == "check"
            and isinstance(self.event, EntryRecorded)
            and isinstance(self.event.entry.what, TakenOver | Completed)
        )


class Bundle(Struct, frozen=True):
    """The notices that share one mail, and why they do."""

    notices: tuple[Open, ...]
    shared: Literal["", "outage", "checks", "incidents", "asks", "crowd"] = ""

    @property
    def first(self) -> Open:
        """The oldest."""
        return self.notices[0]


class Letter(Struct, frozen=True):
    """What becomes of a bundle: a mail, or the reason why there is none; and what went wrong on the way."""

    bundle: Bundle
    message: Message | None
    skipped: str = ""
    incident: tuple[str, str] | None = None


class Taken(Exception):
    """Another process has taken a notice of this letter; nothing of it was written."""


def expand(store: Store, *, settings: MailSettings, now: datetime, quiet: timedelta = QUIET) -> int:
    """Turn every open notice into a mail, or into a delivery that says why there is none.

    Returns how many letters were written. Notices of an outage wait until `quiet` has passed without
    another; give zero where nobody else is sweeping.
    """
    bundles = store.read(_bundles, settings=settings, now=now, quiet=quiet)
    written = 0
    for start in range(0, len(bundles), CHUNK):
        letters = store.read(_letters, bundles=bundles[start : start + CHUNK], settings=settings, now=now)
        answers = [store.submit(take_over, letter=letter, now=now) for letter in letters]
        for answer in answers:
            try:
                answer.result()
            except Taken:
                continue
            written += 1
    return written


# Which notices share a mail


def _bundles(
    connection: Connection, *, settings: MailSettings, now: datetime, quiet: timedelta
) -> list[Bundle]:
    by_person: dict[int, list[Open]] = defaultdict(list)
    for row in connection.execute(_OPEN, {"most": MOST}):
        id_, event, project, person, kind, at, actor, data, hashed = row
        by_person[person].append(
            Open(id_, event, project, person, kind, instant(at), actor, DECODER.decode(data), hashed)
        )
    if not by_person:
        return []
    since = stamp(now - timedelta(hours=1))
    recent = Counter(connection.execute(_RECENT, {"since": since}).scalars())
    found = [
        bundle
        for person, notices in by_person.items()
        for bundle in arrange(notices, settings.per_person_hour - recent[person], now=now, quiet=quiet)
    ]
    return sorted(found, key=lambda bundle: bundle.first.id)


def arrange(notices: Sequence[Open], room: int, *, now: datetime, quiet: timedelta = QUIET) -> list[Bundle]:
    """How one person's open notices become mails, at most `room` of them.

    Late rungs, all together, become one honest mail, and so do replies taken over that wait for their check, and
    whatever has one cause. What finds no room shares the last one; with no room at all it waits.
    """
    late = tuple(each for each in notices if each.is_late)
    checks = tuple(each for each in notices if each.is_taking_over)
    causes: dict[object, list[Open]] = defaultdict(list)
    for each in notices:
        if not each.is_late and not each.is_taking_over:
            causes[each.cause].append(each)
    bundles = [_of_one_cause(each) for each in causes.values()]
    if late and now - late[-1].at >= quiet:
        bundles.append(Bundle(late, "outage" if len(late) > 1 else ""))
    if checks and now - checks[-1].at >= quiet:
        bundles.append(Bundle(checks, "checks" if len(checks) > 1 else ""))
    if len(bundles) <= room:
        return bundles
    if room <= 0:
        return []
    rest = tuple(
        sorted((each for bundle in bundles[room - 1 :] for each in bundle.notices), key=lambda each: each.id)
    )
    return [*bundles[: room - 1], Bundle(rest, "crowd")]


def _of_one_cause(notices: Sequence[Open]) -> Bundle:
    if len(notices) == 1:
        return Bundle(tuple(notices))
    return Bundle(tuple(notices), "asks" if notices[0].kind == "asked" else "incidents")


# What a mail says


def _letters(
    connection: Connection, *, bundles: Sequence[Bundle], settings: MailSettings, now: datetime
) -> list[Letter]:
    view = snapshot(connection)
    reader = _Reader(connection, view, bundles)
    return [_letter(bundle, reader, settings, now) for bundle in bundles]


class _Reader:
    """Looks up, for one chunk of bundles, what causes are made of."""

    def __init__(self, connection: Connection, view: Snapshot, bundles: Iterable[Bundle]) -> None:
        self._connection = connection
        self.view = view
        self._projects: dict[int, tuple[str, int, str, ProjectState]] = {}
        self._told: dict[int, list[int]] = defaultdict(list)
        events = {each.event_id for bundle in bundles for each in bundle.notices}
        for event, person in connection.execute(_TOLD, {"events": sorted(events)}):
            self._told[event].append(person)

    def cause(self, notice: Open) -> Cause:
        """The notice with everything its mail is made from."""
        ref, seq, head, state = self._project(notice.project)
        return Cause(
            kind=notice.kind,
            person=notice.person,
            at=notice.at,
            event=notice.event,
            actor=notice.actor,
            told=tuple(self._told[notice.event_id]),
            ref=ref,
            seq=seq,
            head=head,
            state=state,
            compiled=self.view.compiled(self._connection, state.digest),
            directory=self.view.directory,
            calendar=self.view.calendar,
            explanation=self._explained(notice, state),
        )

    def _explained(self, notice: Open, state: ProjectState) -> Explained | None:
        """What was said last about the clock of that rung since it began to run there."""
        rung = notice.event
        if not isinstance(rung, RungFired) or rung.document:
            return None
        since = state.stage(rung.stage).since
        asked = {"project": notice.project, "event": notice.event_id, "since": stamp(since) if since else ""}
        for person, at, data in self._connection.execute(_EXPLAINED, asked):
            said = DECODER.decode(data)
            if isinstance(said, ExplanationFiled) and (said.stage, said.clock) == (
                rung.stage,
                rung.clock.key,
            ):
                return Explained(person, instant(at), said)
        return None

    def _project(self, project: int) -> tuple[str, int, str, ProjectState]:
        if project not in self._projects:
            ref, seq, head, body = self._connection.execute(_PROJECT, {"id": project}).one()
            self._projects[project] = (ref, seq, head, from_json(body))
        return self._projects[project]


def _letter(bundle: Bundle, reader: _Reader, settings: MailSettings, now: datetime) -> Letter:
    person = reader.view.directory.people.get(bundle.first.person)
    if person is None or not person.active:
        name = person.name if person else f"编号{bundle.first.person}"
        return Letter(
            bundle,
            None,
            "账号停用",
            ("mail-no-address", f"{name}的账号已停用，仍有通知发给此人。请转办其事项。"),
        )
    try:
        check_address(person.email)
    except ValueError:
        why = "没有邮箱" if not person.email else "邮箱地址有误"
        return Letter(
            bundle, None, why, ("mail-no-address", f"{person.name}{why}，通知只在系统内可见。请补登邮箱。")
        )
    incident = None
    try:
        written = write(bundle, [reader.cause(each) for each in bundle.notices[:MOST_NAMED]], settings, now)
    except Exception:  # noqa: BLE001 - whatever a template chokes on, the notice is never lost
        _LOG.exception("a mail could not be written", extra={"notice": bundle.first.id})
        written = render("plain", plain(settings))
        incident = (
            "mail-incomplete",
            f"给{person.name}的第{bundle.first.id}号通知未能完整生成邮件，已改发简要提示。",
        )
    message = Message(
        address=person.email,
        name=person.name,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=f"<{bundle.first.id}.{bundle.first.hash[:16]}@{settings.domain}>",
        at=bundle.notices[-1].at,
    )
    return Letter(bundle, message, incident=incident)


def write(bundle: Bundle, causes: Sequence[Cause], settings: MailSettings, now: datetime) -> Rendered:
    """The mail of a bundle, as of `now`; `causes` are those of its notices that it names."""
    today = local_day(now)
    described = [content.describe(cause, base_url=settings.base_url, today=today) for cause in causes]
    if not bundle.shared:
        return render(causes[0].kind, described[0])
    items = [_item(cause.kind, each) for cause, each in zip(causes, described, strict=True)]
    checks = dict.fromkeys(f"{each['project']} {each['checks'][0]}" for each in described)
    together = {"number": len(bundle.notices), "items": items, "checks": list(checks)}
    together["project"] = described[0]["project"]
    paths = {"checks": content.CHECKS_PATH, "asks": f"/projects/{causes[0].ref}"}
    return render(
        bundle.shared, {**plain(settings, paths.get(bundle.shared, content.NOTICES_PATH)), **together}
    )


def _item(kind: str, described: dict[str, Any]) -> dict[str, str]:
    """One of several: its subject and, of an entry to check, what was entered instead of how to check it."""
    said = say(kind, described)
    return {"subject": said.subject, "lead": described["entered"] or said.lead}


def plain(settings: MailSettings, path: str = content.NOTICES_PATH) -> dict[str, Any]:
    """What a mail that is about no one project says."""
    nothing: dict[str, Any] = dict.fromkeys(("moved", "delayed", "told"), "")
    nothing |= {name: [] for name in ("rows", "fixes", "papers", "items", "checks")}
    return {**nothing, "link": settings.base_url.rstrip("/") + path}


# Taking notices over


def take_over(tx: Transaction, *, letter: Letter, now: datetime) -> None:
    """Write a letter's mail and deliveries, and close its notices; `Taken` if one is no longer open."""
    for notice in letter.bundle.notices:
        if tx.execute(_TAKE, id=notice.id, closed=False).rowcount != 1:
            raise Taken(notice.id)
    mail = _add_mail(tx, letter, now)
    for notice in letter.bundle.notices:
        tx.execute(
            _ADD_DELIVERY,
            event_id=notice.event_id,
            person_id=notice.person,
            channel=CHANNEL,
            mail_id=mail,
            skipped=letter.skipped,
            at=stamp(now),
        )
    if letter.incident is not None:
        code, words = letter.incident
        about = letter.bundle.first.project if letter.message else 0  # no address is no matter of one project
        tx.raise_incident(code=code, text_=words, project=about, at=now)


def _add_mail(tx: Transaction, letter: Letter, now: datetime) -> int | None:
    if letter.message is None:
        return None
    first, shared = letter.bundle.first, letter.bundle.shared
    return queue(tx, letter.message, person=first.person, project=0 if shared else first.project, now=now)


def queue(tx: Transaction, message: Message, *, person: int, now: datetime, project: int = 0) -> int:
    """Put a mail to that person, about that project or none, among those on their way; its number."""
    row = tx.execute(
        _ADD_MAIL,
        person_id=person,
        project_id=project,
        name=message.name,
        address=message.address,
        subject=message.subject,
        text=message.text,
        html=message.html,
        message_id=message.message_id,
        created_at=stamp(message.at),
        now=stamp(now),
    ).fetchone()
    return int(row[0])
