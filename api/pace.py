"""How fast one session, or one address before anybody has signed in, may ask: faster than hands, slower than a flood.

Counted in this process: beside another one on PostgreSQL somebody may go twice as fast. Invariant: what was refused
counts for nothing, and a clock that is put back keeps nobody out.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

from starlette.requests import Request

from api import refusals
from api.security import SAFE_METHODS
from api.settings import Limits

MOST_KEPT: Final = 50_000
"""How many callers are remembered at once; beyond that those who have been quiet are forgotten, at worst all."""

_SHEETS: Final = (".pdf", ".xlsx", "/audit/export")


class Pace:
    """Counts requests under (kind, who), and says who has to wait."""

    def __init__(self, limits: Limits) -> None:
        self._allowed: Final[dict[str, tuple[int, float]]] = {
            "page": (limits.pages_per_minute, 60.0),
            "change": (limits.changes_per_minute, 60.0),
            "upload": (limits.uploads_per_hour, 3600.0),
            "export": (limits.exports_per_hour, 3600.0),
            "stranger": (limits.strangers_per_minute, 60.0),
            "refusal": (refusals.MOST, 60.0),  # lines about them in the log
        }
        self._held_until: dict[tuple[str, str], float] = {}

    def wait(self, kind: str, who: str, now: datetime) -> int:
        """How many seconds `who` has to wait; 0, and it counts, if the request may go on.

        Each request holds its share of the span against the caller: a whole span's worth may come at once,
        after that as many as the span lets go.
        """
        most, span = self._allowed[kind]
        if not most:
            return 0
        at = now.timestamp()
        held = self._held_until.get((kind, who), at) - at
        if not 0 < held <= span + 1:
            held = 0.0  # long ago; or the clock was put back
        held += span / most
        if held > span + 0.001:
            return math.ceil(held - span)
        self._forget_quiet(at)
        self._held_until[kind, who] = at + held
        return 0

    def _forget_quiet(self, at: float) -> None:
        if len(self._held_until) < MOST_KEPT:
            return
        self._held_until = {who: until for who, until in self._held_until.items() if until > at}
        if len(self._held_until) >= MOST_KEPT:
            self._held_until.clear()


def kind_of(request: Request) -> str:
    """What a request of somebody signed in counts as."""
    if request.url.path.endswith(_SHEETS):
        return "export"
    if request.method in SAFE_METHODS:
        return "page"
    return "upload" if request.headers.get("content-type", "").startswith("multipart/") else "change"
