"""Reaching an installation from the command line: through its running service, or alone if none runs.

Invariant: there is never a second writer; whoever runs holds the lock, and is asked.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from api.settings import Settings, load
from workflow.errors import NotFound, Reason, Refused, Unavailable
from workflow.migrations import require_today
from workflow.store import Store, read_only, started

RUNNING = "running.json"
"""Where a running service says how it can be asked: `control.FILE`, whose module is slow to load."""

WAIT = 600
"""Seconds that a pass of the clock or the mailer may take."""


def operate(data: Path | None, operation: str, given: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Do it in the running service, by its clock, else alone; what came of it. Refused with what the service said."""
    settings = load(data)
    try:
        with alone(settings) as store:
            from api.operations import OPERATIONS

            return OPERATIONS[operation](store, settings, given, now)
    except Unavailable as error:
        if error.code != "second-writer" or not (settings.data / RUNNING).is_file():
            raise  # what holds the place is no service, such as a restoration
        return _ask(settings, operation, given)


@contextmanager
def alone(settings: Settings) -> Iterator[Store]:
    """The open store of this installation; Unavailable (second-writer) if a service runs on it."""
    import api.models  # noqa: F401 - their tables belong to the same database
    import notifications.models  # noqa: F401 - as above

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with started(settings.database) as store:
        yield store


@contextmanager
def reading(settings: Settings) -> Iterator[Store]:
    """The store of this installation for questions only, beside a service that may be running."""
    if not settings.has_database:
        raise NotFound(
            Reason("no-installation", f"{settings.data} 中没有数据。", "请用 --data 指明数据目录。")
        )
    with read_only(settings.database) as store:
        store.read(require_today)
        yield store


def _ask(settings: Settings, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    running = json.loads((settings.data / RUNNING).read_text(encoding="utf-8"))
    request = Request(  # noqa: S310 - the address stands in a file that only this account can write
        f"{running['address']}/control/{operation}",
        data=json.dumps(given, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json", "X-Control-Token": running["token"]},
    )
    # Whatever proxy the environment names: the service is on this machine, and the token is for it alone.
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=_trust(settings)))
    try:
        with opener.open(request, timeout=WAIT) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except HTTPError as error:
        raise _refusal(error) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _silent(getattr(error, "reason", error)) from None


def _refusal(error: HTTPError) -> Refused | Unavailable:
    """What the service said, or that something else answered in its place."""
    try:
        return Refused(*(Reason(**each) for each in json.load(error)["reasons"]))
    except (ValueError, LookupError, TypeError):
        return _silent(error)


def _silent(why: object) -> Unavailable:
    said = f"正在运行的服务没有应答（{why}）。"
    return Unavailable(Reason("service-silent", said, "请稍后再试，或重启服务。"))


def _trust(settings: Settings) -> ssl.SSLContext | None:
    """Trust exactly the certificate that this installation serves, under whichever name it is called."""
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(cafile=str(settings.tls_certificate))
    context.check_hostname = False
    return context
