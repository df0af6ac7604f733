"""Who was refused what, as a line of the log for whoever has to look into it: whom, where, why, which project.

Invariant: a line holds nothing that somebody typed or could sign in with, and MOST of one person, or of all
strangers together, are written in a minute: a flood fills no disk.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

from starlette.requests import Request

if TYPE_CHECKING:
    from api.auth import Visitor
    from api.pace import Pace

log = logging.getLogger("shenpi.refusals")

MOST: Final = 120

_REF: Final = re.compile(r"[A-Za-z0-9_-]{1,22}")
"""What can be the reference of a project of ours."""


def name_refusal(request: Request, code: str) -> None:
    """Remember why this request is refused, for the line that `note` writes."""
    request.state.refused = code


def note(request: Request, status: int) -> None:
    """Write the line of a request that was answered with that status."""
    pace: Pace = request.app.state.pace
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    if pace.wait("refusal", str(visitor.id) if visitor else "", request.app.state.clock()):
        return
    route = getattr(request.scope.get("route"), "path", "-")
    address = request.client.host if request.client else "-"
    ref = str(request.path_params.get("ref", ""))
    log.info(
        "%s %s: %s %s by %s%s",
        status,
        getattr(request.state, "refused", "-"),
        request.method,
        route,
        f"person {visitor.id}" if visitor else address,
        f" of {ref}" if _REF.fullmatch(ref) else "",
    )
