"""Questions about the store: read-only, scoped to the asker in the query itself, words already made.

Invariant: pages and JSON ask the same functions; each takes a connection and keyword arguments only.
"""

from workflow.queries.dossier import Dossier, dossier
from workflow.queries.inbox import IncidentItem, NoticePage, incidents, notices
from workflow.queries.ledger import Ledger, LedgerHead, LedgerRow, ledger, ledger_head
from workflow.queries.lists import (
    Choices,
    Filters,
    ProjectPage,
    Published,
    Worklist,
    choices,
    latest_definition,
    projects,
    published,
    worklist,
)
from workflow.queries.record import AuditHead, audit_head, timeline
from workflow.queries.snapshot import snapshot
from workflow.queries.stages import stage_file
from workflow.queries.views import ProjectView, StageFile, StageView, Timeline
from workflow.queries.whole import Overview, overview, project

__all__ = [
    "AuditHead",
    "Choices",
    "Dossier",
    "Filters",
    "IncidentItem",
    "Ledger",
    "LedgerHead",
    "LedgerRow",
    "NoticePage",
    "Overview",
    "ProjectPage",
    "ProjectView",
    "Published",
    "StageFile",
    "StageView",
    "Timeline",
    "Worklist",
    "audit_head",
    "choices",
    "dossier",
    "incidents",
    "latest_definition",
    "ledger",
    "ledger_head",
    "notices",
    "overview",
    "project",
    "projects",
    "published",
    "snapshot",
    "stage_file",
    "timeline",
    "worklist",
]
