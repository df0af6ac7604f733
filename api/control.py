"""The operator's door of a running service: the command line on the same machine asks it to do things.

Who can read the token file in the data directory could as well write the database. Invariant: nobody
else gets in: the caller must sit at this machine and know the token of this very run.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import JSONResponse

from api.auth import Now, public
from api.operations import OPERATIONS
from api.private import write_private
from api.settings import Settings
from notifications.settings import is_loopback
from workflow.errors import NotFound, reason
from workflow.store import Store

FILE = "running.json"
"""Where a running service says how it can be asked."""

router = APIRouter(prefix="/control", include_in_schema=False)


class Control:
    """The operator's door of one run."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self._token = secrets.token_urlsafe(32)

    @contextmanager
    def announced(self) -> Iterator[None]:
        """Say in the data directory how this service can be asked, for as long as it runs."""
        path = self.settings.data / FILE
        write_private(path, json.dumps({"address": self._address(), "token": self._token}))
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()

    def check(self, request: Request, token: str) -> None:
        """NotFound unless the caller is at this machine and knows the token."""
        client, server = request.client, request.scope.get("server")
        here = client is not None and (is_loopback(client.host) or (server and client.host == server[0]))
        if not here or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise NotFound(reason("not-found"))

    def _address(self) -> str:
        scheme = "https" if self.settings.is_tls else "http"
        host = "127.0.0.1" if self.settings.host in {"0.0.0.0", "::", ""} else self.settings.host  # noqa: S104
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.settings.port}"


@router.post("/{operation}", dependencies=[Depends(public)])
async def operate(
    operation: str,
    request: Request,
    now: Now,
    given: dict[str, Any],
    x_control_token: Annotated[str, Header()] = "",
) -> JSONResponse:
    """Do what the operator asks."""
    control: Control = request.app.state.control
    control.check(request, x_control_token)
    if operation not in OPERATIONS:
        raise NotFound(reason("not-found"))
    call = OPERATIONS[operation]
    return JSONResponse(await asyncio.to_thread(call, control.store, control.settings, given, now))
