"""The serving process itself is killed, over and over, while people work over HTTP and mail goes out: whatever was
answered is there when it stands again, whatever was not is settled by sending it again, and nothing happens twice.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

import api.models  # noqa: F401 - its tables are part of the schema
import notifications.models  # noqa: F401 - as above
from api.cli import main
from notifications import ledger
from tests import papers
from tests.api.office import PASSWORD, password_hash
from tests.databases import Databases
from tests.faults.conftest import LONG, Post
from tests.faults.served import KILL, Services
from tests.faults.test_crashes import AMBIGUOUS
from tests.world import World
from workflow.actions import people
from workflow.store import Store, read_only, started

WORKERS = 6
POSTS = {"clerk": "经办", "section_chief": "股长", "deputy_director": "副局长"}
PROJECTS = 6
"""How many projects one worker begins; then only papers come: beyond 20 mails an hour a person's wait."""
SETTINGS = """
database_url = '{url}'
[smtp]
host = '127.0.0.1'
port = {port}
security = 'plain'
sender = 'shenpi@example.gov.cn'
per_minute = 100000
"""


def populate(store: Store) -> None:
    """For every worker a bureau of their own, where one person holds each post."""
    world = World(store)
    for number in range(WORKERS):
        given = {"name": f"第{number}局", "parent": world.organisations["市民政局"]}
        world.organisations[f"第{number}局"] = world.do(people.add_organisation, "顾明", **given)
        for post, title in POSTS.items():
            person = world.person(f"{number}局{title}", f"第{number}局", post)
            given = {"email": f"{post}.{number}@mz.example", "password_hash": password_hash()}
            world.do(people.change_person, "", person=person, **given)


class Seat:
    """One person's browser."""

    def __init__(self, worker: Worker, name: str) -> None:
        self._worker = worker
        worker.seats.append(self)
        self._client = httpx2.Client(base_url=worker.address, timeout=30, trust_env=False)
        number = worker.who[name][1]
        signed = self.ask("POST", "/api/session", json={"staff_number": number, "password": PASSWORD})
        self._client.headers["X-CSRF-Token"] = signed["csrf"]

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """Ask until there is an answer, however often the service goes away meanwhile."""
        while True:
            try:
                answer = self._client.request(method, path, **given)
            except httpx2.TransportError:
                if self._worker.gone.is_set():
                    raise
                self._worker.unanswered += 1
                self._worker.gone.wait(0.01)
                continue
            if answer.status_code != 503:
                assert answer.status_code in {200, 201}, answer.text
                return answer.json()

    def command(self, path: str, **given: Any) -> Any:
        """A command under an id of its own, which stays the same however often it is sent."""
        key = f"{self._worker.number}.{len(self._worker.acknowledged)}"
        answer = self.ask("POST", path, headers={"Idempotency-Key": key}, **given)
        self._worker.acknowledged[key] = (self, path, given, answer)
        return answer

    def close(self) -> None:
        self._client.close()


class Worker:
    """A clerk and a chief who carry on with one project after another until it is over."""

    def __init__(self, house: House, number: int, who: dict[str, tuple[int, str]]) -> None:
        self.address, self.over, self.gone = house.services.address, house.over, house.gone
        self.number, self.who = number, who
        self.unanswered = 0
        self.acknowledged: dict[str, tuple[Seat, str, dict[str, Any], Any]] = {}
        self.last: dict[str, int] = {}
        self.papers = 0
        self.seats: list[Seat] = []

    def sign_in(self) -> None:
        """Both take their seats."""
        self.clerk, self.chief = (Seat(self, f"{self.number}局{title}") for title in ("经办", "股长"))

    def work(self, digest: str, organisation: int) -> None:
        """Until it is over."""
        body = {
            "digest": digest, "title": "便民服务点", "organisation": organisation,
            "clerk": self.who[f"{self.number}局经办"][0], "same_name": True,
        }  # fmt: skip
        while not self.over.is_set():
            ref = self.clerk.command("/api/projects", json=body)["ref"]
            for document in ("proposal", "minutes"):
                self._upload(ref, document)
            if len(self.last) < PROJECTS:
                self._take_to_review(ref)
            while len(self.last) == PROJECTS and not self.over.is_set():
                self._upload(ref, "drawings")

    def _upload(self, ref: str, document: str) -> None:
        self.papers += 1
        file = (f"{document}.pdf", papers.pdf(f"{self.number}.{self.papers}"))
        path = f"/api/projects/{ref}/documents/{document}/versions"
        self.last[ref] = self.clerk.command(path, files={"file": file})["seq"]

    def _take_to_review(self, ref: str) -> None:
        stage = f"/api/projects/{ref}/stages/approval"
        self.clerk.command(f"{stage}/submissions", json={})
        shown = self.chief.ask("GET", stage)
        decided = {
            "step": "review", "outcome": "approved", "opinion": "同意", "turn": shown["stage"]["turn"],
            "content": shown["content"],
        }  # fmt: skip
        self.last[ref] = self.chief.command(f"{stage}/decisions", json=decided)["seq"]

    def hears_the_same_again(self) -> None:
        """Every command, sent once more, is answered as it was."""
        for key, (seat, path, given, answer) in self.acknowledged.items():
            assert seat.ask("POST", path, headers={"Idempotency-Key": key}, **given) == answer

    def close(self) -> None:
        for seat in self.seats:
            seat.close()


class House:
    """A bureau on disk, its services, and everybody at work there."""

    def __init__(self, copies: Databases, folder: Path, post: Post, mistake: str = "") -> None:
        folder.mkdir()
        self._folder, self._url = folder, copies.copy(folder)
        settings = folder / "shenpi.toml"
        settings.touch(mode=0o600)
        settings.write_text(SETTINGS.format(url=self._url, port=post.port), encoding="utf-8")
        store = Store(self._url)
        store.start()
        populate(store)
        with store.reading() as connection:
            rows = connection.exec_driver_sql("SELECT name, id, staff_number FROM person").all()
            units = {
                row[0]: row[1] for row in connection.exec_driver_sql("SELECT name, id FROM organisation")
            }
            (self._digest,) = connection.exec_driver_sql(
                "SELECT digest FROM definition WHERE type = 'hall'"
            ).one()
        store.close()
        self.services = Services(folder, mistake)
        self.services.begin() if mistake else self.services.begin_plainly()
        self.over, self.gone = threading.Event(), threading.Event()
        who = {name: (number, staff_number) for name, number, staff_number in rows}
        self.workers = [Worker(self, each, who) for each in range(WORKERS)]
        self._threads = ThreadPoolExecutor(WORKERS)
        list(self._threads.map(Worker.sign_in, self.workers))
        self._working: list[Future[None]] = [
            self._threads.submit(each.work, self._digest, units[f"第{each.number}局"])
            for each in self.workers
        ]

    def is_killed_often(self, drawn: random.Random, times: int = 10) -> set[str]:
        """So many times, at any moment. The mails that may arrive twice because of it."""
        may_double: set[str] = set()
        for _ in range(times):
            self.over.wait(drawn.uniform(0.02, 0.6))
            may_double |= self._kill()
        return may_double

    def _kill(self) -> set[str]:
        """Kill the service, examine what it left, begin another. The mails that may arrive twice because of it."""
        assert self.services.end() == -KILL
        answered = {
            key: answer for each in self.workers for key, (*_, answer) in [*each.acknowledged.items()]
        }
        may_double = self._examine(answered)
        for each in self._working:
            assert not each.done(), each.result()
        if self._url.startswith(
            "postgresql"
        ):  # there the mails of the dead wait until their leases have run out
            with started(self._url) as store:
                store.act(ledger.try_at_once, now=datetime.now(UTC))
        self.services.begin()
        return may_double

    def finish(self) -> None:
        """Everybody ends what they are at; the mail goes out; the service is told to stop."""
        self.over.set()
        for each in self._working:
            each.result(timeout=120)
        for worker in self.workers:
            worker.hears_the_same_again()
        for _ in range(20):
            assert main(["deliver", "--data", str(self._folder)]) == 0
            if not self._rows(
                "SELECT 1 FROM notice WHERE open UNION SELECT 1 FROM mail WHERE state <> 'sent'"
            ):
                break
        assert self.services.end(signal.SIGTERM) in {0, -signal.SIGTERM}
        self._examine(
            {key: answer for each in self.workers for key, (*_, answer) in each.acknowledged.items()}
        )

    def close(self) -> None:
        """Whatever happened, nothing goes on."""
        self.over.set()
        self.gone.set()
        self.services.close()
        self._threads.shutdown(cancel_futures=True)
        for worker in self.workers:
            worker.close()

    def facts(self) -> tuple[dict[str, int], set[str], int]:
        """The last number of every project, the mails, and how many files there are."""
        seqs = dict(self._rows("SELECT ref, seq FROM project"))
        mails = {each for (each,) in self._rows("SELECT message_id FROM mail")}
        return seqs, mails, self._rows("SELECT count(*) FROM paper")[0][0]

    def _examine(self, answered: dict[str, Any]) -> set[str]:
        data = ["--data", str(self._folder)]
        assert main(["doctor", *data]) == 0
        assert main(["audit", "verify", *data]) == 0
        stored = {
            key.partition(":")[2]: json.loads(answer)
            for key, answer in self._rows("SELECT id, answer FROM command")
        }
        lost = {key: answer for key, answer in answered.items() if stored.get(key) not in answer.values()}
        assert lost == {}, "answered, and not there"
        return {each for (each,) in self._rows(AMBIGUOUS)}

    def _rows(self, sql: str) -> list[Any]:
        with read_only(self._url) as store, store.reading() as connection:
            return list(connection.exec_driver_sql(sql).all())


@pytest.fixture
def unsent(post: Post) -> Iterator[Post]:
    """The mail server, with nothing in it."""
    post.taken()
    yield post
    post.taken()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
@pytest.mark.parametrize("round_", range(30 if LONG else 1))
def test_a_service_killed_under_work_keeps_every_word(
    databases: Databases, tmp_path: Path, unsent: Post, round_: int
) -> None:
    drawn = random.Random(seed := random.randrange(2**32))
    with closing(House(databases, tmp_path / "data", unsent)) as house:
        may_double = house.is_killed_often(drawn)
        house.finish()

    seqs, mails, papers_there = house.facts()
    assert seqs == {ref: seq for each in house.workers for ref, seq in each.last.items()}, f"seed {seed}"
    assert papers_there == sum(each.papers for each in house.workers)
    assert sum(each.unanswered for each in house.workers), "nobody noticed that the service was gone"
    taken = unsent.taken()
    assert set(taken) == mails
    doubled = {id_: copies for id_, copies in taken.items() if len(copies) > 1}
    assert set(doubled) <= may_double, "arrived twice without need"
    assert all(len(set(copies)) == 1 for copies in doubled.values()), "the very same, to the byte"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_a_service_that_answers_before_its_commit_is_found_out(
    sqlite_copies: Databases, tmp_path: Path, unsent: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reviews here: a chief who cannot read yet what was answered would be refused for that alone."""
    monkeypatch.setattr(sys.modules[__name__], "PROJECTS", 0)
    mistake = "a caller is answered before the commit"
    with (
        closing(House(sqlite_copies, tmp_path / "data", unsent, mistake)) as house,
        pytest.raises(AssertionError, match=r"answered, and not there|not-signed-in"),
    ):
        house.is_killed_often(random.Random(1), times=50)  # of ten none may fall in between
