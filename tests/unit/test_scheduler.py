"""The metronome: it beats at once and goes on, whatever a beat does."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from workflow.scheduler import Beat, Metronome


def wait_until(come: threading.Event) -> None:
    assert come.wait(5)


def test_it_beats_at_once_and_again() -> None:
    came: list[datetime] = []
    enough = threading.Event()

    def work(now: datetime) -> None:
        came.append(now)
        if len(came) == 3:
            enough.set()

    metronome = Metronome([("sweep", 0.05, work)])
    metronome.start()
    wait_until(enough)
    metronome.stop()

    assert all(now.tzinfo is UTC for now in came)
    assert metronome.beats[0].began_at in came


def test_a_beat_that_fails_is_told_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    count = 0
    again = threading.Event()

    def work(_: datetime) -> None:
        nonlocal count
        count += 1
        if count == 2:
            again.set()
        raise RuntimeError("the disk is gone")

    metronome = Metronome([("sweep", 0.05, work)])
    metronome.start()
    wait_until(again)
    metronome.stop()

    assert "beat sweep failed" in caplog.text
    assert metronome.beats[0].problem == "RuntimeError: the disk is gone"


def test_a_slow_beat_never_runs_twice_at_a_time() -> None:
    at_once, most = 0, 0
    lock, done = threading.Lock(), threading.Event()

    def work(_: datetime) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.2)
        with lock:
            at_once -= 1
        done.set()

    metronome = Metronome([("sweep", 0.02, work)])
    metronome.start()
    wait_until(done)
    metronome.stop()

    assert most == 1


def test_a_beat_that_is_late_comes_all_the_same() -> None:
    """A machine that slept wakes up: what was missed comes at once, not an interval later."""
    beats = threading.Semaphore(0)

    metronome = Metronome([("sweep", 3600, lambda _: beats.release())])
    metronome.start()
    assert beats.acquire(timeout=5)
    half_an_hour_late = datetime.now(UTC) - timedelta(
        minutes=90
    )  # and an hour before that, which is one beat too
    metronome._scheduler.modify_job("sweep", next_run_time=half_an_hour_late)
    came = beats.acquire(timeout=5)
    metronome.stop()

    assert came


def test_stopping_waits_for_the_beat_that_runs() -> None:
    began, ended = threading.Event(), threading.Event()

    def work(_: datetime) -> None:
        began.set()
        time.sleep(0.1)
        ended.set()

    metronome = Metronome([("sweep", 60, work)])
    metronome.start()
    wait_until(began)
    metronome.stop()

    assert ended.is_set()


def test_stopping_what_never_started_does_nothing() -> None:
    Metronome([("sweep", 60, lambda _: None)]).stop()


@pytest.mark.parametrize(("seconds", "late"), [(0, False), (59, False), (61, True)])
def test_a_name_that_was_not_called_for_three_intervals_is_late(seconds: int, late: bool) -> None:
    began = datetime(2026, 11, 22, tzinfo=UTC)

    assert Beat("sweep", 20, began).is_late(began + timedelta(seconds=seconds)) is late
    assert not Beat("sweep", 20).is_late(began)
