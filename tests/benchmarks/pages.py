"""How long the server takes for each page, for each kind of person. Run: python -m tests.benchmarks.pages --projects 10000

Requests go through the whole application, but over no network: what is timed is from the request's first
byte to the answer's last. The floor is a page that asks the database for nothing but who is signed in.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import FastAPI
from sqlalchemy import text

import notifications.models  # noqa: F401 - as above
from api import sessions
from api.commands.serve import settle
from api.main import create_app
from api.settings import NO_LIMITS, make
from tests.benchmarks import crowd
from workflow import queries
from workflow.files import Files
from workflow.store import Store

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = NOW.date()
GOAL = 50.0
"""Milliseconds within which 95 of 100 requests for any page should be answered."""

FLOOR = "/help"
PEOPLE = {
    "wuhaitao": "经办",
    "liguodong": "科长",
    "chenwenjuan": "分管",
    "zhoujianping": "局长",
    "jianghui": "督查",
    "admin": "管理员",
}
LISTS = (
    "/", "/projects?all=1", "/projects?sort=due", "/projects?light=own-red&sort=due", "/projects?text=骨灰堂",
    "/projects?phase=规划立项&type=columbarium", "/warnings", "/warnings?light=own-red", "/warnings?light=validity", "/board", "/notices",
    "/delegations", "/types", "/types/welfare-complex", "/projects/new?type=columbarium",
    "/projects/import", "/checks", "/phrases",
)  # fmt: skip
RECORD = ("/audit", "/audit?kind=StepDecided", "/audit?text=骨灰堂", "/audit/verification")
OWN = {
    "jianghui": RECORD,
    "admin": (
        *RECORD, "/admin", "/admin/health", "/admin/people", "/admin/people?text=11", "/admin/people/new", "/admin/units",
        "/admin/calendar", "/admin/types", "/admin/incidents", "/admin/mail", "/admin/delegations",
    ),
}  # fmt: skip
"""Pages that are for some only."""


class Measured(NamedTuple):
    """One page as one person sees it: times in milliseconds, and the size of the answer.

    `busy` is what this process computed meanwhile: on a machine that others use too, that is what counts.
    """

    who: str
    page: str
    times: list[float]
    busy: list[float]
    size: int

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.95)]

    @property
    def p95_busy(self) -> float:
        return sorted(self.busy)[int(len(self.busy) * 0.95)]


class Browser:
    """Somebody signed in, asking the application directly."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self.app = app
        self.cookie = f"sid={token}".encode()

    async def get(self, address: str) -> tuple[int, int, float, float]:
        """Status, bytes, milliseconds and milliseconds of processor time of one answer."""
        path, _, query = quote(address, safe="/?&=").partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "root_path": "", "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 80),
            "headers": [(b"host", b"127.0.0.1"), (b"accept", b"text/html"), (b"cookie", self.cookie)],
        }  # fmt: skip
        status, size = 0, 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))

        began, before = time.perf_counter(), time.process_time()
        await self.app(scope, receive, send)
        return status, size, (time.perf_counter() - began) * 1000, (time.process_time() - before) * 1000


def sign_in(store: Store, person: int) -> str:
    """A session without its password: hashing one would be all that is timed."""
    token = f"token-{person}"
    kept = store.read(
        lambda connection: connection.execute(
            text("SELECT password_hash FROM person WHERE id = :id"), {"id": person}
        ).scalar()
    )
    store.act(
        sessions.open_session, session=sessions.digest_of(token), person=person, password_hash=kept,
        attempt=sessions.Attempt((), token), replaces=sessions.digest_of(token), place=sessions.Place("", ""),
        now=NOW,
    )  # fmt: skip
    return token


def pages_of(store: Store, person: int) -> Iterator[str]:
    """The pages of the most urgent project in this person's list, and of its most urgent stage."""
    listed = store.read(queries.projects, person=person, day=DAY, sort="due")
    if not listed.items:
        return
    project = store.read(queries.project, ref=listed.items[0].ref, person=person, day=DAY)
    stage = project.balls[0].stage
    yield from (
        f"/projects/{project.ref}",
        f"/projects/{project.ref}/record",
        f"/projects/{project.ref}/papers",
    )
    yield f"/projects/{project.ref}/graph"
    yield from (f"/projects/{project.ref}/stages/{stage}", f"/projects/{project.ref}/stages/{stage}/sheet")
    page = store.read(queries.projects, person=person, day=DAY, sort="due", filters=queries.Filters())
    if page.after:
        yield f"/projects?sort=due&before={page.after}&due={page.after_due}"


async def measure(app: FastAPI, people: dict[str, int], requests: int) -> list[Measured]:
    """Every page for every kind of person, each `requests` times after two that warm up."""
    found = []
    async with app.router.lifespan_context(app):
        store: Store = app.state.door.store
        for name, kind in PEOPLE.items():
            browser = Browser(app, sign_in(store, people[name]))
            for page in (FLOOR, *LISTS, *OWN.get(name, ()), *pages_of(store, people[name])):
                first, size, *_ = await browser.get(page)
                if first != 200:
                    print(f"{kind} {page}: {first}")
                    continue
                await browser.get(page)
                answers = [await browser.get(page) for _ in range(requests)]
                times, busy = [each[2] for each in answers], [each[3] for each in answers]
                found.append(Measured(kind, page, times, busy, size))
    return found


def _report(found: list[Measured]) -> None:
    floors = {each.who: each.median for each in found if each.page == FLOOR}
    for each in found:
        mark = " " if each.p95 <= GOAL else "!"
        print(f"{mark} {each.who} {each.median:7.1f} ms  p95 {each.p95:7.1f}  busy {statistics.median(each.busy):6.1f}  p95 {each.p95_busy:6.1f}  {each.median / floors[each.who]:5.1f}x floor"
              f"  {each.size / 1024:6.1f} kB  {each.page}")  # fmt: skip
    slow = [each for each in found if each.p95 > GOAL]
    busy = [each for each in found if each.p95_busy > GOAL]
    print(
        f"{len(found) - len(slow)} of {len(found)} within {GOAL:.0f} ms (p95), {len(found) - len(busy)} by processor time;"
    )
    print(f"load of this machine meanwhile: {os.getloadavg()[1]:.1f} on {os.cpu_count()} processors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=10000)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--data", type=Path, help="keep the database here, and use it again")
    parser.add_argument("--database", default="", help="a PostgreSQL URL; else SQLite in the data directory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        data = arguments.data or Path(temporary)
        data.mkdir(mode=0o700, exist_ok=True)
        settings = make(data=data, mailbox=True, database_url=arguments.database, limits=NO_LIMITS)
        people = _people(Store(settings.database), data, arguments.projects)
        app = create_app(settings, clock=lambda: NOW, beating=False)
        settle()
        _report(asyncio.run(measure(app, people, arguments.requests)))


def _people(store: Store, data: Path, projects: int) -> dict[str, int]:
    """The first bureau's people; the crowd is built where there is none yet."""
    store.start()
    try:
        if not store.read(
            lambda connection: connection.execute(text("SELECT 1 FROM project LIMIT 1")).first()
        ):
            began = time.perf_counter()
            crowd.build(store, Files(data / "documents"), now=NOW, projects=projects)
            print(f"{projects} projects built in {time.perf_counter() - began:.0f} s")
        rows = store.read(
            lambda connection: list(connection.execute(text("SELECT staff_number, id FROM person")))
        )
        return {row[0]: row[1] for row in rows}
    finally:
        store.close()


if __name__ == "__main__":
    main()
