"""A province's worth of projects: the demo's six stories played in many bureaus, then copied within each.

Every copy is a chain of its own, hashed under its own number, and its rows are those of its story, so
`shenpi doctor` finds nothing to complain of. Only titles and references differ between copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import Row

from api import demo
from workflow import rules
from workflow.actions import clocks, people
from workflow.clock import NINE, SHANGHAI
from workflow.events import DECODER, ENCODER, ProjectRegistered
from workflow.files import Files
from workflow.models import EventRow, Notice, PaperRow, Project, StageRow, Task
from workflow.people import SYSTEM
from workflow.record import START, chain
from workflow.sql import table
from workflow.state import from_json, to_json
from workflow.store import Store

PROJECT, EVENT, NOTICE = table(Project), table(EventRow), table(Notice)
ROWS = (table(StageRow), table(Task), table(PaperRow))

FIRST = 0
"""The bureau whose people sign in by their plain names."""


class Bureau(demo.Rehearsal):
    """One district and one county of the city, with people of their own, telling the demo's stories."""

    number = FIRST

    def found(self) -> None:
        """Its own organisations below the one city."""
        before = self._before()
        for key, (name, parent, region) in demo.ORGANISATIONS.items():
            if key not in self.organisations:
                self.organisations[key] = self.store.act(
                    people.add_organisation, name=self._own(name), region=region,
                    parent=self.organisations.get(parent, 0), actor=SYSTEM, now=before,
                )  # fmt: skip

    def enter_people(self, password_hash: str) -> None:
        """Its own people; those of the city are there already."""
        before = self._before()
        for staff_number, (name, posts) in demo.PEOPLE.items():
            if staff_number in self.people:
                continue
            person = self.people[staff_number] = self.store.act(
                people.add_person, name=name, staff_number=f"{staff_number}{self.number or ''}",
                password_hash=password_hash, actor=SYSTEM, now=before,
            )  # fmt: skip
            for organisation, key, title in posts:
                self.store.act(
                    people.grant_post, person=person, organisation=self.organisations[organisation],
                    key=key, title=title, actor=SYSTEM, now=before,
                )  # fmt: skip

    def register(self, name: str, offset: int, project_type: str, **details: Any) -> None:
        """A project of this bureau, with a code of its own."""
        if "code" in details:
            details["code"] = _code(details["code"], self.number)
        super().register(name, offset, project_type, **details)

    def _own(self, name: str) -> str:
        return f"{name}（{self.number}）" if self.number else name

    def _before(self) -> datetime:
        return datetime.combine(self.day(-60), NINE, SHANGHAI).astimezone(UTC)

    def _after_sweep_days(self) -> None:
        """No mornings: the clock catches up at the end, once for all bureaus."""


def _code(code: str, number: int) -> str:
    """Another valid project code of the same region and kind; `number` 0 leaves it as it is."""
    serial = (int(code[-6:-1]) + number) % 100000
    begun = f"{code[:-6]}{serial:05d}"
    return begun + rules.check_digit(f"{begun}0")


def build(
    store: Store, files: Files, *, now: datetime, projects: int, bureaus: int = 40, password_hash: str = ""
) -> dict[str, int]:
    """Fill a fresh store; returns the people of the first bureau by their staff numbers."""
    numbers = count(1)
    city = {"city"}
    shared_people = {name for name, (_, posts) in demo.PEOPLE.items() if {post[0] for post in posts} <= city}
    first: Bureau | None = None
    for number in range(min(bureaus, max(1, projects // 6))):
        play = Bureau(
            store, files, now=now - timedelta(days=number % 6), after_sweep=lambda _: None,
            new_ref=lambda: f"p{next(numbers)}",
        )  # fmt: skip
        play.number = number
        if first is None:
            demo.Rehearsal.found(play)
            first = play
        else:
            play.organisations = {"city": first.organisations["city"]}
            play.people = {name: first.people[name] for name in shared_people}
            play.digests = first.digests
            play.found()
        play.enter_people(password_hash)
        demo.tell(play)
    while store.act(clocks.sweep, actor=SYSTEM, now=now):
        pass
    with store.engine.begin() as connection:
        _multiply(connection, projects, lambda: f"p{next(numbers)}")
    assert first is not None
    return first.people


def _multiply(connection: Connection, wanted: int, new_ref: Callable[[], str]) -> None:
    """Copy the stories in turn until there are as many projects as wanted."""
    stories = [_Story(connection, row) for row in connection.execute(select(PROJECT).order_by(PROJECT.c.id))]
    next_project = stories[-1].project.id + 1
    events = count((connection.execute(text("SELECT MAX(id) FROM event")).scalar() or 0) + 1)
    batch: dict[Any, list[dict[str, Any]]] = {
        PROJECT: [],
        EVENT: [],
        NOTICE: [],
        **{each: [] for each in ROWS},
    }
    for number in range(wanted - len(stories)):
        for target, rows in stories[number % len(stories)].copy(
            next_project + number, new_ref(), number, events
        ):
            batch[target] += rows
        if len(batch[PROJECT]) == 500:
            _write(connection, batch)
    _write(connection, batch)
    if connection.dialect.name == "postgresql":
        for name in ("project", "event"):
            connection.execute(text(f"SELECT setval('{name}_id_seq', (SELECT MAX(id) FROM {name}))"))


def _write(connection: Connection, batch: dict[Any, list[dict[str, Any]]]) -> None:
    for target, rows in batch.items():
        if rows:
            connection.execute(insert(target), rows)
            rows.clear()


class _Story:
    """One project as it was played, with all that belongs to it."""

    def __init__(self, connection: Connection, project: Row[Any]) -> None:
        self.project = project
        self.state = from_json(project.body)
        own = EVENT.c.project_id == project.id
        self.events = list(connection.execute(select(EVENT).where(own).order_by(EVENT.c.seq)))
        self.notices = list(connection.execute(select(NOTICE).where(NOTICE.c.project_id == project.id)))
        self.rows = {
            each: list(connection.execute(select(each).where(each.c.project_id == project.id)).mappings())
            for each in ROWS
        }

    def copy(
        self, project: int, ref: str, number: int, event_ids: Iterator[int]
    ) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
        """The rows of one more project like it."""
        title = f"{self.project.title}第{number + 1}号"
        code = self.project.code and _code(self.project.code, 1000 + number)
        events, ids, head = [], {}, START
        for row in self.events:
            data = self._registration(row.data, title, code) if row.seq == 1 else row.data
            head = chain(head, project, row.seq, row.at, row.actor_id, data)
            ids[row.id] = next(event_ids)
            events.append(
                {**row._mapping, "id": ids[row.id], "project_id": project, "data": data, "hash": head}
            )
        body = to_json(msgspec.structs.replace(self.state, title=title, code=code))
        head_row = {
            **self.project._mapping,
            "id": project,
            "ref": ref,
            "title": title,
            "code": code,
            "head": head,
            "body": body,
        }
        yield PROJECT, [head_row]
        yield EVENT, events
        for target, rows in self.rows.items():
            yield target, [{**row, "project_id": project} for row in rows]
        notices = [dict(row._mapping) for row in self.notices]
        for notice in notices:
            del notice["id"]
            notice.update(project_id=project, event_id=ids[notice["event_id"]], open=False)
        yield NOTICE, notices

    def _registration(self, data: str, title: str, code: str) -> str:
        event = DECODER.decode(data)
        assert isinstance(event, ProjectRegistered)
        return ENCODER.encode(msgspec.structs.replace(event, title=title, code=code)).decode()
