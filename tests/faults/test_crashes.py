"""Killed anywhere, started again: nothing acknowledged is lost, nothing is half, nothing happens twice.

Every named point is tried at its first and last time in a life; the long run tries every time, and kills
from outside at random microseconds.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.faults.conftest import KEEPING, LONG, Post, fresh
from tests.faults.lives import Lives
from tests.faults.story import LATE, STEPS, answers_in, facts, lost
from workflow import doctor, failpoints
from workflow.files import Files
from workflow.store import Store

KILLED = 9
AMBIGUOUS = "SELECT message_id FROM mail WHERE state = 'sending' AND data_may_start_at IS NOT NULL"
"""The mails that may arrive twice: the server could get them, and what it said is not on disk (RFC 1047)."""


class Whole(NamedTuple):
    """What a life leaves behind that nobody has disturbed."""

    answers: dict[str, Any]
    facts: dict[str, Any]
    mails: set[str]


class Ward:
    """Lives that are ended, examined, and lived again."""

    def __init__(self, lives: Lives, post: Post, prepared: Path, folder: Path) -> None:
        self._lives, self._post, self._prepared, self._folder = lives, post, prepared, folder
        self.whole = self._undisturbed()

    def _undisturbed(self) -> Whole:
        folder = fresh(self._prepared, self._folder / "whole")
        assert self._lives.live(folder, self._post.port, folder / "answers") == 0
        store = Store(f"sqlite:///{folder / 'shenpi.db'}")
        found = facts(store)
        store.engine.dispose()
        answers, taken = answers_in(folder / "answers"), self._post.taken()
        assert list(answers) == [name for name, _ in STEPS]
        assert all(len(copies) == 1 for copies in taken.values())
        return Whole(answers, found, set(taken))

    def end(self, mistake: str = "", **how: Any) -> bool:
        """One life that ends so, and the one after it. False if it came to its own end first."""
        folder = fresh(self._prepared, self._folder / "life")
        status = self._lives.live(folder, self._post.port, folder / "answers", mistake=mistake, **how)
        assert status in (0, KILLED), f"it ended by itself with {status}"
        may_double = self._examine(folder, answers_in(folder / "answers"), whole=False)
        assert self._lives.live(folder, self._post.port, folder / "again", mistake=mistake) == 0
        self._examine(folder, answers_in(folder / "again"), whole=True)
        taken = self._post.taken()
        assert set(taken) == self.whole.mails, "every mail arrives"
        doubled = {id_: copies for id_, copies in taken.items() if len(copies) > 1}
        assert set(doubled) <= may_double, "arrived twice without need"
        assert all(len(set(copies)) == 1 for copies in doubled.values()), "the very same, to the byte"
        return status == KILLED

    def forget(self) -> None:
        """What arrived is of no more interest."""
        self._post.taken()

    def _examine(self, folder: Path, acknowledged: dict[str, Any], *, whole: bool) -> set[str]:
        store, files = Store(f"sqlite:///{folder / 'shenpi.db'}"), Files(folder / "documents")
        try:
            found = store.read(doctor.examine, now=LATE, has_file=files.has)
            assert [str(each) for each in found if each.level == "error"] == [], "the doctor objects"
            assert list(files.verify()) == [], "a file is not what its name says"
            assert lost(store, acknowledged) == [], "acknowledged, and lost"
            repeated = {name: answer for name, answer in acknowledged.items() if name not in EACH_ITS_OWN}
            assert repeated.items() <= self.whole.answers.items(), "a repeated command hears the first answer"
            if whole:
                assert facts(store) == self.whole.facts, "as if nothing had been"
            with store.reading() as connection:
                return set(connection.exec_driver_sql(AMBIGUOUS).scalars())
        finally:
            store.engine.dispose()


EACH_ITS_OWN = {"sweep", "deliver", "clean"}
"""Steps that answer how much was left for them to do."""


@pytest.fixture(scope="module")
def ward(lives: Lives, post: Post, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return Ward(lives, post, prepared, tmp_path_factory.mktemp("ward"))


@pytest.mark.parametrize("point", [each for each in failpoints.POINTS if each not in KEEPING])
def test_a_crash_at_a_named_point_loses_halves_and_doubles_nothing(ward: Ward, point: str) -> None:
    """The quota of each point: it is met in a life at least once, else the point is dead."""
    times = 0
    while ward.end(fail_at=f"{point}:{times + 1}"):
        times += 1
        if not LONG and times >= (SHARE[point] or 2):
            break
    assert times


SHARE = Counter({"write.commit": 4, "write.committed": 4, "write.events": 3})
"""How many times a point is tried in the suite; the long run tries until a life no longer comes there."""


def test_a_kill_from_outside_at_any_microsecond_loses_halves_and_doubles_nothing(ward: Ward) -> None:
    seed = random.randrange(2**32)
    drawn = random.Random(seed)
    killed = sum(ward.end(kill_after=drawn.randrange(200_000)) for _ in range(2000 if LONG else 10))
    assert killed, f"seed {seed}"


@pytest.mark.parametrize(
    ("mistake", "point", "found"),
    [
        (
            "every statement is its own transaction",
            "publish.stored",
            "as if nothing had been.*administration",
        ),
        ("a repeated command is done again", "file.placed:3", "hears the first answer.*upload P1 proposal"),
        (
            "a caller is answered before the commit",
            "write.begin:6",
            "acknowledged, and lost.*upload P1 minutes",
        ),
        ("a file has its name before it is whole", "file.written", "not what its name says"),
        ("a mail is recorded before the server has it", "mail.leased", "every mail arrives"),
    ],
)
def test_the_proof_is_not_blind(ward: Ward, mistake: str, point: str, found: str) -> None:
    with pytest.raises(AssertionError, match=f"(?s){found}"):
        ward.end(fail_at=point, mistake=mistake)
    ward.forget()
