"""JSON resources under /api, nouns only. Each handler reads the request, names actor and now, and asks the store."""

from __future__ import annotations

from api.routes import (
    administration,
    decisions,
    definitions,
    documents,
    health,
    inbox,
    projects,
    session,
    stages,
)

ROUTERS = tuple(
    module.router
    for module in (
        session,
        inbox,
        projects,
        stages,
        decisions,
        documents,
        definitions,
        administration,
        health,
    )
)
