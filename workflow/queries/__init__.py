"""Questions about the store: read-only, scoped to the asker in the query itself, words already made.

Invariant: pages and JSON ask the same functions; each takes a connection and keyword arguments only.
"""

from workflow.queries.checks import Checks, checks
from workflow.queries.inbox import IncidentItem, NoticePage, incidents, notices
from workflow.queries.intake import intake_plan
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
    "Checks",
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
    "Worklist",
    "audit_head",
    "checks",
    "choices",
    "incidents",
    "intake_plan",
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
