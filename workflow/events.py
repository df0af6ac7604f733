"""The closed list of events: facts in the past tense, the only way a project's state ever changes.

Invariant: an event carries all that `evolve` needs, so that the record folds to the state for ever,
without the definition, the calendar or the directory that were used to decide it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from workflow.state import Clock, Entry, Fix, Paper, Record, Wait


class Entered(Struct, frozen=True, omit_defaults=True):
    """Where a move left a stage: its machine state, who holds it now and the clock that runs there.

    `kept` is the clock of the preparation before its steps, if it was stopped or extended: a withdrawal goes on with it.
    """

    state: str
    holders: tuple[int, ...] = ()
    clock: Clock | None = None
    kept: Clock | None = None


class Deed(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What every event may say beside what happened: for whom the actor acted (代), 0 for nobody else."""

    on_behalf: int = 0


class ProjectRegistered(Deed, frozen=True, tag="project.registered"):
    """A project began to be followed, from its first idea or in mid-course (`taking_over`)."""

    definition: str
    version: int
    digest: str
    title: str
    organisation: int
    clerk: int
    code: str = ""
    facts: dict[str, Any] = {}
    parent: int = 0
    taking_over: bool = False


class FactsChanged(Deed, frozen=True, tag="facts.changed"):
    """Facts became known, changed or became unknown (None); the code too may be assigned."""

    facts: dict[str, Any]
    reason: str = ""
    code: str | None = None


class ProjectMoved(Deed, frozen=True, tag="project.moved"):
    """The project's own machine moved: into the reserve, into work, suspended, resumed, ended.

    `begun` are, when it was taken back out of work, the stages that work had begun with, and their visits.
    """

    trigger: str
    to: str
    reason: str = ""
    clocks: dict[str, Clock] = {}
    cancelled: tuple[str, ...] = ()
    begun: dict[str, int] = {}


class ClerkChanged(Deed, frozen=True, tag="project.handed_over"):
    """The project and all that its clerk had in hand went to another clerk."""

    clerk: int
    reason: str
    stages: tuple[str, ...] = ()


class WaitBegan(Deed, frozen=True, tag="wait.began"):
    """The project began to wait for another."""

    wait: Wait


class WaitEnded(Deed, frozen=True, tag="wait.ended"):
    """What the project waited for came about, or a chief let it go on without (`reason`)."""

    project: int
    stage: str = ""
    reason: str = ""


class TakeOverClosed(Deed, frozen=True, tag="project.taken_over"):
    """All entries of a taking-over were checked; from here on the project is followed like any other."""

    stages: tuple[str, ...] = ()


class StageOpened(Deed, frozen=True, tag="stage.opened"):
    """What the stage waited for came about: its papers may be gathered."""

    stage: str
    visit: int
    entered: Entered


class StageSkipped(Deed, frozen=True, tag="stage.skipped"):
    """Its condition does not hold and its turn has come: it passes as not applicable.

    `kept` is the clock of a preparation that had begun, which stands still.
    """

    stage: str
    condition: str
    kept: Clock | None = None


class StageHeld(Deed, frozen=True, tag="stage.held"):
    """It went back to waiting: a fact, a reply or an order it rested on fell away; or its day was fixed.

    `asked` are those who have to say the facts, or enter the replies, for which alone it waits. `kept` is the clock of
    a preparation that had begun: it goes on while somebody is asked, and stands still otherwise. `prepared_from`, its
    day 0, was all that earlier versions kept.
    """

    stage: str
    opens_on: date | None = None
    prepared_from: date | None = None
    kept: Clock | None = None
    asked: tuple[int, ...] = ()


class StageSubmitted(Deed, frozen=True, tag="stage.submitted"):
    """The complete file was handed in; `papers` are the hashes that everything after rests on.

    `kept` is the preparation's clock if it was stopped or extended, as in the places that follow (`Entered`).
    """

    stage: str
    papers: dict[str, str]
    entered: Entered
    kept: Clock | None = None


class StepDecided(Deed, frozen=True, tag="step.decided"):
    """Somebody approved a step; the stage moved on to `entered`.

    `content` is the token of all papers seen. `signed_by` is set for a signature on paper, `body` when an
    outside office decided; then `entered_by`, perhaps for another (`entered_for`), typed it in as `entry` and the
    actor only checked the original.
    `issued` is set when this was the last step of the stage: the replies that came into being. `shown_on` is
    the day on which a publicity was hung out, if that was said.
    """

    stage: str
    step: str
    opinion: str
    content: str
    entered: Entered
    signed_by: int = 0
    entry: int = 0
    entered_by: int = 0
    entered_for: int = 0
    body: str = ""
    issued: dict[str, Paper] = {}
    issued_on: date | None = None
    shown_on: date | None = None


class StageReturned(Deed, frozen=True, tag="stage.returned"):
    """Sent back to its preparation with reasons and items: a new visit; every step replays."""

    stage: str
    step: str
    reason: str
    fixes: tuple[Fix, ...]
    entered: Entered
    signed_by: int = 0
    entry: int = 0
    entered_by: int = 0
    entered_for: int = 0
    body: str = ""


class StageRefused(Deed, frozen=True, tag="stage.refused"):
    """A decider refused: the visit ends; the applicant, who is `asked`, may reapply in a new one."""

    stage: str
    step: str
    reason: str
    signed_by: int = 0
    entry: int = 0
    entered_by: int = 0
    entered_for: int = 0
    body: str = ""
    asked: tuple[int, ...] = ()


class StageWithdrawn(Deed, frozen=True, tag="stage.withdrawn"):
    """The submitter took it back before anybody had acted."""

    stage: str
    entered: Entered
    reason: str = ""


class StageReapplied(Deed, frozen=True, tag="stage.reapplied"):
    """A refused, lapsed or issued stage began again in a new visit."""

    stage: str
    entered: Entered
    reason: str = ""


class StageRestarted(Deed, frozen=True, tag="stage.restarted"):
    """What the visit rests on changed under the deciders' hands: decisions that rested on it no longer count.

    `document` is the paper that was replaced, or empty where a fact that conditions read was changed. `opinions` says
    whether anybody had decided by then; records from before this was asked read as if somebody had.
    """

    stage: str
    document: str
    papers: dict[str, str]
    entered: Entered
    opinions: bool = True


class StageTakenOver(Deed, frozen=True, tag="stage.taken_over"):
    """It was issued before the system knew it (补录); with no replies, it lies behind one that was."""

    stage: str
    replies: dict[str, Paper] = {}
    issued_on: date | None = None
    entry: int = 0


class ReplyCompleted(Deed, frozen=True, tag="reply.completed"):
    """Fields that had been left empty were filled in (补登); nothing that was said before changes."""

    stage: str
    document: str
    fields: dict[str, Any]
    basis: str
    entry: int


class ReplyLapsed(Deed, frozen=True, tag="reply.lapsed"):
    """Its validity ran out before it was used; whoever is `asked` applies for it anew.

    `clock` is its validity, which nothing wakes any more: it shows the lapse until a new reply is there.
    """

    document: str
    stage: str
    asked: tuple[int, ...] = ()
    clock: Clock | None = None


class Batch(Struct, frozen=True):
    """How much came in with one table: so that whoever checks is told of all of it at once."""

    projects: int
    entries: int


class EntryRecorded(Deed, frozen=True, tag="entry.recorded"):
    """Somebody entered what others did; it takes effect when another person has checked it.

    `batch` is set if it came in with a table of many.
    """

    entry: Entry
    batch: Batch | None = None


class EntryOffered(Deed, frozen=True, tag="entry.offered"):
    """An entry that nobody was left to check was offered to others; `entry` is how it stands now."""

    entry: Entry


class EntryRejected(Deed, frozen=True, tag="entry.rejected"):
    """The check failed: the entry has no effect. It is the `author`'s to make it again."""

    entry: int
    stage: str
    reason: str
    author: int = 0


class EntryWithdrawn(Deed, frozen=True, tag="entry.withdrawn"):
    """Whoever made the entry took it back before it was checked: it has no effect."""

    entry: int
    stage: str


class OutsideMoved(Deed, frozen=True, tag="outside.moved"):
    """A checked record of an outside office's act took effect on the stage and its clock."""

    stage: str
    step: str
    entry: int
    what: Record
    entered: Entered
    fixes: tuple[Fix, ...] = ()
    papers: dict[str, str] = {}


class DocumentUploaded(Deed, frozen=True, tag="document.uploaded"):
    """A new version of a paper was stored under its hash, or registered without upload."""

    document: str
    paper: Paper


class SoftGatePassed(Deed, frozen=True, tag="gate.passed"):
    """A soft requirement was passed over, with reason and signer."""

    stage: str
    requirement: str
    reason: str


class StepHandedOver(Deed, frozen=True, tag="step.handed_over"):
    """A step, or a preparation, went from its holders to another person (转办)."""

    stage: str
    frm: tuple[int, ...]
    to: int
    reason: str


class StepOffered(Deed, frozen=True, tag="step.offered"):
    """A step that nobody could do was offered to those who hold its post now.

    They have it from then on; of what an older program recorded (not `afresh`), that is not known.
    """

    stage: str
    holders: tuple[int, ...]
    afresh: bool = False


class ClockChanged(Deed, frozen=True, tag="clock.changed"):
    """A clock was stopped, resumed, extended or recomputed; `clock` is how it stands now."""

    stage: str
    effect: str
    reason: str
    clock: Clock
    document: str = ""


class RungFired(Deed, frozen=True, tag="rung.fired"):
    """A rung of a ladder took effect: these people were told. `due_at` is when it was due to."""

    stage: str
    clock: Clock
    offset: int
    told: tuple[int, ...]
    due_at: datetime
    document: str = ""


class ExplanationFiled(Deed, frozen=True, tag="explanation.filed"):
    """The holder's own words about a late clock (情况说明); `answers` says that they answer a 督办单, which ends it."""

    stage: str
    clock: str
    text: str
    answers: bool = False


class OrderIssued(Deed, frozen=True, tag="order.issued"):
    """A 督办单: somebody above asked those who hold a stage, `to`, for an answer by the day on which `clock` is due."""

    stage: str
    wanted: str
    to: tuple[int, ...]
    clock: Clock


class OrderWithdrawn(Deed, frozen=True, tag="order.withdrawn"):
    """Whoever issued a 督办单 took it back: nobody has to answer it any more."""

    stage: str
    reason: str


class LetterDrafted(Deed, frozen=True, tag="letter.drafted"):
    """A 商请函 to an outside office was drafted. It is never sent by the system."""

    stage: str
    step: str
    text: str


class StopReviewed(Deed, frozen=True, tag="stop.reviewed"):
    """What somebody stopped still stands still: whoever can let it go on was asked again whether it should.

    A stage's clock, or with an empty `stage` the whole project, since the day `since`; `days` are working days.
    """

    stage: str
    since: date
    days: int
    reason: str = ""


class IncidentRaised(Deed, frozen=True, tag="incident.raised"):
    """Something cannot go on without help: nobody holds a post, a ladder reaches nobody."""

    code: str
    text: str
    stage: str = ""


Event = (
    ProjectRegistered
    | FactsChanged
    | ProjectMoved
    | ClerkChanged
    | WaitBegan
    | WaitEnded
    | TakeOverClosed
    | StageOpened
    | StageSkipped
    | StageHeld
    | StageSubmitted
    | StepDecided
    | StageReturned
    | StageRefused
    | StageWithdrawn
    | StageReapplied
    | StageRestarted
    | StageTakenOver
    | ReplyCompleted
    | ReplyLapsed
    | EntryRecorded
    | EntryOffered
    | EntryRejected
    | EntryWithdrawn
    | OutsideMoved
    | DocumentUploaded
    | SoftGatePassed
    | StepHandedOver
    | StepOffered
    | ClockChanged
    | RungFired
    | ExplanationFiled
    | OrderIssued
    | OrderWithdrawn
    | LetterDrafted
    | StopReviewed
    | IncidentRaised
)


class Recorded(Struct, frozen=True):
    """An event with who did it and when: what the chain hashes and `evolve` folds.

    `actor` 0 is the system acting under its own name.
    """

    event: Event
    actor: int
    at: datetime


ENCODER = msgspec.json.Encoder(order="deterministic")
DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def kind_of(event: Event) -> str:
    """The stable name of an event's kind: `step.decided`."""
    tag = type(event).__struct_config__.tag
    assert isinstance(tag, str)  # noqa: S101 - every event above declares its tag
    return tag
