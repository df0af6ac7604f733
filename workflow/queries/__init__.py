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
)
from workflow.queries.inbox import IncidentItem, NoticePage, incidents, notices
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
from workflow.queries.staffing import Absence, Place, abandoned, absence
from workflow.queries.stages import stage_file
from workflow.queries.views import ProjectView, StageFile, StageView, Timeline
from workflow.queries.whole import Overview, overview, project

__all__ = [
    "Absence",
    "AuditFilter",
    "AuditHead",
    "AuditPage",
    "Choices",
    "Filters",
    "IncidentItem",
    "NoticePage",
    "Overview",
    "Place",
    "ProjectPage",
    "ProjectView",
    "Published",
    "StageFile",
    "StageView",
    "Timeline",
    "Worklist",
    "abandoned",
    "absence",
    "audit_entries",
    "audit_entry",
    "audit_export",
    "audit_head",
    "audited_project",
    "choices",
    "incidents",
    "latest_definition",
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
