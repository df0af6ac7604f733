"""One stage: its file, submitting and taking back, soft gates, handing over, 督办, and what may be done to its clock."""

from __future__ import annotations

from fastapi import APIRouter

from api.answers import Answer, Done, answers
from api.desk import AtDesk
from api.schemas import (
    CompletionBody,
    ExtendBody,
    GateBody,
    HandOverBody,
    OrderBody,
    ReasonBody,
    SubmitBody,
    TextBody,
)
from workflow import queries
from workflow.actions import clocks, orders, outside, replies, stages

router = APIRouter(prefix="/api/projects/{ref}/stages/{stage}", tags=["事项"])


@router.get("", **answers(queries.StageFile, 404))
async def show(desk: AtDesk, ref: str, stage: str) -> Answer:
    """The file of the stage, its clock, and what I may do here."""
    return Answer(await desk.ask(queries.stage_file, ref=ref, stage=stage))


@router.post("/submissions", **answers(Done, 404, 409, status=201))
async def submit(desk: AtDesk, ref: str, stage: str, body: SubmitBody) -> Answer:
    """Hand in the complete file."""
    return Answer(Done(await desk.run(stages.submit_stage, ref=ref, stage=stage, turn=body.turn)), 201)


@router.post("/withdrawals", **answers(Done, 404, 409, status=201))
async def withdraw(desk: AtDesk, ref: str, stage: str, body: ReasonBody) -> Answer:
    """Take back what nobody has acted on yet."""
    done = await desk.run(stages.withdraw_stage, ref=ref, stage=stage, reason_given=body.reason)
    return Answer(Done(done), 201)


@router.post("/reapplications", **answers(Done, 404, 409, status=201))
async def reapply(desk: AtDesk, ref: str, stage: str, body: ReasonBody) -> Answer:
    """Begin again what was refused, has lapsed, or has to be done anew."""
    done = await desk.run(stages.reapply_stage, ref=ref, stage=stage, reason_given=body.reason)
    return Answer(Done(done), 201)


@router.post("/passed-gates", **answers(Done, 404, 409, status=201))
async def pass_gate(desk: AtDesk, ref: str, stage: str, body: GateBody) -> Answer:
    """Go on without a soft requirement, with reason and signer."""
    done = await desk.run(
        stages.pass_soft_gate, ref=ref, stage=stage, requirement=body.requirement, reason_given=body.reason
    )
    return Answer(Done(done), 201)


@router.post("/completions", **answers(Done, 404, 409, status=201))
async def complete(desk: AtDesk, ref: str, stage: str, body: CompletionBody) -> Answer:
    """Fill in fields of an issued reply that were left empty (补登); another person checks them."""
    done = await desk.run(replies.complete_reply, ref=ref, stage=stage, what=body.completed())
    return Answer(Done(done), 201)


@router.post("/handovers", **answers(Done, 404, 409, status=201))
async def hand_over(desk: AtDesk, ref: str, stage: str, body: HandOverBody) -> Answer:
    """Give the step, or the preparation, to another person (转办)."""
    done = await desk.run(stages.hand_over_step, ref=ref, stage=stage, to=body.to, reason_given=body.reason)
    return Answer(Done(done), 201)


@router.post("/explanations", **answers(Done, 404, 409, status=201))
async def explain(desk: AtDesk, ref: str, stage: str, body: TextBody) -> Answer:
    """The holder's own words about a late clock (情况说明)."""
    return Answer(Done(await desk.run(clocks.file_explanation, ref=ref, stage=stage, text=body.text)), 201)


@router.post("/orders", **answers(Done, 404, 409, status=201))
async def supervise(desk: AtDesk, ref: str, stage: str, body: OrderBody) -> Answer:
    """Ask whoever holds a stage that is late for an answer (督办单)."""
    done = await desk.run(
        orders.issue_order, ref=ref, stage=stage, wanted=body.wanted, due_on=body.due_on, turn=body.turn
    )
    return Answer(Done(done), 201)


@router.post("/orders/withdrawal", **answers(Done, 404, 409, status=201))
async def withdraw_order(desk: AtDesk, ref: str, stage: str, body: ReasonBody) -> Answer:
    """Take back the order that is open there."""
    return Answer(
        Done(await desk.run(orders.withdraw_order, ref=ref, stage=stage, reason_given=body.reason)), 201
    )


@router.post("/letters", **answers(Done, 404, 409, status=201))
async def draft_letter(desk: AtDesk, ref: str, stage: str, body: TextBody) -> Answer:
    """Keep the draft of a 商请函; people send it, never the system."""
    return Answer(Done(await desk.run(outside.draft_letter, ref=ref, stage=stage, text=body.text)), 201)


@router.post("/clock/extensions", **answers(Done, 404, 409, status=201))
async def extend(desk: AtDesk, ref: str, stage: str, body: ExtendBody) -> Answer:
    """Extend the clock of our own step."""
    done = await desk.run(
        clocks.extend_clock, ref=ref, stage=stage, by=body.by.limit(), reason_given=body.reason
    )
    return Answer(Done(done), 201)


@router.post("/clock/pauses", **answers(Done, 404, 409, status=201))
async def pause(desk: AtDesk, ref: str, stage: str, body: ReasonBody) -> Answer:
    """Stop the clock of our own step."""
    done = await desk.run(clocks.pause_clock, ref=ref, stage=stage, reason_given=body.reason)
    return Answer(Done(done), 201)


@router.post("/clock/resumptions", **answers(Done, 404, 409, status=201))
async def resume(desk: AtDesk, ref: str, stage: str, body: ReasonBody) -> Answer:
    """Let it run again."""
    done = await desk.run(clocks.resume_clock, ref=ref, stage=stage, reason_given=body.reason)
    return Answer(Done(done), 201)
