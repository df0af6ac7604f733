"""Submitter, reviewer and decider are different people within one visit: by person, through every route."""

from __future__ import annotations

from tests.world import Dossier, World, definition_text, refused, reply
from workflow.actions.definitions import publish
from workflow.actions.incidents import resolve_incident
from workflow.events import EntryWithdrawn, StageSubmitted, StepDecided, StepHandedOver
from workflow.state import Act, Concluded, Filed, PaperSigned

REPLY = reply("approval_reply", "2026-09-01", "云民审〔2026〕15号")


def in_review(world: World) -> Dossier:
    """A hall whose 立项审批 waits for its review."""
    return world.register("hall").submitted("approval", "proposal", "minutes")


def test_a_chief_who_submits_does_not_review_his_own_file(world: World) -> None:
    """A section chief who is clerk of a project is passed over; the next one up the tree reviews."""
    world.grant("马德兴", "云河县民政局", "section_chief")
    hall = world.register("hall", by="杨帆")
    hall.upload("proposal", "minutes", by="杨帆")
    hall.submit("approval", by="杨帆")

    assert hall.holders("approval") == ["马德兴"]
    with refused("not-the-holder"):
        hall.approve("approval", "review", "杨帆")


def test_who_wrote_a_paper_does_not_decide_on_it(world: World) -> None:
    """Handing in a paper is having a hand in it, also when somebody else submits the file."""
    world.grant("马德兴", "云河县民政局", "section_chief")
    hall = world.register("hall")
    hall.hand_over("approval", "杨帆", by="谭丽")
    hall.upload("proposal", by="杨帆")
    hall.upload("minutes")
    hall.submit("approval")

    assert hall.holders("approval") == ["马德兴"]


def test_the_one_for_whom_a_paper_was_handed_in_does_not_decide_on_it(world: World) -> None:
    """小李 uploads it for 杨帆, who has the preparation in hand; that 谭丽 submits the file changes nothing."""
    world.grant("马德兴", "云河县民政局", "section_chief")
    world.person("小李", "规划财务股", "clerk")
    hall = world.register("hall")
    hall.hand_over("approval", "杨帆", by="谭丽")
    world.delegate("杨帆", "小李", "2026-09-01", "2026-09-30")
    hall.upload("proposal", by="小李")
    hall.upload("minutes")
    hall.submit("approval")

    assert hall.holders("approval") == ["马德兴"]


def test_who_wrote_an_earlier_version_does_not_decide_either(world: World) -> None:
    """A new version by another hand does not wash the first author clean."""
    world.grant("马德兴", "云河县民政局", "section_chief")
    hall = world.register("hall")
    hall.hand_over("approval", "杨帆", by="谭丽")
    hall.upload("proposal", by="杨帆")
    hall.upload("proposal", "minutes", content="第二稿")
    hall.submit("approval")

    assert hall.holders("approval") == ["马德兴"]


def test_two_posts_are_still_one_person(world: World) -> None:
    """Who reviewed does not sign, whatever other post he holds; a colleague in that post does."""
    world.grant("杨帆", "规划财务股", "deputy_director")
    hall = in_review(world)
    hall.approve("approval", "review", "杨帆")

    assert hall.holders("approval") == ["罗秀英"]
    with refused("not-the-holder", "reply-not-given"):
        hall.approve("approval", "sign", "杨帆")
    hall.approve("approval", "sign", "罗秀英", REPLY)


def test_nobody_left_to_sign_is_an_incident(world: World) -> None:
    """If the only holder of the post has already acted, the step is offered to nobody, and that is not silent."""
    world.revoke("罗秀英", "云河县民政局", "deputy_director")
    world.grant("杨帆", "规划财务股", "deputy_director")
    hall = in_review(world)
    hall.approve("approval", "review", "杨帆")

    assert (hall.at("approval"), hall.holders("approval")) == ("sign", [])
    assert world.incidents() == ["nobody-holds-post"]
    assert world.told("顾明") == ["incident"]


def test_a_delegate_carries_the_hands_of_whom_he_acts_for(world: World) -> None:
    """Who reviewed for 杨帆 does not sign for 罗秀英, and 杨帆 cannot sign either."""
    world.delegate("杨帆", "马德兴", "2026-09-01", "2026-09-30")
    world.delegate("罗秀英", "马德兴", "2026-09-01", "2026-09-30")
    hall = in_review(world)
    hall.approve("approval", "review", "马德兴")
    with refused("own-submission", "reply-not-given"):
        hall.approve("approval", "sign", "马德兴")
    hall.approve("approval", "sign", "罗秀英", REPLY)

    assert hall.at("approval") == "issued"


def test_the_submitter_does_not_review_as_somebodys_delegate(world: World) -> None:
    """Acting for the chief does not let the clerk review what she has submitted herself."""
    world.delegate("杨帆", "谭丽", "2026-09-01", "2026-09-30")
    hall = in_review(world)
    with refused("own-submission", says="杨帆"):
        hall.approve("approval", "review", "谭丽")
    hall.approve("approval", "review", "杨帆")

    assert hall.at("approval") == "sign"


def test_the_one_whom_the_submitter_acted_for_does_not_review(world: World) -> None:
    """When 刘畅 submits for 杨帆, both hands are in the submission."""
    world.grant("马德兴", "云河县民政局", "section_chief")
    hall = world.register("hall", by="杨帆")
    world.delegate("杨帆", "刘畅", "2026-09-01", "2026-09-30")
    hall.upload("proposal", "minutes", by="刘畅")
    hall.submit("approval", by="刘畅")

    assert hall.holders("approval") == ["马德兴"]
    first = hall.stage("approval").acts[0]
    assert world.names(first.people) == ["刘畅", "杨帆"]


def test_the_one_for_whom_a_preparation_was_submitted_does_not_review(world: World) -> None:
    """杨帆 has the preparation in hand, though the project is 谭丽's; what 小李 hands in for him is his own file."""
    world.grant("马德兴", "云河县民政局", "section_chief")
    world.person("小李", "规划财务股", "clerk")
    hall = world.register("hall")
    hall.upload("proposal", "minutes")
    hall.hand_over("approval", "杨帆", by="谭丽")
    world.delegate("杨帆", "小李", "2026-09-01", "2026-09-30")
    hall.submit("approval", by="小李")

    assert hall.holders("approval") == ["马德兴"]
    assert world.name(hall.last(StageSubmitted).on_behalf) == "杨帆"
    with refused("not-the-holder"):
        hall.approve("approval", "review", "杨帆")


def test_a_step_is_not_handed_over_to_who_has_had_a_hand_in_it(world: World) -> None:
    """转办 cannot be the way round: the submitter, an author or an earlier decider does not receive the step."""
    hall = in_review(world)
    with refused("receiver-involved", says="谭丽"):
        hall.hand_over("approval", "谭丽", by="杨帆")
    hall.hand_over("approval", "罗秀英", by="杨帆")
    assert hall.holders("approval") == ["罗秀英"]
    assert world.told("罗秀英") == ["handed_over"]
    hall.approve("approval", "review", "罗秀英")

    assert hall.holders("approval") == []
    assert world.incidents() == ["nobody-holds-post"]


def test_a_step_is_handed_over_by_its_holder_or_a_supervisor_to_somebody_who_can_see_it(world: World) -> None:
    """The receiver is another active person in whose scope the project lies; the reason is recorded."""
    hall = in_review(world)
    with refused("not-the-holder", "receiver-involved"):
        hall.hand_over("approval", "谭丽", by="谭丽")
    with refused("receiver-out-of-scope"):
        hall.hand_over("approval", "刘畅", by="杨帆")
    with refused("receiver-is-holder"):
        hall.hand_over("approval", "杨帆", by="罗秀英")
    hall.hand_over("approval", "马德兴", by="罗秀英")

    assert world.names([hall.last(StepHandedOver).to]) == ["马德兴"]
    with refused("not-the-holder"):
        hall.approve("approval", "review", "杨帆")
    hall.approve("approval", "review", "马德兴")


def test_a_stage_at_rest_is_not_handed_over(world: World) -> None:
    """There is nothing to hand over in a stage that waits for its turn, and no stranger as receiver."""
    from workflow.actions.stages import hand_over_step

    hall = in_review(world)
    with refused("stage-not-open"):
        hall.hand_over("budget", "马德兴", by="杨帆")
    with refused("person-not-found"):
        hall.do(hand_over_step, "杨帆", stage="approval", to=999, reason_given="出差")
    with refused("text-required"):
        hall.do(hand_over_step, "杨帆", stage="approval", to=world.people["马德兴"], reason_given="")


def test_nobody_assigns_with_the_authority_of_whoever_has_a_hand_in_it(world: World) -> None:
    """杨帆 wrote the paper; 小李, who acts for him, no more names the one who reviews it than he does himself."""
    world.grant("马德兴", "云河县民政局", "section_chief")
    world.person("小李", "规划财务股", "clerk")
    hall = world.register("hall")
    hall.hand_over("approval", "杨帆", by="谭丽")
    hall.upload("proposal", by="杨帆")
    hall.upload("minutes")
    hall.submit("approval")
    world.delegate("杨帆", "小李", "2026-09-01", "2026-09-30")

    for who in ("杨帆", "小李"):
        with refused("involved-cannot-assign"):
            hall.hand_over("approval", "罗秀英", by=who)


def test_the_submitter_does_not_assign_as_the_holders_delegate(world: World) -> None:
    """谭丽 acts for 杨帆 while he is away, but who reviews her own file is not hers to say; his other delegate says it."""
    hall = in_review(world)
    world.delegate("杨帆", "谭丽", "2026-09-01", "2026-09-30")
    world.delegate("杨帆", "刘畅", "2026-09-01", "2026-09-30")
    with refused("involved-cannot-assign"):
        hall.hand_over("approval", "罗秀英", by="谭丽")
    hall.hand_over("approval", "罗秀英", by="刘畅")

    assert hall.holders("approval") == ["罗秀英"]


def returned_from_outside(world: World, recorded_by: str, confirmed_by: str) -> Dossier:
    """A stage that 发改 approved and the house still has to sign."""
    text = definition_text("home").replace("type: home", "type: home-signed")
    signed = "{title: 归口审签, by: deputy_director, within: 3 workdays}"
    text = text.replace("          basis: 参照行政许可法第42条\n", f"      - sign: {signed}\n")
    world.digests["home-signed"] = world.do(publish, "顾明", text=text, name="home-signed.yaml")
    home = world.register("home-signed").submitted("proposal", "proposal")
    home.approve("proposal", "review", "杨帆")
    home.file("proposal")
    home.accept("proposal")
    number = home.record("proposal", Concluded(world.today, "approved"), by=recorded_by)
    home.confirm(number, by=confirmed_by)
    return home


def test_who_entered_what_an_outside_office_decided_is_not_given_the_next_step(world: World) -> None:
    """罗秀英 copied the conclusion for 谭丽; she is the only one who signs such a thing, and that is not silent."""
    world.delegate("谭丽", "罗秀英", "2026-09-01", "2026-09-30")
    home = returned_from_outside(world, recorded_by="罗秀英", confirmed_by="杨帆")

    assert (home.at("proposal"), home.holders("proposal")) == ("sign", [])
    assert world.incidents() == ["nobody-holds-post"]


def test_for_whom_what_an_outside_office_decided_was_checked_is_not_given_the_next_step(world: World) -> None:
    """小李 compares it for 马德兴, who holds both posts: it counts as 马德兴's, and stands so in the record."""
    world.person("小李", "规划财务股", "clerk")
    world.revoke("罗秀英", "云河县民政局", "deputy_director")
    world.grant("马德兴", "云河县民政局", "deputy_director")
    world.grant("马德兴", "规划财务股", "section_chief")
    world.delegate("马德兴", "小李", "2026-09-01", "2026-09-30")
    home = returned_from_outside(world, recorded_by="谭丽", confirmed_by="小李")

    assert world.name(home.last(StepDecided).on_behalf) == "马德兴"
    assert (home.holders("proposal"), world.incidents()) == ([], ["nobody-holds-post"])


def test_a_signature_on_paper_counts_as_the_signers_own(world: World) -> None:
    """代录: one enters, another checks the sheet, and the chief who signed it has decided; so who has only
    compared the sheet is not kept from the next step.
    """
    hall = in_review(world)
    number = hall.sign_on_paper("approval", "review", signer="杨帆")
    assert hall.at("approval") == "review"
    with refused("own-entry", says="罗秀英"):
        hall.confirm(number, by="谭丽")
    with refused("not-the-checker"):
        hall.confirm(number, by="杨帆")
    hall.confirm(number, by="罗秀英")

    assert hall.at("approval") == "sign"
    act = hall.stage("approval").acts[-1]
    assert (act.what, world.name(act.by)) == ("review", "杨帆")
    assert world.name(hall.last(StepDecided).signed_by) == "杨帆"
    assert (hall.holders("approval"), world.incidents()) == (["罗秀英"], [])


def test_nobody_enters_his_own_signature(world: World) -> None:
    """Who signs can sign here; and the sheet is signed by somebody who may decide the step."""
    hall = in_review(world)
    with refused("own-paper-signature"):
        hall.sign_on_paper("approval", "review", signer="杨帆", by="杨帆")
    with refused("not-the-holder"):
        hall.sign_on_paper("approval", "review", signer="马德兴")
    with refused("not-the-holder", "own-paper-signature"):
        hall.sign_on_paper("approval", "review", signer="谭丽")


def test_a_signature_on_paper_has_its_evidence_and_its_day(world: World) -> None:
    """The sheet is scanned or kept somewhere, signed no later than today, for the step that is open."""
    hall = in_review(world)
    with refused("evidence-missing"):
        hall.sign_on_paper("approval", "review", signer="杨帆", kept_at=" ")
    with refused("date-in-future"):
        hall.sign_on_paper("approval", "review", signer="杨帆", on=world.in_workdays(1))
    with refused("step-not-open"):
        hall.sign_on_paper("approval", "sign", signer="罗秀英")


def test_the_last_step_of_an_issuing_stage_is_not_signed_on_paper(world: World) -> None:
    """A reply needs its number, which the signer gives online."""
    hall = in_review(world)
    hall.approve("approval", "review", "杨帆")

    with refused("paper-signature-issues"):
        hall.sign_on_paper("approval", "sign", signer="罗秀英")


def test_a_signature_on_a_paper_that_was_replaced_does_not_count(world: World) -> None:
    """What the chief signed is exactly what was printed; a new version in between outdates the entry."""
    hall = in_review(world)
    number = hall.sign_on_paper("approval", "review", signer="杨帆")
    hall.upload("proposal", content="第二稿")
    with refused("entry-outdated"):
        hall.confirm(number, by="罗秀英")
    hall.reject(number, by="罗秀英")
    hall.approve("approval", "review", "杨帆")

    assert hall.at("approval") == "sign"
    assert world.told("谭丽")[-1] == "rejected"


def test_a_step_whose_signature_waits_for_its_check_is_not_decided_at_the_desk(world: World) -> None:
    """杨帆 has signed the sheet; until it is checked or sent back neither he nor a colleague decides beside it."""
    world.grant("马德兴", "规划财务股", "section_chief")
    home = world.register("home").submitted("proposal", "proposal")
    number = home.sign_on_paper("proposal", "review", signer="杨帆")
    for who in ("杨帆", "马德兴"):
        with refused("entry-pending", says="请先由马德兴核对"):
            home.approve("proposal", "review", who)
        with refused("entry-pending"):
            home.return_("proposal", "review", who)
    home.reject(number, by="马德兴")
    home.approve("proposal", "review", "马德兴")

    assert (home.at("proposal"), home.state.entries) == ("external.filing", {})


def test_one_entry_waits_at_a_time_and_a_rejected_one_has_no_effect(world: World) -> None:
    """The next entry would be made on a state that is about to change."""
    from workflow.actions.entries import reject_entry

    hall = in_review(world)
    number = hall.sign_on_paper("approval", "review", signer="杨帆")
    with refused("entry-pending", says="罗秀英"):
        hall.sign_on_paper("approval", "review", signer="杨帆")
    with refused("text-required"):
        hall.do(reject_entry, "罗秀英", number=number, reason_given="")
    hall.reject(number, by="罗秀英")
    with refused("entry-not-found"):
        hall.confirm(number, by="罗秀英")

    assert hall.at("approval") == "review"


def test_whoever_entered_it_takes_it_back_before_it_is_checked(world: World) -> None:
    """A slip of the clerk's own, of any kind, is undone without troubling the checker, who hears that it is gone."""
    hall = in_review(world)
    home = world.register("home").submitted("site", "site_plan")
    taken = world.register("hall", taking_over=True)
    entered = [
        (hall, hall.sign_on_paper("approval", "review", signer="杨帆"), "罗秀英"),
        (home, home.record("site", Filed(world.today)), "杨帆"),
        (taken, taken.take_over("approval", reply("approval_reply", "2026-08-03")), "杨帆"),
    ]
    for found, number, checker in entered:
        with refused("not-the-author", says="谭丽"):
            found.take_back(number, by=checker)
        found.take_back(number)
        assert found.last(EntryWithdrawn).entry == number
        assert world.told(checker)[-1] == "relieved"
        with refused("entry-not-found"):
            found.confirm(number, by=checker)
        with refused("entry-not-found"):
            found.take_back(number)
    taken.close_take_over()
    home.file("site")

    assert [found.at(key) for found, key in ((hall, "approval"), (home, "site"), (taken, "approval"))] == [
        "review", "external.filed", "preparing",
    ]  # fmt: skip


def test_a_paper_return_begins_a_new_visit_like_any_other(world: World) -> None:
    """A chief may write 退回 on the sheet; the items are entered with it."""
    from workflow.state import Fix

    hall = in_review(world)
    number = hall.sign_on_paper(
        "approval", "review", signer="杨帆", outcome="returned", fixes=(Fix("补测算表"),)
    )
    hall.confirm(number, by="罗秀英")

    assert (hall.at("approval"), hall.stage("approval").visit) == ("preparing", 2)


def test_an_outside_record_is_checked_by_another_than_clerk_and_recorder(world: World) -> None:
    """Recording is not deciding: 刘畅 records for 谭丽, and neither of them confirms."""
    world.delegate("谭丽", "刘畅", "2026-09-01", "2026-09-30")
    home = world.register("home")
    home.submitted("site", "site_plan")
    number = home.record("site", Filed(world.today, "收件1号"), by="刘畅")
    with refused("own-entry"):
        home.confirm(number, by="刘畅")
    with refused("not-the-checker", says="杨帆"):
        home.confirm(number, by="谭丽")
    home.confirm(number, by="杨帆")

    assert home.at("site") == "external.filed"


def test_a_chief_who_is_clerk_has_his_records_checked_by_the_next_one_up(world: World) -> None:
    """The post that confirms is passed over if its holder recorded; nobody above is a refusal with a remedy."""
    home = world.register("home", by="杨帆")
    home.upload("site_plan", by="杨帆")
    home.submit("site", by="杨帆")
    number = home.record("site", Filed(world.today), by="杨帆")
    assert world.names(home.state.entries[str(number)].checkers) == ["罗秀英"]
    home.reject(number, by="罗秀英")
    world.revoke("罗秀英", "云河县民政局", "deputy_director")
    world.revoke("马德兴", "云河县民政局", "director")

    with refused("nobody-to-check"):
        home.record("site", Filed(world.today), by="杨帆")


def test_an_entry_goes_to_others_if_its_only_checker_becomes_the_clerk(world: World) -> None:
    """杨帆 takes the project over and no longer checks what is entered in it; the next one up does, and is told."""
    home = world.register("home").submitted("site", "site_plan")
    number = home.record("site", Filed(world.today, "收件1号"))
    home.hand_over_project("杨帆")

    assert world.names(home.state.entries[str(number)].checkers) == ["罗秀英"]
    assert world.told("罗秀英") == ["check"]
    home.confirm(number, by="罗秀英")


def test_an_entry_that_nobody_may_check_any_more_is_an_incident(world: World) -> None:
    """Nobody above 杨帆 is left: whoever administers hears why, and gives the check to whom they appoint."""
    home = world.register("home").submitted("site", "site_plan")
    number = home.record("site", Filed(world.today, "收件1号"))
    world.revoke("罗秀英", "云河县民政局", "deputy_director")
    world.revoke("马德兴", "云河县民政局", "director")
    home.hand_over_project("杨帆")
    assert (world.incidents(), world.told("顾明")) == (["holder-disabled"], ["incident"])
    world.grant("马德兴", "云河县民政局", "director")
    [[incident]] = world.rows("SELECT id FROM incident")
    world.do(resolve_incident, "顾明", incident=incident, how="已补齐岗位")

    home.confirm(number, by="马德兴")


def test_an_entry_goes_to_others_if_its_only_checker_writes_the_paper_it_rests_on(world: World) -> None:
    """罗秀英 hands in a new version meanwhile: now 马德兴 sends the signature on the old one back."""
    hall = in_review(world)
    number = hall.sign_on_paper("approval", "review", signer="杨帆")
    world.delegate("谭丽", "罗秀英", "2026-09-01", "2026-09-30")
    hall.upload("proposal", content="第二稿", by="罗秀英")

    assert world.names(hall.state.entries[str(number)].checkers) == ["马德兴"]
    hall.reject(number, by="马德兴")


def test_acts_of_one_visit_name_everybody_once(world: World) -> None:
    """After a full passage three different people stand in the acts of the visit."""
    hall = in_review(world)
    hall.approve("approval", "review", "杨帆")
    hall.approve("approval", "sign", "罗秀英", REPLY)
    acts = hall.stage("approval").acts

    assert [act.what for act in acts] == ["submit", "review", "sign"]
    assert [world.name(act.by) for act in acts] == ["谭丽", "杨帆", "罗秀英"]
    assert all(isinstance(act, Act) for act in acts)


def test_a_paper_signature_is_no_outside_record(world: World) -> None:
    """Each kind of record has its own door."""
    home = world.register("home")
    home.submitted("site", "site_plan")
    signed = PaperSigned("external", world.people["杨帆"], world.today, "approved", "", "", kept_at="夹")
    with refused("not-outside"):
        home.record("site", signed)
    with refused("outcome-unknown"):
        home.record("site", Concluded(world.today, "noted"))
