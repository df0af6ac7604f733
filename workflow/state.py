"""The state of one project, as the fold of its events leaves it. Frozen; `evolve` alone makes new ones.

Invariant: everything here is decided by the events, so it can be thrown away and folded again.
People and organisations are named by id; what they are called is not the project's business.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from workflow.clock import Limit, Span

WAITING, PREPARING, ISSUED = "waiting", "preparing", "issued"
NOT_APPLICABLE, REFUSED, LAPSED, CANCELLED = "not_applicable", "refused", "lapsed", "cancelled"

CLOSED_STATES = frozenset({WAITING, NOT_APPLICABLE, ISSUED, REFUSED, LAPSED, CANCELLED})
PASSED_STATES = frozenset({ISSUED, NOT_APPLICABLE})
ORDER = "order."
"""The task of whoever has to answer a 督办单, and the key of its clock; no state of a stage is called so."""

GIVEN = frozenset({"step.handed_over", "project.handed_over", "step.offered"})
"""The moves by which a stage changes hands where it is."""

RUNNING_STATES = frozenset({"planning", "reserve", "active", "in_use"})
ENDED_STATES = frozenset({"archived", "terminated"})


class Clock(Struct, frozen=True, omit_defaults=True):
    """The ledger of time of a stage's current state, or of a reply's validity.

    `started_on` is day 0. `limit` is the one that the ladder follows (a step's own limit, or what an
    outside body promised), `statutory` the legal one beside it. `due_on` is None while stopped.
    `warn_on` is the first day of the yellow light, `rung` the next rung of the ladder in this `epoch`,
    `next_at` the instant it takes effect; whatever moves the due date opens a new epoch.
    """

    key: str
    started_on: date
    limit: Limit
    statutory: Limit | None = None
    spans: tuple[Span, ...] = ()
    extensions: tuple[Limit, ...] = ()
    due_on: date | None = None
    warn_on: date | None = None
    statutory_on: date | None = None
    provisional: bool = False
    statutory_provisional: bool = False
    outside: bool = False
    epoch: int = 0
    rung: int = 0
    next_at: datetime | None = None

    @property
    def stopped(self) -> bool:
        """Whether a span is still open."""
        return bool(self.spans) and self.spans[-1].end is None


class Act(Struct, frozen=True, omit_defaults=True):
    """Who acted in the current visit, in which capacity, for whom, and when.

    With `body`, that outside office decided, `entered_by` recorded it, perhaps for another, and `by` checked the
    original.
    """

    what: str
    by: int
    at: datetime
    on_behalf: int = 0
    body: str = ""
    entered_by: int = 0
    entered_for: int = 0

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody whose hands were in it: who acted, who entered it, and whoever they did it for."""
        return tuple(filter(None, (self.by, self.on_behalf, self.entered_by, self.entered_for)))


class Fix(Struct, frozen=True, omit_defaults=True):
    """One thing that a return or a correction notice asks to put right."""

    text: str
    document: str = ""


class Order(Struct, frozen=True, omit_defaults=True):
    """A 督办单 that is open: who issued it and when, in whose place, what is wanted, and the clock of its answer.

    It is addressed to the holders of its stage, whoever they become.
    """

    by: int
    at: datetime
    wanted: str
    clock: Clock
    on_behalf: int = 0

    @property
    def issuers(self) -> tuple[int, ...]:
        """Who hears what becomes of it: the one who issued it and the one acted for."""
        return (self.by, self.on_behalf) if self.on_behalf else (self.by,)


class StageState(Struct, frozen=True, omit_defaults=True):
    """Where one stage stands.

    `state` has no default, so that it is always spelled out. `turn` counts moves, so that a stale page is
    noticed; `last` is the last of them. `holders` are those it waits for: also while it is not open, if what
    comes next is theirs to say. `acts` and `papers` belong to the current visit: who acted, and the hash of
    every paper that the submission rests on. `fixes` is what a return or a correction notice lists,
    `not_confirmed` why the last entry did not pass its check, `rejected` who found so and whose the entry is to be
    made again (`entered_by`). `kept` is the preparation's clock while the stage
    is held, and after the submission if it was stopped or extended: in the same visit it goes on and never
    begins anew. `order` is what chases it where it is now: the next move ends it.
    """

    state: str
    visit: int = 0
    turn: int = 0
    since: datetime | None = None
    last: Act | None = None
    holders: tuple[int, ...] = ()
    clock: Clock | None = None
    opens_on: date | None = None
    acts: tuple[Act, ...] = ()
    papers: dict[str, str] = {}
    passed: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    not_confirmed: str = ""
    rejected: Act | None = None
    prepared_from: date | None = None
    kept: Clock | None = None
    issued_on: date | None = None
    taken_over: bool = False
    order: Order | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody, inside or outside, has to do something about it now."""
        return self.state not in CLOSED_STATES

    @property
    def in_hand(self) -> bool:
        """Whether it waits for somebody: it is open, or what comes next of it is its holders' to say."""
        return self.is_open or bool(self.holders)

    @property
    def held_from(self) -> datetime | None:
        """Since when its holders have it: since it came to this place, or was given to them there."""
        given = self.last is not None and self.last.what in GIVEN
        return self.last.at if self.last and given else self.since

    @property
    def mover(self) -> Act | None:
        """Who moved it last; where that was an act of this visit, with for whom."""
        last = self.last
        return next((act for act in self.acts if last and (act.by, act.at) == (last.by, last.at)), last)

    @property
    def step(self) -> str:
        """The key of the step it is in, or the empty string."""
        return "" if self.state in CLOSED_STATES or self.state == PREPARING else self.state.partition(".")[0]


class Paper(Struct, frozen=True, omit_defaults=True):
    """One version of a document: uploaded (`sha256`), or registered without upload (`kept_at`).

    A reply carries number, issuer, day of issue, validity and the values of its declared fields.
    `by` entered it and, where that needs a check, `checked_by` saw the original; `on_behalf` and `checked_for` are
    for whom they did. `authors` are all who ever handed in a version that was not there: none of them may decide on it.
    """

    version: int
    by: int
    at: datetime
    sha256: str = ""
    name: str = ""
    size: int = 0
    media: str = ""
    number: str = ""
    issuer: str = ""
    issued_on: date | None = None
    valid_until: date | None = None
    fields: dict[str, Any] = {}
    kept_at: str = ""
    authors: tuple[int, ...] = ()
    checked_by: int = 0
    lapsed: bool = False
    clock: Clock | None = None
    marks: tuple[str, ...] = ()
    on_behalf: int = 0
    checked_for: int = 0

    @property
    def content(self) -> str:
        """What a decision names: the hash of the file, or the registration spelled out."""
        if not self.sha256:
            return f"registered:{self.number}:{self.issued_on}:{self.kept_at}:{self.version}"
        particulars = f"{self.number}:{self.issued_on or ''}:{self.issuer}"
        return self.sha256 if particulars == "::" else f"{self.sha256}:{particulars}"

    @property
    def is_counted(self) -> bool:
        """Whether nothing more has to be done about its validity: it has none, it has lapsed, or its clock runs."""
        return self.valid_until is None or self.lapsed or bool(self.clock and self.clock.due_on)

    def is_valid(self, day: date) -> bool:
        """Whether it may be relied upon on that day."""
        return not self.lapsed and (self.valid_until is None or day <= self.valid_until)


class Scan(Struct, frozen=True, omit_defaults=True):
    """The scan of an original that is no paper of the project: a receipt, a notice."""

    sha256: str
    name: str
    size: int
    media: str
    marks: tuple[str, ...] = ()


class Entry(Struct, frozen=True, omit_defaults=True):
    """Something entered by one person that takes effect when another has checked it.

    `what` is the record itself: an act of an outside office, a decision signed on paper, a reply taken over.
    `scan` is of the original that says so, where `what` does not carry its own. `on_behalf` is for whom `by` made it.
    """

    number: int
    stage: str
    what: Record
    by: int
    at: datetime
    checkers: tuple[int, ...]
    scan: Scan | None = None
    on_behalf: int = 0

    @property
    def scans(self) -> tuple[Scan | ReplyData | PaperSigned, ...]:
        """Every file that came with it."""
        own = (self.scan,) if self.scan else ()
        signed = (self.what,) if isinstance(self.what, PaperSigned) else ()
        replies = self.what.replies if isinstance(self.what, Concluded | TakenOver) else ()
        return tuple(each for each in (*own, *signed, *replies) if each.sha256)


class Filed(Struct, frozen=True, tag="filed", omit_defaults=True):
    """The file was handed in at the outside office, with its receipt."""

    on: date
    receipt: str = ""


class Accepted(Struct, frozen=True, tag="accepted", omit_defaults=True):
    """The outside office accepted it: day 0 of its promised and statutory limits."""

    on: date
    number: str = ""


class CorrectionNotified(Struct, frozen=True, tag="correction", omit_defaults=True):
    """The once-only list of defects (一次性补正告知, 行政许可法第32条)."""

    on: date
    fixes: tuple[Fix, ...]
    number: str = ""


class Corrected(Struct, frozen=True, tag="corrected", omit_defaults=True):
    """What the correction notice asked for was handed in."""

    on: date
    receipt: str = ""


class SpecialBegan(Struct, frozen=True, tag="special_began", omit_defaults=True):
    """A special procedure (听证、专家评审…, 行政许可法第45条) stops the outside clock from that day."""

    on: date
    procedure: str
    basis: str = ""


class SpecialEnded(Struct, frozen=True, tag="special_ended", omit_defaults=True):
    """The special procedure ended; that day counts again."""

    on: date


class Extended(Struct, frozen=True, tag="extended", omit_defaults=True):
    """The head of the outside office extended its limit (行政许可法第42条)."""

    on: date
    by: Limit
    reason: str
    number: str = ""


class ReplyData(Struct, frozen=True, omit_defaults=True):
    """What is written on a reply that was issued."""

    document: str
    issued_on: date
    number: str = ""
    issuer: str = ""
    valid_until: date | None = None
    fields: dict[str, Any] = {}
    sha256: str = ""
    name: str = ""
    size: int = 0
    media: str = ""
    kept_at: str = ""
    marks: tuple[str, ...] = ()


class Concluded(Struct, frozen=True, tag="concluded", omit_defaults=True):
    """The outside office decided: `approved`, `returned` or `refused`."""

    on: date
    outcome: str
    opinion: str = ""
    replies: tuple[ReplyData, ...] = ()
    fixes: tuple[Fix, ...] = ()


class PaperSigned(Struct, frozen=True, tag="paper_signed", omit_defaults=True):
    """A chief signed on paper; the sheet is scanned or kept (代录纸质签批)."""

    step: str
    signer: int
    on: date
    outcome: str
    opinion: str
    content: str
    sha256: str = ""
    kept_at: str = ""
    fixes: tuple[Fix, ...] = ()
    marks: tuple[str, ...] = ()


class TakenOver(Struct, frozen=True, tag="taken_over", omit_defaults=True):
    """A stage that was issued before this system knew the project (补录), with its replies."""

    replies: tuple[ReplyData, ...]


class Completed(Struct, frozen=True, tag="completed", omit_defaults=True):
    """Fields of a reply that nobody had filled in; `basis` says where they are from if the original is silent."""

    document: str
    fields: dict[str, Any]
    basis: str = ""


Record = (
    Filed
    | Accepted
    | CorrectionNotified
    | Corrected
    | SpecialBegan
    | SpecialEnded
    | Extended
    | Concluded
    | PaperSigned
    | TakenOver
    | Completed
)


class Wait(Struct, frozen=True, omit_defaults=True):
    """This project waits until another has passed a stage (or, with no stage, is in use)."""

    project: int
    stage: str = ""
    ended: bool = False


class ProjectState(Struct, frozen=True, omit_defaults=True):
    """One project: what it is, where it stands, and every stage and document of it.

    `shelved` are the stages, with their visits, that had begun when it was last taken back out of work (退回储备).
    """

    definition: str
    version: int
    digest: str
    title: str
    organisation: int
    clerk: int
    state: str
    code: str = ""
    facts: dict[str, Any] = {}
    stages: dict[str, StageState] = {}
    documents: dict[str, Paper] = {}
    entries: dict[str, Entry] = {}
    waits: tuple[Wait, ...] = ()
    parent: int = 0
    taking_over: bool = False
    shelved: dict[str, int] = {}

    def stage(self, key: str) -> StageState:
        """The state of that stage; a stage nothing has happened to yet is waiting."""
        return self.stages.get(key, NEVER_TOUCHED)

    @property
    def is_running(self) -> bool:
        """Whether work goes on: neither suspended, terminated nor archived."""
        return self.state in RUNNING_STATES

    @property
    def is_suspended(self) -> bool:
        """Whether it stands still as a whole (中止) until a chief lets it go on."""
        return self.state not in RUNNING_STATES | ENDED_STATES

    def has_reached(self, stage: str) -> bool:
        """Whether that stage has passed, or, without one, the project is in use: what others may wait for."""
        return self.stage(stage).state in PASSED_STATES if stage else self.state in {"in_use", "archived"}

    @property
    def is_blocked(self) -> bool:
        """Whether it still waits for another project."""
        return any(not wait.ended for wait in self.waits)


NEVER_TOUCHED = StageState(WAITING)

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(ProjectState)


def to_json(state: ProjectState) -> str:
    """The one spelling of a state: the same state always gives the same text."""
    return _ENCODER.encode(state).decode()


def from_json(text: str) -> ProjectState:
    """The state that `to_json` spelled."""
    return _DECODER.decode(text)
