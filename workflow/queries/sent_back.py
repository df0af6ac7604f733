"""What came back to whoever made it: items to put right, and the entry that its checker did not confirm or its author took back.

Invariant: it is read off the record, newest first, and ends with whatever was handed in again.
"""

from __future__ import annotations

from collections.abc import Sequence

from workflow.definition import Stage
from workflow.events import (
    EntryRecorded,
    EntryRejected,
    EntryWithdrawn,
    Event,
    OutsideMoved,
    StageRefused,
    StageReturned,
    StageSubmitted,
)
from workflow.queries.reading import Reading
from workflow.queries.record import Row
from workflow.queries.views import Rejected
from workflow.queries.words import clock_day, clock_time
from workflow.record import instant
from workflow.sentences import acted
from workflow.state import Corrected, CorrectionNotified, Filed, Fix


def to_fix(reading: Reading, spec: Stage, record: list[tuple[Row, Event]]) -> tuple[tuple[str, ...], str]:
    """What is to be put right, and who sent it back when and why; why alone of a refusal;
    nothing once it was handed in again.
    """
    for row, event in record:
        match event:
            case StageReturned(fixes=fixes, reason=why):
                who = event.body or acted(event, reading.directory, row.actor_id)
                return _texts(fixes), f"{who} {clock_time(instant(row.at))} 退回：{why}"
            case StageRefused(reason=why):
                who = event.body or acted(event, reading.directory, row.actor_id)
                return (), f"{who} {clock_time(instant(row.at))} 不予批准：{why}"
            case OutsideMoved(what=CorrectionNotified(on=on, number=number), fixes=fixes):
                notice = f"一次性告知补正{f'（{number}）' if number else ''}"
                return _texts(fixes), f"{spec.step(event.step).body} {clock_day(on, reading.day)}{notice}"
            case StageSubmitted() | OutsideMoved(what=Filed() | Corrected()):
                break
    return (), ""


def _texts(fixes: Sequence[Fix]) -> tuple[str, ...]:
    return tuple(fix.text for fix in fixes)


def rejected(reading: Reading, record: list[tuple[Row, Event]]) -> Rejected | None:
    """The entry that was not confirmed, or taken back, if nothing has been entered or moved since."""
    for row, event in record:
        if isinstance(event, EntryRecorded | OutsideMoved) or getattr(event, "entered", None):
            return None
        if isinstance(event, EntryRejected | EntryWithdrawn):
            became = f"未予确认：{event.reason}" if isinstance(event, EntryRejected) else "撤回录入"
            who = acted(event, reading.directory, row.actor_id)
            words = f"{who} {clock_time(instant(row.at))} {became}"
            entries = (each.entry for _, each in record if isinstance(each, EntryRecorded))
            entry = next((each for each in entries if each.number == event.entry), None)
            return Rejected(words, (entry.by, entry.on_behalf), entry.what) if entry else None
    return None
