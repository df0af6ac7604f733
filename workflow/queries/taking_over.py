"""补录: every stage that a project taken over may have behind it, and how far each has been entered."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from sqlalchemy import Connection

from workflow import rules
from workflow.definition import Stage
from workflow.queries.offers import project_offers
from workflow.queries.papers import document_view, paper_view
from workflow.queries.reading import Reading, read_project
from workflow.queries.record import stage_record
from workflow.queries.sent_back import rejected
from workflow.queries.views import DocumentView, Offer, PaperView, Rejected
from workflow.state import ISSUED

STANDINGS = {"none": "未录", "pending": "待核对", "checked": "已核对", "implied": "视为已办"}
"""How far a stage has been entered. 视为已办: a later one is entered, so this one must have been done."""


SENT_BACK = "退回重录"
"""How a stage stands whose entry did not agree with the original."""


class TakeOverRow(Struct, frozen=True):
    """One stage: how it stands, what is entered of it, what was not confirmed, and what may still be entered."""

    key: str
    title: str
    phase: str
    standing: str
    words: str
    replies: tuple[PaperView, ...]
    issues: tuple[DocumentView, ...]
    checkers: str
    rejected: Rejected | None
    offer: Offer | None


class TakeOverView(Struct, frozen=True):
    """The whole list, in the order of the definition."""

    ref: str
    title: str
    open: bool
    phases: tuple[str, ...]
    rows: tuple[TakeOverRow, ...]
    close: Offer | None

    @property
    def entered(self) -> int:
        """How many stages have been entered, checked or not."""
        return sum(1 for row in self.rows if row.standing in {"pending", "checked"})

    def after(self, stage: str) -> str:
        """The next stage that nobody has entered yet; empty if there is none."""
        keys = [row.key for row in self.rows]
        rest = self.rows[keys.index(stage) + 1 :] if stage in keys else self.rows
        return next((row.key for row in rest if row.standing == "none" and row.offer), "")


def take_over(connection: Connection, *, ref: str, person: int, day: date) -> TakeOverView:
    """Every stage as the page 补录批复 shows it; NotFound unless the person may see the project."""
    reading = read_project(connection, ref=ref, person=person, day=day)
    offers = {offer.action: offer for offer in project_offers(reading)}
    behind = _behind(reading)
    return TakeOverView(
        ref=ref,
        title=reading.state.title,
        open=reading.state.taking_over,
        phases=reading.definition.phases,
        rows=tuple(_row(connection, reading, spec, behind) for spec in reading.definition.stages.values()),
        close=offers.get("close-take-over"),
    )


def _row(connection: Connection, reading: Reading, spec: Stage, behind: set[str]) -> TakeOverRow:
    state = reading.state
    pending = next((entry for entry in state.entries.values() if entry.stage == spec.key), None)
    standing = _standing(reading, spec.key, behind, pending=pending is not None)
    lacking = tuple(key for key in spec.issues if key not in state.documents)
    enterable = standing in {"none", "implied"} or (standing == "checked" and bool(lacking))
    sent_back = enterable and bool(state.stage(spec.key).not_confirmed)
    reasons = tuple(rules.may_take_over(reading.case, spec.key))
    return TakeOverRow(
        key=spec.key,
        title=spec.title,
        phase=spec.phase,
        standing=standing,
        words=SENT_BACK if sent_back else STANDINGS[standing],
        replies=tuple(
            paper_view(reading, key, state.documents[key]) for key in spec.issues if key in state.documents
        ),
        issues=tuple(document_view(reading.definition, key) for key in spec.issues),
        checkers=rules.names(reading.directory, pending.checkers) if pending else "",
        rejected=rejected(reading, stage_record(connection, reading, spec.key)) if sent_back else None,
        offer=Offer("take-over", "补录", reasons) if enterable else None,
    )


def _standing(reading: Reading, key: str, behind: set[str], *, pending: bool) -> str:
    stage = reading.state.stage(key)
    if pending:
        return "pending"
    if stage.state == ISSUED:
        entered = any(issued in reading.state.documents for issued in reading.stage(key).issues)
        return "checked" if entered or not reading.stage(key).issues else "implied"
    return "implied" if key in behind else "none"


def _behind(reading: Reading) -> set[str]:
    """The stages that lie before one that is entered."""
    state = reading.state
    entered = {key for key in reading.definition.stages if state.stage(key).state == ISSUED}
    entered |= {entry.stage for entry in state.entries.values()}
    return {before for key in entered for before in reading.definition.ancestors(key)} - entered
