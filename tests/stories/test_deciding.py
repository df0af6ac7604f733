"""A stage inside the bureau: submitted, reviewed, signed, returned, refused, withdrawn, begun again."""

from __future__ import annotations

from datetime import date

import pytest

from tests.world import Dossier, World, refused, reply
from workflow.actions.people import change_person
from workflow.errors import Conflict, NotFound, Refused
from workflow.events import StageReturned, StepDecided
from workflow.state import Fix

REPLY = reply("approval_reply", "2026-09-01", "云民审〔2026〕15号")


def in_review(world: World) -> Dossier:
    """A hall whose 立项审批 waits for 杨帆."""
    return world.register("hall").submitted("approval", "proposal", "minutes")


def in_signature(world: World) -> Dossier:
    """The same, reviewed: it waits for 罗秀英."""
    hall = in_review(world)
    hall.approve("approval", "review", "杨帆")
    return hall


def test_a_complete_file_passes_review_and_signature_and_issues_its_reply(world: World) -> None:
    """Who submits, who reviews and who signs are three people; the last signature issues the reply."""
    hall = in_review(world)
    assert (hall.at("approval"), hall.holders("approval")) == ("review", ["杨帆"])
    hall.approve("approval", "review", "杨帆")
    assert (hall.at("approval"), hall.holders("approval")) == ("sign", ["罗秀英"])
    hall.approve("approval", "sign", "罗秀英", REPLY)

    assert hall.at("approval") == "issued"
    assert hall.paper("approval_reply").number == "云民审〔2026〕15号"
    assert hall.at("budget") == "preparing"
    assert world.told("谭丽") == ["opened", "issued", "opened"]


def test_a_file_with_a_missing_paper_is_refused_and_says_which(world: World) -> None:
    """A stage is submitted when all its papers are there; a refusal says every reason and who can lift it."""
    hall = world.register("hall")
    with refused("document-missing", "document-missing-registrable", says="缺局党组会纪要（可仅登记文号）"):
        hall.submit("approval")
    hall.upload("proposal")
    hall.enter("minutes")
    hall.submit("approval")

    assert hall.at("approval") == "review"


def test_no_step_is_decided_where_the_stage_is_at_none(world: World) -> None:
    """A form without its step, sent while the papers are still gathered, is refused like any other."""
    hall = world.register("hall")

    with refused("step-not-open"):
        hall.approve("approval", "", "杨帆")


def test_a_recommended_paper_never_blocks(world: World) -> None:
    """推荐材料 may be missing; what is there when the file is handed in is part of what is decided on."""
    without = in_review(world)
    with_it = world.register("hall").submitted("approval", "proposal", "minutes", "opinion")

    assert sorted(without.stage("approval").papers) == ["minutes", "proposal"]
    assert sorted(with_it.stage("approval").papers) == ["minutes", "opinion", "proposal"]


def test_a_stage_that_has_not_opened_cannot_be_submitted(world: World) -> None:
    """The machine is the only authority on which move exists; the answer names stage, state and move."""
    hall = world.register("hall")
    hall.upload("drawings")

    with refused("illegal-move", "reply-missing", says="“预算审批”现为“等待前置”，不能报送"):
        hall.submit("budget")
    with refused("stage-not-found", kind=NotFound):
        hall.submit("no_such_stage")


def test_only_the_clerk_submits(world: World) -> None:
    """The file is the clerk's to hand in, not the chief's."""
    hall = world.register("hall")
    hall.upload("proposal", "minutes")
    with refused("not-the-clerk", says="谭丽"):
        hall.submit("approval", by="杨帆")
    hall.submit("approval", by="谭丽")

    assert hall.at("approval") == "review"


def test_a_project_is_not_there_for_those_outside_its_scope(world: World) -> None:
    """刘畅's section is beside the project's, so for her it does not exist; the overseer sees it from above."""
    hall = world.register("hall")
    hall.upload("proposal", "minutes")
    for stranger in ("刘畅",):
        with refused("project-not-found", kind=NotFound):
            hall.submit("approval", by=stranger)
    with refused("not-the-clerk", kind=Refused):
        hall.submit("approval", by="蒋慧")


def test_only_the_holder_decides(world: World) -> None:
    """A step waits for named people; everybody else is told who they are."""
    hall = in_review(world)
    with refused("not-the-holder", says="杨帆"):
        hall.approve("approval", "review", "罗秀英")
    hall.approve("approval", "review", "杨帆")

    assert hall.at("approval") == "sign"


def test_a_step_that_is_not_open_is_not_decided(world: World) -> None:
    """Nobody signs ahead of the review, and nobody reviews twice."""
    hall = in_review(world)
    with refused("step-not-open", says="分管领导审签"):
        hall.approve("approval", "sign", "罗秀英", REPLY)
    hall.approve("approval", "review", "杨帆")
    with refused("step-not-open", says="科室审核"):
        hall.approve("approval", "review", "杨帆")


def test_an_unknown_outcome_is_refused(world: World) -> None:
    """A step is approved, returned or refused; there is no fourth way."""
    from workflow.actions.decisions import decide

    hall = in_review(world)
    with refused("outcome-unknown"):
        hall.do(decide, "杨帆", stage="approval", step="review", outcome="noted", opinion="阅")


def test_a_return_begins_a_new_visit_in_which_every_step_replays(world: World) -> None:
    """A return goes back to preparation with reasons and items; the old visit stays in the record."""
    hall = in_signature(world)
    hall.return_("approval", "sign", "罗秀英", Fix("补测算表", "proposal"), Fix("补会签"))
    stage = hall.stage("approval")
    assert (stage.state, stage.visit, hall.holders("approval")) == ("preparing", 2, ["谭丽"])
    assert [fix.text for fix in stage.fixes] == ["补测算表", "补会签"]
    assert world.told("谭丽")[-1] == "returned"

    hall.submit("approval")
    assert hall.at("approval") == "review"
    assert hall.stage("approval").fixes == ()
    hall.approve("approval", "review", "杨帆")
    hall.approve("approval", "sign", "罗秀英", REPLY)

    assert hall.at("approval") == "issued"
    assert hall.last(StageReturned).reason == "依据不足"


def test_a_return_needs_a_reason_and_at_least_one_item(world: World) -> None:
    """Whoever sends work back says why and what to fix, all at once."""
    from workflow.actions.decisions import decide

    hall = in_review(world)
    with refused("text-required", "fixes-required"):
        hall.do(decide, "杨帆", stage="approval", step="review", outcome="returned", opinion=" ")
    with refused("text-required", says="需修改事项"):
        hall.return_("approval", "review", "杨帆", Fix("  "))
    hall.return_("approval", "review", "杨帆", Fix("补测算表"))

    assert hall.at("approval") == "preparing"


def test_a_refusal_ends_the_visit_and_the_applicant_may_reapply(world: World) -> None:
    """不予批准 is final for this visit; reapplying begins a new one with empty hands."""
    hall = in_review(world)
    with refused("text-required", says="意见不能为空"):
        hall.refuse("approval", "review", "杨帆", opinion="")
    hall.refuse("approval", "review", "杨帆")
    assert (hall.at("approval"), hall.holders("approval")) == ("refused", ["谭丽"])
    with refused("illegal-move"):
        hall.submit("approval")

    hall.reapply("approval")
    assert (hall.at("approval"), hall.stage("approval").visit) == ("preparing", 2)
    hall.submit("approval")
    assert hall.at("approval") == "review"


def test_reapplying_is_the_clerks_and_needs_a_reason(world: World) -> None:
    """What was refused is begun again by its clerk, who says why."""
    from workflow.actions.stages import reapply_stage

    hall = in_review(world)
    with refused("illegal-move"):
        hall.reapply("approval")
    hall.refuse("approval", "review", "杨帆")
    with refused("not-the-clerk"):
        hall.reapply("approval", by="杨帆")
    with refused("text-required"):
        hall.do(reapply_stage, "谭丽", stage="approval", reason_given=" ")


def test_the_submitter_withdraws_before_anybody_has_acted(world: World) -> None:
    """Until somebody has acted the submission is the submitter's to take back."""
    hall = in_review(world)
    with refused("not-the-submitter", says="谭丽"):
        hall.withdraw("approval", by="杨帆")
    hall.withdraw("approval")
    assert (hall.at("approval"), hall.stage("approval").visit) == ("preparing", 2)
    with refused("illegal-move"):
        hall.withdraw("approval")

    hall.submit("approval")
    assert hall.at("approval") == "review"


def test_what_a_chief_gave_a_preparation_is_there_again_however_far_its_steps_had_come(world: World) -> None:
    """Three more days; reviewed; a better 建议书 brings it back to the review, and 谭丽 takes it back: still three more."""
    hall = world.register("hall")
    hall.extend("approval", "3 workdays")
    given = hall.due("approval")
    hall.submitted("approval", "proposal", "minutes")
    hall.approve("approval", "review", "杨帆")
    hall.upload("proposal", content="第二稿")
    hall.withdraw("approval")

    assert (hall.at("approval"), hall.due("approval")) == ("preparing", given)


def test_after_the_review_it_is_too_late_to_withdraw(world: World) -> None:
    """Once somebody has acted, the holder can return it; the submitter cannot take it back."""
    hall = in_signature(world)

    with refused("illegal-move", "already-acted", says="可请其退回"):
        hall.withdraw("approval")


def test_an_issued_stage_is_reopened_by_a_chief_only(world: World) -> None:
    """Reopening what was issued takes a chief; its reply stays until the new one supersedes it."""
    hall = in_signature(world)
    hall.approve("approval", "sign", "罗秀英", REPLY)
    with refused("not-a-chief"):
        hall.reapply("approval", by="谭丽")
    hall.reapply("approval", by="罗秀英")
    assert (hall.at("approval"), hall.at("budget")) == ("preparing", "preparing")

    hall.submit("approval")
    hall.approve("approval", "review", "杨帆")
    hall.approve("approval", "sign", "罗秀英", reply("approval_reply", "2026-09-01", "云民审〔2026〕16号"))

    assert hall.paper("approval_reply").number == "云民审〔2026〕16号"
    assert hall.paper("approval_reply").version == 2


def test_the_last_signature_gives_every_reply_of_the_stage(world: World) -> None:
    """The final approval without its reply, or with a reply of another stage, is refused."""
    hall = in_signature(world)
    with refused("reply-not-given", says="立项批复"):
        hall.approve("approval", "sign", "罗秀英")
    with refused("reply-not-issued-here", "reply-not-given"):
        hall.approve("approval", "sign", "罗秀英", reply("budget_reply", "2026-09-01"))
    with refused("date-in-future"):
        hall.approve("approval", "sign", "罗秀英", reply("approval_reply", "2026-09-02"))
    hall.approve("approval", "sign", "罗秀英", REPLY)

    assert hall.stage("approval").issued_on == date(2026, 9, 1)


def test_an_unusual_number_is_taken_when_it_is_printed_so(world: World) -> None:
    """发文字号 follow GB/T 9704; what the original really says is confirmed by a tick, a missing one never."""
    hall = in_signature(world)
    odd = reply("approval_reply", "2026-09-01", "云民审[2026]第015号")
    with refused("number-malformed", says="〔2026〕15号"):
        hall.approve("approval", "sign", "罗秀英", odd)
    with refused("number-required"):
        hall.approve(
            "approval", "sign", "罗秀英", reply("approval_reply", "2026-09-01", " "), as_printed=True
        )
    hall.approve("approval", "sign", "罗秀英", odd, as_printed=True)

    assert hall.paper("approval_reply").number == "云民审[2026]第015号"


def test_a_stale_page_names_who_was_first(world: World) -> None:
    """A lost race is a conflict that names the winner, in another window oneself, what was done and when."""
    hall = in_review(world)
    turn = hall.stage("approval").turn
    world.at("2026-09-01 11:20")
    hall.approve("approval", "review", "杨帆", turn=turn)

    with refused("lost-to", says="您已于11:20签批", kind=Conflict):
        hall.return_("approval", "review", "杨帆", turn=turn)
    with refused("lost-to", says="杨帆", kind=Conflict):
        hall.submit("approval", turn=turn)


def test_a_decision_names_the_papers_that_were_seen(world: World) -> None:
    """Whoever read an older version does not decide on the newer one."""
    hall = in_review(world)
    seen = hall.content("approval")
    hall.upload("proposal", content="第二稿")

    with refused("content-changed", says="已换为第2版", kind=Conflict):
        hall.approve("approval", "review", "杨帆", content=seen)
    hall.approve("approval", "review", "杨帆", content=hall.content("approval"))
    assert hall.last(StepDecided).content == hall.content("approval")


def test_a_replaced_paper_sends_the_stage_back_to_its_first_step(world: World) -> None:
    """Decisions that rested on the old version no longer count; other stages and the visit go on."""
    hall = in_signature(world)
    hall.upload("proposal", content="第二稿")
    stage = hall.stage("approval")
    assert (stage.state, stage.visit, [act.what for act in stage.acts]) == ("review", 1, ["submit"])
    assert world.told("杨帆")[-1] == "restarted"
    with refused("step-not-open"):
        hall.approve("approval", "sign", "罗秀英", REPLY)
    hall.approve("approval", "review", "杨帆")
    hall.approve("approval", "sign", "罗秀英", REPLY)

    assert hall.at("approval") == "issued"


def test_a_paper_that_nobody_decided_on_disturbs_nobody(world: World) -> None:
    """Exactly the decisions that rested on a paper become stale, no others."""
    hall = in_signature(world)
    hall.upload("opinion", "drawings")

    assert hall.at("approval") == "sign"


def test_an_opinion_has_no_control_characters_and_a_measure(world: World) -> None:
    """Free text goes onto paper and into the record for ever."""
    from workflow.actions.decisions import decide

    hall = in_review(world)
    for words, code in (("同意\x00", "text-control-characters"), ("同" * 2001, "text-too-long")):
        with refused(code):
            hall.do(decide, "杨帆", stage="approval", step="review", outcome="approved", opinion=words)


def test_a_rejected_signature_waits_for_nobody_once_its_author_is_gone(world: World) -> None:
    """马德兴 entered what 杨帆 signed and leaves before he mends it: nothing is stuck, and 谭丽 enters it anew."""
    hall = in_review(world)
    hall.reject(hall.sign_on_paper("approval", "review", "杨帆", by="马德兴"), by="罗秀英")
    tasks = "SELECT what FROM task WHERE person_id = :person"
    assert world.rows(tasks, person=world.people["马德兴"]) == [("rejected",)]
    world.do(change_person, "顾明", person=world.people["马德兴"], active=False)
    world.prove()
    assert world.incidents() == []
    hall.sign_on_paper("approval", "review", "杨帆")

    assert world.rows(tasks, person=world.people["马德兴"]) == []


@pytest.mark.parametrize("trigger", ["terminate", "suspend"])
def test_a_rejected_signature_ends_with_its_project(world: World, trigger: str) -> None:
    """Of a project that is ended nothing is to be mended; of one that is suspended it is still to be."""
    hall = in_review(world)
    hall.reject(hall.sign_on_paper("approval", "review", "杨帆"), by="罗秀英")
    hall.move(trigger)

    left = [] if trigger == "terminate" else [("rejected",)]
    assert world.rows("SELECT what FROM task WHERE what = 'rejected'") == left
