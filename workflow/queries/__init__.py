"""Questions about the store: read-only, scoped to the asker in the query itself, words already made.

Invariant: pages and JSON ask the same functions; each takes a connection and keyword arguments only.
"""

from workflow.queries.definitions import (
    Version,
    definition_findings,
    definition_of,
    definition_text,
    latest_versions,
    versions,
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
from workflow.queries.stages import stage_file
from workflow.queries.views import ProjectView, StageFile, StageView, Timeline
from workflow.queries.whole import Overview, overview, project

__all__ = [
    "AuditHead",
    "Choices",
    "Filters",
    "IncidentItem",
    "NoticePage",
    "Overview",
    "ProjectPage",
    "ProjectView",
    "Published",
    "StageFile",
    "StageView",
    "Timeline",
    "Version",
    "Worklist",
    "audit_head",
    "choices",
    "definition_findings",
    "definition_of",
    "definition_text",
    "incidents",
    "latest_definition",
    "latest_versions",
    "notices",
    "overview",
    "project",
    "projects",
    "published",
    "snapshot",
    "stage_file",
    "timeline",
    "versions",
    "worklist",
]
