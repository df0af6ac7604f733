"""Deciding a step, entering what others decided, and checking such entries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.answers import Answer, Done, answers
from api.desk import AtDesk
from api.schemas import ConcludedBody, DecisionBody, OutsideBody, ReasonBody, SignatureBody
from workflow.actions import decisions, entries, outside

router = APIRouter(prefix="/api/projects/{ref}", tags=["审批"])

EntryNumber = Annotated[int, Path(ge=1, le=2**31)]


@router.post("/stages/{stage}/decisions", **answers(Done, 404, 409, status=201))
async def decide(desk: AtDesk, ref: str, stage: str, body: DecisionBody) -> Answer:
    """Conclude a step: approve, return with reasons and items, or refuse."""
    values = body.model_dump(exclude={"fixes", "replies"})
    fixes = tuple(each.fix() for each in body.fixes)
    replies = tuple(each.reply(desk.file) for each in body.replies)
    done = await desk.run(decisions.decide, ref=ref, stage=stage, fixes=fixes, replies=replies, **values)
    return Answer(Done(done), 201)


@router.post("/stages/{stage}/paper-signatures", **answers(Done, 404, 409, status=201))
async def enter_signature(desk: AtDesk, ref: str, stage: str, body: SignatureBody) -> Answer:
    """Enter what a chief signed on paper (代录纸质签批); another checks it."""
    signed = body.signed(desk.file)
    done = await desk.run(decisions.enter_paper_signature, ref=ref, stage=stage, signed=signed)
    return Answer(Done(done), 201)


@router.post("/stages/{stage}/outside-records", **answers(Done, 404, 409, status=201))
async def record_outside(desk: AtDesk, ref: str, stage: str, body: OutsideBody) -> Answer:
    """Record what an outside office did; another checks it against the original."""
    as_printed = isinstance(body, ConcludedBody) and body.as_printed
    what, scan = body.record(desk.file), body.scan(desk.file)
    done = await desk.run(
        outside.record_outside, ref=ref, stage=stage, what=what, as_printed=as_printed, scan=scan
    )
    return Answer(Done(done), 201)


@router.post("/entries/{number}/confirmation", **answers(Done, 404, 409, status=201))
async def confirm(desk: AtDesk, ref: str, number: EntryNumber) -> Answer:
    """Confirm an entry against the original: it takes effect."""
    return Answer(Done(await desk.run(entries.confirm_entry, ref=ref, number=number)), 201)


@router.post("/entries/{number}/rejection", **answers(Done, 404, 409, status=201))
async def reject(desk: AtDesk, ref: str, number: EntryNumber, body: ReasonBody) -> Answer:
    """Reject an entry: it has no effect."""
    done = await desk.run(entries.reject_entry, ref=ref, number=number, reason_given=body.reason)
    return Answer(Done(done), 201)


@router.post("/entries/{number}/withdrawal", **answers(Done, 404, 409, status=201))
async def withdraw_entry(desk: AtDesk, ref: str, number: EntryNumber) -> Answer:
    """Take back one's own entry before it is checked."""
    return Answer(Done(await desk.run(entries.withdraw_entry, ref=ref, number=number)), 201)
