"""What pages and JSON show of a project: plain frozen structs, words already made. No logic, no IO."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct

from workflow.errors import Reason
from workflow.queries.words import Due, Light
from workflow.state import Record


class Offer(Struct, frozen=True):
    """One thing that this person could do here: allowed if there is no reason against it."""

    action: str
    label: str
    reasons: tuple[Reason, ...] = ()
    target: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the server would accept it now."""
        return not self.reasons


class Ball(Struct, frozen=True):
    """Who holds the ball: one open stage, who must act, since when, until when, and why."""

    stage: str
    title: str
    who: str
    why: str
    since: str
    due: Due | None
    outside: bool


class PaperView(Struct, frozen=True):
    """A document of the project at its present version; `unsettles` says what another version would begin again."""

    key: str
    title: str
    version: int
    reply: bool
    sha256: str
    name: str
    size: int
    media: str
    number: str
    issuer: str
    issued_on: date | None
    kept_at: str
    by: str
    at: str
    fields: tuple[tuple[str, str], ...]
    valid_until: date | None
    validity: Due | None
    valid: bool
    taken_over: bool = False
    checked_by: str = ""
    caution: str = ""
    unsettles: tuple[str, ...] = ()


class DocumentView(Struct, frozen=True):
    """A kind of paper as a form offers it."""

    key: str
    title: str
    formats: tuple[str, ...]
    number: bool
    register: str
    reply: bool
    help: str
    fields: tuple[FieldView, ...] = ()


class FieldView(Struct, frozen=True):
    """A typed value: a fact of the project, or a field of a reply, perhaps one that a condition will read."""

    key: str
    title: str
    kind: str
    unit: str
    options: tuple[str, ...]
    help: str
    value: Any = None
    words: str = ""
    read: bool = False


class NeedView(Struct, frozen=True):
    """One requirement of a stage and how it stands: ok, missing, expired, unknown or passed.

    `documents` are its options, `addable` those that this reader may hand in now.
    """

    key: str
    title: str
    standing: str
    words: str
    paper: PaperView | None
    documents: tuple[DocumentView, ...]
    addable: tuple[DocumentView, ...]
    recommended: bool
    soft: bool
    basis: str
    condition: str


class StepView(Struct, frozen=True):
    """One step of a stage: done, now or ahead; who did it, or whose it is."""

    key: str
    title: str
    kind: str
    standing: str
    who: str
    done: str
    limit: str
    basis: str
    body: str


class ClockView(Struct, frozen=True):
    """A running clock with its explanation, one line a day; `restarted` says why it began again, and what was
    late by then.
    """

    title: str
    started_on: date
    limit: str
    due: Due | None
    statutory: str
    statutory_due: str
    basis: str
    extensions: tuple[str, ...]
    outside: bool
    stopped: bool
    restarted: str
    lines: tuple[str, ...]


class OrderView(Struct, frozen=True):
    """A 督办单 that is open: who issued it on which day, who has to answer, and whether this reader is among them."""

    by: str
    on: str
    to: str
    wanted: str
    due: Due | None
    mine: bool


class OrderPaper(Struct, frozen=True):
    """A 督办单 as it is printed: which entry of the record it is, and what ended it, if anything has."""

    seq: int
    by: str
    title: str
    at: str
    to: str
    wanted: str
    due_on: date | None
    ended: str


class EntryView(Struct, frozen=True):
    """An entry that waits for its check."""

    number: int
    stage: str
    stage_title: str
    words: str
    by: str
    at: str
    checkers: str
    files: tuple[tuple[str, str], ...]
    confirm: Offer
    withdraw: Offer
    taken_over: bool = False


class StageView(Struct, frozen=True):
    """One stage as lists and the graph show it; `shown_from` is the first day on which its publicity could hang out."""

    key: str
    title: str
    phase: str
    state: str
    state_words: str
    shown_from: date | None
    light: Light
    due: Due | None
    holders: str
    holder_ids: tuple[int, ...]
    outside: bool
    since: str
    condition: str
    blockers: tuple[str, ...]
    missing: tuple[Reason, ...]
    issues: tuple[str, ...]
    issued_on: date | None
    taken_over: bool
    implied: bool
    visit: int
    turn: int
    is_open: bool
    nature: str
    basis: str
    help: str


class Told(Struct, frozen=True):
    """One event of the record as a sentence, with the scans that came with it as (hash, name)."""

    seq: int
    kind: str
    at: str
    day: date
    who: str
    text: str
    stage: str
    files: tuple[tuple[str, str], ...] = ()


class Timeline(Struct, frozen=True):
    """One page of a record, newest first; `after` is the number to go on from, 0 at the end."""

    items: tuple[Told, ...]
    after: int


class Link(Struct, frozen=True):
    """Another project that this person may or may not open: without a reference it is out of sight."""

    ref: str
    title: str


class WaitView(Struct, frozen=True):
    """Another project that this one waits for, `ref` if this person sees it; and whether they may let it go on without."""

    ref: str
    words: str
    stop: Offer


class ProjectView(Struct, frozen=True):
    """Everything that the project page shows. `due` is the move of the whole project that its stages call for."""

    ref: str
    title: str
    code: str
    type: str
    type_title: str
    version: int
    unit: str
    organisation: int
    clerk: str
    clerk_id: int
    state: str
    state_words: str
    own: Light
    outside: Light
    validity: Light
    parent: Link | None
    waits: tuple[WaitView, ...]
    taking_over: bool
    due: Offer | None
    unfinished: str
    phases: tuple[str, ...]
    stages: tuple[StageView, ...]
    balls: tuple[Ball, ...]
    papers: tuple[PaperView, ...]
    entries: tuple[EntryView, ...]
    facts: tuple[FieldView, ...]
    unknown: tuple[FieldView, ...]
    warnings: tuple[Reason, ...]
    offers: tuple[Offer, ...]
    seq: int
    head: str

    @property
    def suspended(self) -> bool:
        """Whether it stands still until a chief resumes it."""
        return self.state.endswith("_suspended")


class Colleague(Struct, frozen=True):
    """A person whom work may be given to, and what tells them apart from others of that name or post."""

    id: int
    name: str
    in_full: str


class Rejected(Struct, frozen=True):
    """The last entry of a stage, not confirmed by its checker or taken back: what became of it, what had been entered,
    and by whom and for whom.
    """

    words: str
    authors: tuple[int, ...]
    what: Record


class StageLink(Struct, frozen=True):
    """Another stage of the project, to be opened from here."""

    key: str
    title: str


class StageFile(Struct, frozen=True):
    """Everything that the page of one stage shows: the file, its clock, what may be done here.

    It cannot go on while the project `lacks_facts`, or replies of other stages lack fields. `unsaid` are the replies
    of its own that lack some, with those alone.
    `for_whom` holds it, if this person does so as a delegate.
    `answer_by` is when a 督办单 issued today would have to be answered, unless its issuer says otherwise.
    """

    ref: str
    project: str
    project_state: str
    clerk: str
    stage: StageView
    needs: tuple[NeedView, ...]
    steps: tuple[StepView, ...]
    clock: ClockView | None
    fixes: tuple[str, ...]
    sent_back: str
    rejected: Rejected | None
    passed: tuple[str, ...]
    entries: tuple[EntryView, ...]
    replies: tuple[PaperView, ...]
    lacks_facts: bool
    lacks_fields: tuple[StageLink, ...]
    unsaid: tuple[DocumentView, ...]
    expiring: bool
    issues: tuple[DocumentView, ...]
    issues_now: bool
    conclusions: tuple[str, ...]
    step: str
    step_title: str
    body: str
    content: str
    offers: tuple[Offer, ...]
    colleagues: tuple[Colleague, ...]
    signers: tuple[Colleague, ...]
    follows: str
    acted: str
    for_whom: str
    changed: tuple[tuple[str, str], ...]
    record: tuple[Told, ...]
    letter: str
    order: OrderView | None
    answer_by: date
    today: date
