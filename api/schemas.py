"""What commands carry, as JSON: strict, nothing unknown, each turned into the engine's own structs.

Invariant: a body that names a field we do not know is refused, so that nobody believes it had an effect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from annotated_types import Interval
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from workflow import state
from workflow.clock import Limit, Unit
from workflow.files import StoredFile
from workflow.rules import as_written

Text = Annotated[str, Field(max_length=5000)]
Line = Annotated[str, Field(max_length=200)]
Written = Annotated[Line, AfterValidator(as_written)]
"""A 文号, with whatever brackets it was typed."""
Key = Annotated[str, Field(max_length=100)]
Number = Annotated[StrictInt, Field(ge=0, le=2**53)]
Id = Annotated[int, Interval(ge=0, le=2**53)]
"""The number of something, or where a list goes on, in an address: never more than a database keeps."""
Day = Annotated[date, Field(strict=False)]
Scalar = StrictBool | StrictInt | float | Text | None
Outcome = Literal["approved", "returned", "refused"]
Open = Callable[[str, str], StoredFile]
"""Reads a ticket: (ticket, place) -> the file it stands for."""


class Body(BaseModel):
    """What every body has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# Parts


class LimitBody(Body):
    """A length of time: 5 workdays."""

    amount: Annotated[StrictInt, Field(ge=1, le=10_000)]
    unit: Unit

    def limit(self) -> Limit:
        """The engine's own."""
        return Limit(self.amount, self.unit)


class FixBody(Body):
    """One thing to put right, and the document it is about, if it is about one."""

    text: Line
    document: Key = ""

    def fix(self) -> state.Fix:
        """The engine's own."""
        return state.Fix(self.text, self.document)


Fixes = Annotated[list[FixBody], Field(max_length=50)]


class ReplyBody(Body):
    """What stands on a reply. `file` is the ticket of its scan; without one, `kept_at` says where it lies."""

    document: Key
    issued_on: Day
    number: Written = ""
    issuer: Line = ""
    valid_until: Day | None = None
    fields: dict[Key, Scalar] = Field(default={}, max_length=50)
    file: Text = ""
    kept_at: Line = ""

    def reply(self, read: Open) -> state.ReplyData:
        """The engine's own."""
        scan = read(self.file, "replies.file") if self.file else StoredFile("", "", 0, "")
        return state.ReplyData(
            document=self.document,
            issued_on=self.issued_on,
            number=self.number,
            issuer=self.issuer,
            valid_until=self.valid_until,
            fields=facts_of(self.fields),
            sha256=scan.sha256,
            name=scan.name,
            size=scan.size,
            media=scan.media,
            marks=scan.marks,
            kept_at=self.kept_at,
        )


Replies = Annotated[list[ReplyBody], Field(max_length=20)]


def facts_of(given: dict[str, Scalar]) -> dict[str, Any]:
    """Numbers with a point as text, exactly as they were written: money is never a binary fraction."""
    return {key: repr(value) if isinstance(value, float) else value for key, value in given.items()}


# Signing in


class SignInBody(Body):
    """Who signs in."""

    staff_number: Line
    password: Annotated[str, Field(max_length=1000)]


class PasswordBody(Body):
    """One's own password, and the one that replaces it."""

    current: Annotated[str, Field(max_length=1000)]
    password: Annotated[str, Field(max_length=1000)]


# Projects


class RegisterBody(Body):
    """A project to follow. `digest` names the published definition version; `same_name` says that it is
    another project than the one that has this name in the unit.
    """

    digest: Key
    title: Line
    organisation: Number
    clerk: Number
    code: Line = ""
    facts: dict[Key, Scalar] = Field(default={}, max_length=200)
    parent: Key = ""
    taking_over: StrictBool = False
    same_name: StrictBool = False


class FactsBody(Body):
    """Facts that became known, changed, or (null) unknown again; and the code, if it was assigned."""

    facts: dict[Key, Scalar] = Field(default={}, max_length=200)
    reason: Text = ""
    code: Line | None = None


class MoveBody(Body):
    """A move of the project as a whole. `unfinished` says that it is in use though stages are left."""

    trigger: Literal[
        "reserve", "start", "shelve", "put_into_use", "archive", "suspend", "resume", "terminate"
    ]
    reason: Text
    unfinished: StrictBool = False


class ReasonBody(Body):
    """Why."""

    reason: Text


class HandOverBody(Body):
    """To whom, and why."""

    to: Number
    reason: Text


class WaitBody(Body):
    """The project to wait for: until it has issued `stage`, or, without one, until it is in use."""

    other: Key
    stage: Key = ""


class StopWaitingBody(Body):
    """The project that is no longer waited for, and why."""

    other: Key
    reason: Text


class TakeOverBody(Body):
    """A stage that was issued before, with its replies."""

    stage: Key
    replies: Replies = []
    as_printed: StrictBool = False


class CompletionBody(Body):
    """Fields of a reply that are still empty; `basis` says where they are from if the original is silent."""

    document: Key
    fields: dict[Key, Scalar] = Field(max_length=50)
    basis: Line = ""

    def completed(self) -> state.Completed:
        """The engine's own."""
        return state.Completed(self.document, facts_of(self.fields), self.basis)


# Stages


class SubmitBody(Body):
    """`turn` is the one of the page that was read: an older one is a conflict."""

    turn: Number | None = None


class GateBody(Body):
    """A soft requirement to pass over, and why."""

    requirement: Line
    reason: Text


class TextBody(Body):
    """The words of an explanation or a letter."""

    text: Text


class OrderBody(Body):
    """What a 督办单 asks for, and by which day; without one, within two working days. `turn` as for a submission."""

    wanted: Text
    due_on: Day | None = None
    turn: Number | None = None


class ExtendBody(Body):
    """By how much a clock is extended, and why."""

    by: LimitBody
    reason: Text


class DecisionBody(Body):
    """What somebody concludes about a step, and about exactly which content."""

    step: Key
    outcome: Outcome
    opinion: Text = ""
    turn: Number
    content: Key
    fixes: Fixes = []
    replies: Replies = []
    as_printed: StrictBool = False
    shown_on: Day | None = None


class SignatureBody(Body):
    """What a chief signed on paper; `file` is the ticket of the scanned sheet."""

    step: Key
    signer: Number
    on: Day
    outcome: Outcome
    opinion: Text = ""
    content: Key
    file: Text = ""
    kept_at: Line = ""
    fixes: Fixes = []

    def signed(self, read: Open) -> state.PaperSigned:
        """The engine's own."""
        scan = read(self.file, "file") if self.file else StoredFile("", "", 0, "")
        return state.PaperSigned(
            step=self.step,
            signer=self.signer,
            on=self.on,
            outcome=self.outcome,
            opinion=self.opinion,
            content=self.content,
            sha256=scan.sha256,
            marks=scan.marks,
            kept_at=self.kept_at,
            fixes=tuple(each.fix() for each in self.fixes),
        )


# Acts of outside offices


class OutsideAct(Body):
    """An act of an outside office: its day, and the ticket of the scan of what says so."""

    on: Day
    file: Text = ""

    def scan(self, read: Open) -> StoredFile | None:
        """The scan, if there is one."""
        return read(self.file, "file") if self.file else None


class FiledBody(OutsideAct):
    """The file was handed in."""

    kind: Literal["filed"]
    receipt: Line = ""

    def record(self, _: Open) -> state.Record:
        """The engine's own."""
        return state.Filed(self.on, self.receipt)


class AcceptedBody(OutsideAct):
    """It was accepted."""

    kind: Literal["accepted"]
    number: Line = ""

    def record(self, _: Open) -> state.Record:
        """The engine's own."""
        return state.Accepted(self.on, self.number)


class CorrectionBody(OutsideAct):
    """The once-only list of defects."""

    kind: Literal["correction"]
    fixes: Fixes
    number: Line = ""

    def record(self, _: Open) -> state.Record:
        """The engine's own."""
        return state.CorrectionNotified(self.on, tuple(each.fix() for each in self.fixes), self.number)


class CorrectedBody(OutsideAct):
    """What the list asked for was handed in."""

    kind: Literal["corrected"]
    receipt: Line = ""

    def record(self, _: Open) -> state.Record:
        """The engine's own."""
        return state.Corrected(self.on, self.receipt)


class SpecialBeganBody(OutsideAct):
    """A special procedure began."""

    kind: Literal["special_began"]
    procedure: Line
    basis: Line = ""

    def record(self, _: Open) -> state.Record:
        """The engine's own."""
        return state.SpecialBegan(self.on, self.procedure, self.basis)


class SpecialEndedBody(OutsideAct):
    """It ended."""

    kind: Literal["special_ended"]

    def record(self, _: Open) -> state.Record:
        """The engine's own."""
        return state.SpecialEnded(self.on)


class ExtendedBody(OutsideAct):
    """The head of the outside office extended its limit."""

    kind: Literal["extended"]
    by: LimitBody
    reason: Text
    number: Line = ""

    def record(self, _: Open) -> state.Record:
        """The engine's own."""
        return state.Extended(self.on, self.by.limit(), self.reason, self.number)


class ConcludedBody(OutsideAct):
    """The outside office decided."""

    kind: Literal["concluded"]
    outcome: Outcome
    opinion: Text = ""
    replies: Replies = []
    fixes: Fixes = []
    as_printed: StrictBool = False

    def record(self, read: Open) -> state.Record:
        """The engine's own."""
        replies = tuple(each.reply(read) for each in self.replies)
        return state.Concluded(
            self.on, self.outcome, self.opinion, replies, tuple(each.fix() for each in self.fixes)
        )


OutsideBody = Annotated[
    FiledBody
    | AcceptedBody
    | CorrectionBody
    | CorrectedBody
    | SpecialBeganBody
    | SpecialEndedBody
    | ExtendedBody
    | ConcludedBody,
    Field(discriminator="kind"),
]


# Papers


class RegistrationBody(Body):
    """A paper that is registered without upload."""

    number: Written
    issued_on: Day
    kept_at: Line


# Administration


class OrganisationBody(Body):
    """A bureau, a section or a subordinate unit; `parent` 0 makes a root."""

    name: Line
    parent: Number = 0
    region: Key = ""


class OrganisationChangeBody(Body):
    """What changes about a unit; what is not named stays."""

    name: Line | None = None
    region: Key | None = None
    active: StrictBool | None = None


class PersonBody(Body):
    """A person, once."""

    name: Line
    staff_number: Key
    password: Annotated[str, Field(max_length=1000)]
    email: Annotated[str, Field(max_length=254)] = ""


class PersonChangeBody(Body):
    """What changes about a person; what is not named stays."""

    name: Line | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    password: Annotated[str, Field(max_length=1000)] | None = None
    active: StrictBool | None = None


class PostBody(Body):
    """A post in an organisation, and what it is called there."""

    organisation: Number
    key: Key
    title: Line = ""


class DelegationBody(Body):
    """Who acts for whom, from one day to another, both included."""

    principal: Number
    agent: Number
    starts_on: Day
    ends_on: Day
    reason: Text


class DelegationEndBody(Body):
    """Which delegation ends."""

    principal: Number
    agent: Number


class FileBody(Body):
    """A definition or a calendar year as YAML text, with the file's name for findings; so much 汉字 as one body holds."""

    name: Line
    text: Annotated[str, Field(max_length=80_000)]


class ResolutionBody(Body):
    """How an incident was put right."""

    how: Text
