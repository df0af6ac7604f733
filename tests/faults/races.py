"""What several people do to one hall in the same instant, each as one deed with one answer; also as a process.

`python -m tests.faults.races URL` opens the store and does, at once, the deeds named on each line it reads.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import sha256
from typing import Any

from tests.world import World, at, day
from workflow.actions import clocks, decisions, documents, people, stages
from workflow.errors import WorkflowError
from workflow.files import StoredFile
from workflow.people import SYSTEM
from workflow.store import Store

NOW = at("2026-09-02 09:00")
REF = "P1"
SECOND = b"second"
_FILE = StoredFile(sha256(SECOND).hexdigest(), "proposal.pdf", len(SECOND), "application/pdf")

Deed = Callable[[Store, dict[str, int]], Future[Any]]


def _decide(by: str, outcome: str) -> Deed:
    from workflow.state import Fix

    fixes = (Fix("补充测算依据", "proposal"),) if outcome == "returned" else ()
    return lambda store, who: store.submit(
        decisions.decide, ref=REF, stage="approval", step="review", outcome=outcome, opinion="意见", fixes=fixes,
        actor=who[by], now=NOW,
    )  # fmt: skip


DEEDS: dict[str, Deed] = {
    "approve": _decide("杨帆", "approved"),
    "return": _decide("何静", "returned"),
    "approve for him": _decide("蒋慧", "approved"),
    "withdraw": lambda store, who: store.submit(
        stages.withdraw_stage, ref=REF, stage="approval", actor=who["谭丽"], now=NOW
    ),
    "new document": lambda store, who: store.submit(
        documents.upload_document, ref=REF, document="proposal", file=_FILE, actor=who["谭丽"], now=NOW
    ),
    "rung": lambda store, who: store.submit(
        clocks.sweep_place, project=1, stage="approval", document="", actor=SYSTEM, now=NOW
    ),
    "delegate": lambda store, who: store.submit(
        people.delegate, principal=who["杨帆"], agent=who["蒋慧"], starts_on=day("2026-09-02"),
        ends_on=day("2026-09-30"), reason_given="外出开会", actor=who["杨帆"], now=NOW,
    ),
}  # fmt: skip
CASTS = (
    ("approve", "return", "withdraw", "new document", "rung"),
    ("approve for him", "delegate", "withdraw", "new document", "rung"),
)


def begin(store: Store) -> None:
    """One hall in review at two chiefs, a rung due at NOW."""
    world = World(store)
    world.person("何静", "规划财务股", "section_chief")
    world.register("hall").submitted("approval", "proposal", "minutes")


def answer_of(done: Future[Any]) -> str:
    """The answer in one word."""
    try:
        done.result(timeout=60)
    except WorkflowError as error:
        return "、".join(sorted(each.code for each in error.reasons))
    return "done"


def who_is_who(store: Store) -> dict[str, int]:
    """Everybody by name."""
    with store.reading() as connection:
        return {name: id_ for id_, name in connection.exec_driver_sql("SELECT id, name FROM person")}


def what_is(store: Store) -> tuple[Any, ...]:
    """The record's last word, and what lists, work lists and people were made to see of it."""
    with store.reading() as connection:
        rows = connection.exec_driver_sql("SELECT seq, head, body FROM project WHERE ref = 'P1'").one()
        tasks = connection.exec_driver_sql("SELECT stage, what, person_id FROM task ORDER BY 1, 2, 3").all()
        told = connection.exec_driver_sql("SELECT person_id, kind FROM notice ORDER BY 1, 2").all()
        return (*rows, tuple(map(tuple, tasks)), tuple(map(tuple, told)))


def main(url: str) -> None:
    """Do what each line names, all at once, and answer with a line."""
    store = Store(url)
    store.start()
    who = who_is_who(store)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        begun = {deed: DEEDS[deed](store, who) for deed in json.loads(line)}
        sys.stdout.write(json.dumps({deed: answer_of(done) for deed, done in begun.items()}) + "\n")
        sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])
