"""The composition root: settings, store, files, metronome, mailer, routes. The only place that knows all parts.

Invariant: a route without a policy does not start, and nothing here decides anything about a project.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy import Connection, text
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

import api.models  # noqa: F401 - its tables are created with all others
import notifications.models  # noqa: F401 - as above
from api import control, examinations, operations, passwords, routes, sessions, web
from api.auth import check_policies
from api.door import Door
from api.intake import apart
from api.mail import deliverer
from api.pace import Pace
from api.prints import workbook
from api.prints.press import Press
from api.problems import on_http_error, on_invalid_request, on_refusal
from api.security import FORM_FIELDS, FORM_FILES, FORM_PART, Guard
from api.settings import Settings
from api.tickets import VALID, Tickets
from notifications import ledger
from workflow.actions.once import forget_commands
from workflow.actions.seals import seal
from workflow.errors import WorkflowError
from workflow.files import Files
from workflow.people import SYSTEM
from workflow.queries.stored import named_among
from workflow.scheduler import Metronome, Work, wall_clock
from workflow.store import Store

SEAL_SECONDS = 3600
CLEAN_SECONDS = 6 * 3600
SETTLE_SECONDS = 24 * 3600
ORPHANS_AFTER = 2 * VALID
"""A file goes only when no ticket can name it any more, also one that is just being used."""

COMMANDS_KEPT = timedelta(days=7)

_SERVER_CLOCK = text("SELECT clock_timestamp()")


def create_app(
    settings: Settings,
    clock: Callable[[], datetime] | None = None,
    *,
    beating: bool = True,
    store: Store | None = None,
) -> FastAPI:
    """The application. `clock` says what time it is; without `beating` nothing happens by itself.

    `store` is its own from `open_store`, if it is open already; the application closes it.
    """
    app = FastAPI(
        title="审批",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        form_limits={"max_fields": FORM_FIELDS, "max_files": FORM_FILES, "max_part_size": FORM_PART},
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers={
            HTTPException: on_http_error,
            RequestValidationError: on_invalid_request,
            WorkflowError: on_refusal,
        },
    )
    app.state.settings = settings
    app.state.store = store
    app.state.clock = clock or wall_clock
    app.state.pace = Pace(settings.limits)
    app.state.proofs = {}
    app.state.examinations = set()
    app.state.beating = beating
    # One flat list: routers included in routers are looked through anew on each level, for every request.
    for router in (*routes.ROUTERS, routes.health.numbers, control.router, *web.ROUTERS):
        app.router.routes.extend(router.routes)
    app.state.problem_page = web.problem_page
    check_policies(app.routes)
    return app


def open_store(settings: Settings) -> Store:
    """The store of these settings, started; a WorkflowError says why a start is refused."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(settings.database)
    store.start()
    return store


def works(store: Store, files: Files, settings: Settings) -> list[tuple[str, float, Work]]:
    """What has to happen again and again in a running service: (name, seconds, what)."""
    found: list[tuple[str, float, Work]] = [
        ("sweep", settings.sweep_seconds, lambda now: operations.sweep(store, now)),
        ("settle", SETTLE_SECONDS, lambda now: operations.settle(store, now)),
        ("seal", SEAL_SECONDS, lambda now: store.act(seal, actor=SYSTEM, now=now)),
        ("clean", CLEAN_SECONDS, lambda now: clean(store, files, settings, now)),
    ]
    deliver = deliverer(store, settings)
    if deliver is not None:
        found.append(("deliver", settings.deliver_seconds, deliver))
    return found


def clean(store: Store, files: Files, settings: Settings, now: datetime) -> None:
    """Remove what nobody needs any more: sessions run out, old answers, files that no row names."""
    idle, absolute = timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.absolute_hours)
    store.act(sessions.forget, idle=idle, absolute=absolute, now=now)
    store.act(forget_commands, older_than=COMMANDS_KEPT, actor=SYSTEM, now=now)
    files.sweep_orphans(lambda digests: store.read(named_among, digests=digests), now - ORPHANS_AFTER)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    store: Store = app.state.store or await asyncio.to_thread(open_store, settings)
    files = Files(settings.documents)
    if store.dialect == "sqlite":
        # One process owns this file, so whatever is still leased or under way was left by one that died.
        for left in (ledger.try_at_once, examinations.give_up):
            await asyncio.to_thread(store.act, left, now=app.state.clock())
    # Many hosts may share a server, whose clock is the second one of each; alone, it is the time that has gone by.
    against = partial(store.read, _server_clock) if store.dialect == "postgresql" else None
    metronome = Metronome(works(store, files, settings), against=against)
    app.state.door = Door(store)
    app.state.files = files
    app.state.tickets = Tickets(settings.data, files)
    app.state.metronome = metronome
    app.state.began = app.state.clock()
    app.state.control = control.Control(settings, store)
    app.state.press = await asyncio.to_thread(Press, settings.print)
    app.state.intake_gate = asyncio.Semaphore(apart.AT_ONCE)
    app.state.export_gate = asyncio.Semaphore(workbook.AT_ONCE)
    app.state.password_gate = asyncio.Semaphore(passwords.AT_ONCE)
    if app.state.beating:
        metronome.start()
    try:
        with app.state.control.announced():
            yield
    finally:
        await asyncio.to_thread(metronome.stop)
        await asyncio.to_thread(app.state.press.close)
        if app.state.examinations:
            await asyncio.wait(app.state.examinations)
        await asyncio.to_thread(store.close)


def _server_clock(connection: Connection) -> datetime:
    return cast("datetime", connection.execute(_SERVER_CLOCK).scalar_one())
