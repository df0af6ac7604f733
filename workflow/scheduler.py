"""The metronome: calls what has to happen again and again. The only module that knows APScheduler.

Invariant: nothing that matters lives here. Each beat asks the database what is due; a beat that fails is
logged and the next one comes all the same; of two beats of one name only one runs at a time; none runs at an
instant that a second clock contradicts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import perf_counter

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from msgspec import Struct

from workflow.errors import Unavailable, WorkflowError, reason

log = logging.getLogger("shenpi.scheduler")

Work = Callable[[datetime], object]
"""What a beat calls, with the instant it is called at."""

LATE_AFTER = 3
"""A name that has not been called for so many of its intervals is late, and the health page says so."""


MOST_SKEW = timedelta(seconds=60)
"""How far this machine's clock may be from the second one."""

Clock = Callable[[], datetime]


class Beat(Struct, frozen=True):
    """How one name has fared: its interval in seconds, when it last began, how long it took, what failed."""

    name: str
    every: float
    began_at: datetime | None = None
    seconds: float = 0.0
    problem: str = ""

    def is_late(self, now: datetime) -> bool:
        """Whether it should have been called long ago, or was so at an instant that is still to come."""
        return self.began_at is not None and abs(now - self.began_at) > timedelta(
            seconds=LATE_AFTER * self.every
        )


def wall_clock() -> datetime:
    """What this machine says."""
    return datetime.now(UTC)


def _elapsed() -> float:
    """Seconds that have gone by, also those that the machine has slept."""
    if not hasattr(time, "clock_gettime"):
        return time.monotonic()  # Windows, where it counts them
    # macOS has no BOOTTIME, and its MONOTONIC is what BOOTTIME is elsewhere
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def reckoned(clock: Clock = wall_clock, elapsed: Callable[[], float] = _elapsed) -> Clock:
    """A second clock: what it must be by now if `clock` was right when this was called.

    If it was not, and was put right since, only somebody who looks at it can say so, by starting the service anew:
    a clock that was put wrong goes on just as steadily as one that was put right.
    """
    began, since = clock(), elapsed()
    return lambda: began + timedelta(seconds=elapsed() - since)


class Metronome:
    """Calls each of `works` (name, seconds, callable) at once and then at its interval, until stopped.

    While `clock` and the second clock `against` differ by more than a minute nothing is called, and every beat says why.
    """

    def __init__(
        self,
        works: Iterable[tuple[str, float, Work]],
        *,
        clock: Clock = wall_clock,
        against: Clock | None = None,
    ) -> None:
        self._works = tuple(works)
        self._clock = clock
        self._against = against or reckoned(clock)
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
        first = wall_clock()
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
        began_at, began, problem = self._clock(), perf_counter(), ""
        try:
            _agree(began_at, self._against())
            work(began_at)
        except WorkflowError as error:
            log.warning("beat %s was refused: %s", name, error)
            problem = str(error).rstrip("。")
        except Exception as error:  # the edge: whatever one beat does, the next one comes
            log.exception("beat %s failed", name)
            problem = f"{type(error).__name__}: {error}"
        with self._lock:
            every = self._beats[name].every
            self._beats[name] = Beat(name, every, began_at, perf_counter() - began, problem)


def _agree(now: datetime, second: datetime) -> None:
    """Unavailable (clock-jumped) if the clocks differ too much to fire anything by."""
    if abs(now - second) > MOST_SKEW:
        raise Unavailable(
            reason("clock-jumped", now=f"{now:%Y-%m-%d %H:%M}", second=f"{second:%Y-%m-%d %H:%M}")
        )
