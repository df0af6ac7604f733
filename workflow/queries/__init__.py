"""Questions about the store: read-only, scoped to the asker in the query itself, words already made.

Invariant: pages and JSON ask the same functions; each takes a connection and keyword arguments only.
"""

from workflow.queries.audit import (
    AuditFilter,
    AuditPage,
    audit_entries,
    audit_entry,
    audit_export,
    audited_project,
    chain_entries,
)
from workflow.queries.board import Board, board
from workflow.queries.checks import Checks, checks
from workflow.queries.definitions import (
    Version,
    definition_findings,
    definition_of,
    definition_text,
    latest_versions,
    versions,
)
from workflow.queries.dossier import Dossier, dossier
from workflow.queries.inbox import IncidentPage, NoticePage, incidents, notices
from workflow.queries.intake import intake_plan
from workflow.queries.ledger import Ledger, LedgerHead, LedgerRow, ledger, ledger_head
from workflow.queries.lists import (
    Choices,
    Published,
    choices,
    latest_definition,
    published,
)
from workflow.queries.portfolio import (
    Called,
    Facets,
    Filters,
    ProjectItem,
    ProjectPage,
    called,
    facets,
    namesakes,
    projects,
)
from workflow.queries.record import AuditHead, audit_head, timeline
from workflow.queries.snapshot import snapshot
from workflow.queries.staffing import Absence, Place, abandoned, absence
from workflow.queries.stages import reply_reasons, stage_file
from workflow.queries.taking_over import TakeOverView, take_over
from workflow.queries.views import ProjectView, StageFile, StageView, Timeline
from workflow.queries.warnings import KINDS, Trouble, Warnings, trouble, warnings, worst
from workflow.queries.whole import Overview, overview, project
from workflow.queries.worklist import WorkItem, Worklist, worklist

__all__ = [
    "KINDS",
    "Absence",
    "AuditFilter",
    "AuditHead",
    "AuditPage",
    "Board",
    "Called",
    "Checks",
    "Choices",
    "Dossier",
    "Facets",
    "Filters",
    "IncidentPage",
    "Ledger",
    "LedgerHead",
    "LedgerRow",
    "NoticePage",
    "Overview",
    "Place",
    "ProjectItem",
    "ProjectPage",
    "ProjectView",
    "Published",
    "StageFile",
    "StageView",
    "TakeOverView",
    "Timeline",
    "Trouble",
    "Version",
    "Warnings",
    "WorkItem",
    "Worklist",
    "abandoned",
    "absence",
    "audit_entries",
    "audit_entry",
    "audit_export",
    "audit_head",
    "audited_project",
    "board",
    "called",
    "chain_entries",
    "checks",
    "choices",
    "definition_findings",
    "definition_of",
    "definition_text",
    "dossier",
    "facets",
    "incidents",
    "intake_plan",
    "latest_definition",
    "latest_versions",
    "ledger",
    "ledger_head",
    "namesakes",
    "notices",
    "overview",
    "project",
    "projects",
    "published",
    "reply_reasons",
    "snapshot",
    "stage_file",
    "take_over",
    "timeline",
    "trouble",
    "versions",
    "warnings",
    "worklist",
    "worst",
]
