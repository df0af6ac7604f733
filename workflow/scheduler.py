"""The metronome: calls what has to happen again and again. The only module that knows APScheduler.

Invariant: nothing that matters lives here. Each beat asks the database what is due; a beat that fails is
logged and the next one comes all the same; of two beats of one name only one runs at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import perf_counter

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from msgspec import Struct

log = logging.getLogger("shenpi.scheduler")

Work = Callable[[datetime], object]
"""What a beat calls, with the instant it is called at."""

LATE_AFTER = 3
"""A name that has not been called for so many of its intervals is late, and the health page says so."""


class Beat(Struct, frozen=True):
    """How one name has fared: its interval in seconds, when it last began, how long it took, what failed."""

    name: str
    every: float
    began_at: datetime | None = None
    seconds: float = 0.0
    problem: str = ""

    def is_late(self, now: datetime) -> bool:
        """Whether it should have been called long ago."""
        return self.began_at is not None and now - self.began_at > timedelta(seconds=LATE_AFTER * self.every)


class Metronome:
    """Calls each of `works` (name, seconds, callable) at once and then at its interval, until stopped."""

    def __init__(self, works: Iterable[tuple[str, float, Work]]) -> None:
        self._works = tuple(works)
        self._lock = Lock()
        self._beats = {name: Beat(name, every) for name, every, _ in self._works}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(max(1, len(self._works)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a beat that is still running is no news

    def start(self) -> None:
        """Begin to beat."""
        first = datetime.now(UTC)
        for name, every, work in self._works:
            self._scheduler.add_job(
                self._beat, "interval", (name, work), seconds=every, id=name, next_run_time=first
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Let running beats end, and call nothing any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    @property
    def beats(self) -> tuple[Beat, ...]:
        """How every name has fared, for the health page."""
        with self._lock:
            return tuple(self._beats.values())

    def _beat(self, name: str, work: Work) -> None:
        began_at, began, problem = datetime.now(UTC), perf_counter(), ""
        try:
            work(began_at)
        except Exception as error:  # the edge: whatever one beat does, the next one comes
            log.exception("beat %s failed", name)
            problem = f"{type(error).__name__}: {error}"
        with self._lock:
            every = self._beats[name].every
            self._beats[name] = Beat(name, every, began_at, perf_counter() - began, problem)
