"""Papers: a new version stored under its hash, or registered without upload. Nothing is ever overwritten."""

from __future__ import annotations

from datetime import date, datetime

from msgspec.structs import replace

from workflow import rules
from workflow.actions.casework import Casework, refuse
from workflow.definition import DocumentType, Register
from workflow.errors import NotFound, reason
from workflow.events import DocumentUploaded
from workflow.files import StoredFile
from workflow.state import Paper
from workflow.transaction import Transaction


def upload_document(
    tx: Transaction,
    *,
    ref: str,
    document: str,
    file: StoredFile,
    actor: int,
    now: datetime,
    number: str = "",
    issued_on: date | None = None,
    issuer: str = "",
) -> int:
    """Add a version of a paper whose file is already stored. Returns the project's event number.

    Decisions of running visits that rested on the older version no longer count: their stages begin
    again at the first step. Refused for replies, classified papers, wrong formats, and papers that an
    outside office already holds.
    """
    work, kind = _load(tx, ref, document, actor, now)
    reasons = work.may(rules.may_hand_in, document)
    reasons += rules.check_text(number, "number", "文号", longest=100)
    reasons += rules.check_text(issuer, "issuer", "发文机关", longest=200)
    if issued_on is not None and issued_on > work.day:
        reasons.append(reason("date-in-future", "issued_on", title=kind.title, day=issued_on))
    if kind.register_only is Register.ALWAYS:
        reasons.append(reason("classified-upload", document, title=kind.title))
    refuse([*reasons, *rules.check_format(kind, file.name)])

    paper = _next(
        work, document, sha256=file.sha256, name=file.name, size=file.size, media=file.media, marks=file.marks,
        number=number.strip(), issued_on=issued_on, issuer=issuer.strip(),
    )  # fmt: skip
    _add(work, document, paper)
    return work.project.seq


def register_document(
    tx: Transaction,
    *,
    ref: str,
    document: str,
    number: str,
    issued_on: date,
    kept_at: str,
    actor: int,
    now: datetime,
) -> int:
    """Register a paper without upload (仅登记不上传): its number, its day and where it is kept."""
    work, kind = _load(tx, ref, document, actor, now)
    reasons = work.may(rules.may_hand_in, document)
    if kind.register_only is Register.NO:
        reasons.append(reason("registration-not-allowed", document, title=kind.title))
    reasons += rules.check_text(number, "number", "文号", required=True, longest=100)
    reasons += rules.check_text(kept_at, "kept_at", "存放处", required=True, longest=200)
    if issued_on > work.day:
        reasons.append(reason("date-in-future", "issued_on", title=kind.title, day=issued_on))
    refuse(reasons)

    paper = _next(work, document, number=number.strip(), issued_on=issued_on, kept_at=kept_at.strip())
    _add(work, document, paper)
    return work.project.seq


def _load(
    tx: Transaction, ref: str, document: str, actor: int, now: datetime
) -> tuple[Casework, DocumentType]:
    work = Casework.load(tx, ref, actor=actor, now=now)
    kind = work.project.definition.documents.get(document)
    if kind is None:
        raise NotFound(reason("document-not-found", "document"))
    return work, kind


def _next(work: Casework, document: str, **content: object) -> Paper:
    before = work.project.state.documents.get(document)
    authors = before.authors if before else ()
    paper = Paper(
        version=before.version + 1 if before else 1,
        by=work.actor,
        on_behalf=work.on_behalf,
        at=work.now,
        authors=authors,
        **content,  # type: ignore[arg-type]
    )
    if before is not None and before.content == paper.content:
        return paper  # what others wrote is theirs, whoever hands it in once more: nothing begins again
    return replace(paper, authors=tuple(dict.fromkeys(filter(None, (*authors, work.actor, work.on_behalf)))))


def _add(work: Casework, document: str, paper: Paper) -> None:
    work.record(DocumentUploaded(document, paper))
    work.replaced(document)
    work.settle(work.project.definition.needed_by.get(document, ()))
