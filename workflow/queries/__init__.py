"""Questions about the store: read-only, scoped to the asker in the query itself, words already made.

Invariant: pages and JSON ask the same functions; each takes a connection and keyword arguments only.
"""

from workflow.queries.audit import (
    AuditFilter,
    audit_entries,
    audit_entry,
    audit_export,
    audited_project,
    chain_entries,
)
from workflow.queries.board import Board, board
from workflow.queries.calendar import year_text
from workflow.queries.checks import Checks, checks
from workflow.queries.definitions import (
    DefinitionFile,
    Running,
    Version,
    definition_file,
    definition_findings,
    definition_of,
    definition_text,
    every_version,
    latest_versions,
    versions,
)
from workflow.queries.dossier import dossier
from workflow.queries.inbox import IncidentPage, NoticePage, incidents, notices
from workflow.queries.intake import intake_plan
from workflow.queries.ledger import Ledger, LedgerHead, ledger, ledger_head
from workflow.queries.lists import (
    Choices,
    Published,
    choices,
    latest_definition,
    published,
)
from workflow.queries.portfolio import (
    LIGHT_FILTERS,
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
from workflow.queries.staffing import abandoned, absence, how_many
from workflow.queries.stages import reply_reasons, stage_file
from workflow.queries.taking_over import TakeOverView, take_over
from workflow.queries.views import ProjectView, StageFile, Timeline
from workflow.queries.warnings import Warnings, trouble, warnings, worst
from workflow.queries.whole import Overview, overview, project
from workflow.queries.worklist import WorkItem, Worklist, barred, worklist
from workflow.snapshot import snapshot
