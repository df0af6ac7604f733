"""What is written on a reply: its number, its days, its fields, and the code of a project."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from workflow.calendar import FIRST, LAST
from workflow.clock import validity_end
from workflow.definition import Definition, DocumentType, Stage
from workflow.errors import Reason, reason
from workflow.rules.case import Case
from workflow.rules.facts import check_text, read_facts
from workflow.state import Completed, ReplyData

NUMBER = re.compile(r"[^\s〔〕]+〔20[0-9]{2}〕[1-9][0-9]*号|[^\s〔〕]*字第[0-9A-Z]{6,}号")
"""发文字号: 机关代字〔年份〕序号号, hexagonal brackets, full year, no leading zero, no 第 (GB/T 9704-2012);
or the number of a certificate, as 用字第990102202400017号."""

_BRACKETED_YEAR = re.compile(r"[\[（(【［](20[0-9]{2})[\]）)】］]")
"""The year of a number in whatever brackets a keyboard has: hexagonal ones are on none."""

CODE = re.compile(r"[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}")
"""项目代码, 24 characters in five groups (GB/T 40058-2021)."""


CODE_DIGITS = 19
"""So many of its digits stand before the check digit and decide it."""

CODE_CHECKED_SINCE = "2011"
"""Year and month from which codes carry a check digit; earlier ones follow another scheme."""


def as_written(number: str) -> str:
    """A number as it stands on paper, however its brackets were typed: 澴发改审[2024]61号 has hexagonal ones."""
    return _BRACKETED_YEAR.sub(r"〔\1〕", number)


def check_format(kind: DocumentType, name: str) -> list[Reason]:
    """Whether a file of that name is of a kind that the document takes."""
    extension = name.rpartition(".")[2].lower()
    if {"jpeg": "jpg"}.get(extension, extension) in kind.formats:
        return []
    return [reason("format-not-allowed", kind.key, title=kind.title, formats="、".join(kind.formats))]


def valid_until(kind: DocumentType, reply: ReplyData) -> date | None:
    """The last day of the reply's validity: as printed, else by the definition's rule."""
    if reply.valid_until is not None or kind.valid is None:
        return reply.valid_until
    return validity_end(reply.issued_on, kind.valid)


def check_replies(
    case: Case, spec: Stage, replies: Iterable[ReplyData], *, as_printed: bool, complete: bool = True
) -> list[Reason]:
    """Every reason why these replies cannot be recorded as what the stage issued.

    `as_printed` says that an unusual number stands on the original; `complete` that all replies are due now.
    """
    given = {reply.document: reply for reply in replies}
    reasons = [
        reason("reply-not-given", key, title=case.definition.documents[key].title)
        for key in spec.issues
        if complete and key not in given
    ]
    for key, reply in given.items():
        if key not in spec.issues:
            reasons.append(reason("reply-not-issued-here", key, stage=spec.title))
        elif beyond := _beyond_calendar(case.definition, spec, reply):
            reasons.append(reason("date-beyond-calendar", key, day=beyond))
        else:
            reasons += _check_reply(case, case.definition.documents[key], reply, as_printed=as_printed)
    return reasons


def check_evidence(case: Case, replies: Iterable[ReplyData]) -> list[Reason]:
    """A reply that others issued needs its scan, or the place where the original is kept."""
    return [
        reason("reply-without-evidence", each.document, title=case.definition.documents[each.document].title)
        for each in replies
        if each.document in case.definition.documents and not each.sha256 and not each.kept_at.strip()
    ]


def empty_fields(case: Case, document: str) -> tuple[str, ...]:
    """The fields of a reply on record that nobody has filled in."""
    paper, kind = case.state.documents.get(document), case.definition.documents.get(document)
    return tuple(key for key in kind.fields if paper.fields.get(key) is None) if paper and kind else ()


def check_completion(case: Case, spec: Stage, what: Completed) -> list[Reason]:
    """Every reason why these fields of a reply of the stage cannot be filled in: never one that is."""
    if what.document not in spec.issues:
        return [reason("reply-not-issued-here", what.document, stage=spec.title)]
    kind, empty = case.definition.documents[what.document], empty_fields(case, what.document)
    values, reasons = read_facts(kind.fields, what.fields)
    if not empty or any(values[key] is not None and key not in empty for key in values):
        reasons.append(reason("reply-complete", what.document, title=kind.title))
    elif not reasons and all(value is None for value in values.values()):
        reasons.append(reason("text-required", f"{kind.key}.field.{empty[0]}", title="补登的内容"))
    return [*reasons, *check_text(what.basis, "basis", "依据", longest=200)]


def _check_reply(case: Case, kind: DocumentType, reply: ReplyData, *, as_printed: bool) -> list[Reason]:
    reasons = []
    if CODE.fullmatch(reply.number):
        reasons += check_code(reply.number)
    elif kind.number and not reply.number.strip():
        reasons.append(reason("number-required", kind.key, title=kind.title))
    elif kind.number and not as_printed and not NUMBER.fullmatch(reply.number):
        reasons.append(reason("number-malformed", kind.key, number=reply.number, year=reply.issued_on.year))
    if reply.issued_on > case.day:
        reasons.append(reason("date-in-future", kind.key, title=kind.title, day=reply.issued_on))
    until = valid_until(kind, reply)
    if until is not None and until < reply.issued_on:
        reasons.append(reason("validity-before-issue", kind.key, title=kind.title))
    for value, field, title in (
        (reply.number, "number", "文号"),
        (reply.issuer, "issuer", "发文机关"),
        (reply.kept_at, "kept_at", "存放处"),
    ):
        reasons += check_text(value, f"{kind.key}.{field}", title, longest=200)
    if reply.sha256:
        reasons += check_format(kind, reply.name)
    _, wrong = read_facts(kind.fields, reply.fields)
    return reasons + wrong


def _beyond_calendar(definition: Definition, spec: Stage, reply: ReplyData) -> date | None:
    """The day of the reply from which, or to which, nobody could count: a slip of the pen, or 9999 for 长期."""
    until = valid_until(definition.documents[reply.document], reply) if reply.issued_on <= LAST else None
    counted = until is not None or any(
        order.stage == spec.key and order.wait for each in definition.stages.values() for order in each.after
    )
    days = (each for each in (reply.issued_on, until) if each is not None)
    return next((each for each in days if each > LAST or (counted and each < FIRST)), None)


def check_code(code: str) -> list[Reason]:
    """Whether a project code is well formed and its check digit right: ISO 7064 MOD 11-10 over 19 digits.

    Codes before 2020-11 follow another scheme and are taken as they are.
    """
    if not CODE.fullmatch(code) or not 1 <= int(code[2:4]) <= 12:
        return [reason("code-malformed", "code", code=code)]
    if code[:4] >= CODE_CHECKED_SINCE and check_digit(code) != code[-1]:
        return [reason("code-check-digit", "code", code=code)]
    return []


def check_digit(code: str) -> str:
    """The check digit that the first 19 digits of a project code demand (GB/T 17710, MOD 11-10)."""
    product = 10
    for digit in code.replace("-", "")[:CODE_DIGITS]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)
