"""Replies age: warned of, lapsed by the sweep, renewed; a reply that has done its work never troubles anybody."""

from __future__ import annotations

from datetime import date

from tests.world import Dossier, World, at, day, definition_text, refused, reply
from workflow.actions.definitions import publish
from workflow.actions.people import change_person
from workflow.doctor import examine
from workflow.events import ClockChanged, ReplyLapsed, RungFired

FACTS = "facts:\n  acres: {title: 新增用地, kind: decimal, unit: 公顷}\ndocuments:"


def with_opinion(world: World) -> Dossier:
    """A home whose 选址意见书 was issued on 2026-09-01 and is valid for a year."""
    home = world.register("home").submitted("site", "site_plan")
    home.file("site")
    home.accept("site")
    home.conclude("site", reply("site_opinion", "2026-09-01"))
    return home


def with_proposal_reply(home: Dossier, on: str = "2026-09-01") -> None:
    """项目建议书批复, valid for two years, is issued too."""
    home.submitted("proposal", "proposal")
    home.approve("proposal", "review", "杨帆")
    home.file("proposal")
    home.accept("proposal")
    home.conclude("proposal", reply("proposal_reply", on))


def test_a_reply_is_valid_to_its_last_day_and_lapses_by_the_sweep(world: World) -> None:
    """One year from 2026-09-01 ends with 2027-09-01; after midnight the stage is 已失效."""
    home = with_opinion(world)
    assert home.paper("site_opinion").valid_until == date(2027, 9, 1)
    world.at("2027-09-01 23:59")
    world.sweep()
    assert home.at("site") == "issued"
    world.at("2027-09-02 00:00")
    world.sweep()

    assert home.at("site") == "lapsed"
    assert home.paper("site_opinion").lapsed
    assert home.kinds().count("reply.lapsed") == 1
    assert world.told("谭丽")[-1] == world.told("杨帆")[-1] == "lapsed"


def test_those_concerned_are_warned_before_a_reply_lapses(world: World) -> None:
    """60, 20 and 5 working days before, and on the day: clerk and section chief, each once."""
    home = with_opinion(world)
    world.now = at("2027-09-01 10:00")
    world.sweep()

    fired = [
        each.event for each in home.history() if isinstance(each.event, RungFired) and each.event.document
    ]
    assert [each.offset for each in fired] == [-60, -20, -5, 0]
    assert [each.due_at for each in fired] == sorted(each.due_at for each in fired)
    assert world.told("谭丽").count("validity") == world.told("杨帆").count("validity") == 4


def test_a_warning_of_validity_that_nobody_gives_is_said_to_be_late(world: World) -> None:
    """Nothing else is due in that month; the doctor sees that the clock stands still."""
    with_opinion(world)
    world.at("2027-06-01 10:00")
    world.sweep()
    world.at("2027-06-20 10:00")

    def late() -> int:
        findings = world.store.read(examine, now=world.now, has_file=lambda _: True)
        return sum(each.code == "sweep-late" for each in findings)

    assert late() == 1
    world.sweep()
    assert late() == 0


def test_a_lapsed_reply_holds_what_rests_on_it(world: World) -> None:
    """What has not been submitted waits again; what needs the reply cannot be submitted on the old one."""
    home = with_opinion(world)
    with_proposal_reply(home)
    assert home.at("land") == "preparing"
    world.now = at("2027-09-02 09:00")
    with refused("document-missing", "document-expired", says="已过有效期"):
        home.submit("land")
    world.sweep()

    assert (home.at("site"), home.at("land")) == ("lapsed", "waiting")
    assert home.waits_for("land") == ["等待用地预审与选址意见书"]


def test_validity_is_checked_again_at_the_final_decision(world: World) -> None:
    """A reply that ran out between submission and signature stops the signature."""
    home = with_opinion(world)
    with_proposal_reply(home)
    home.upload("red_line")
    world.now = at("2027-09-01 10:00")
    home.submit("land")
    world.now = at("2027-09-02 10:00")

    with refused("document-expired", says="用地预审与选址意见书"):
        home.approve("land", "sign", "罗秀英", reply("land_reply", "2027-09-02"))
    world.sweep()
    with refused("document-expired"):
        home.approve("land", "sign", "罗秀英", reply("land_reply", "2027-09-02"))


def validity_shown(world: World) -> str | None:
    """The day that the light of the first project's validities goes by."""
    [[shown]] = world.rows("SELECT valid_due_on FROM project WHERE ref = 'P1'")
    return str(shown) if shown else None


def test_a_lapse_is_shown_until_a_new_reply_is_there(world: World) -> None:
    """The other reply is valid for another year: the light stays with the one that is not."""
    home = with_opinion(world)
    with_proposal_reply(home)
    world.now = at("2027-09-02 09:00")
    world.sweep()
    assert validity_shown(world) == "2027-09-01"
    home.reapply("site")
    home.submit("site")
    home.file("site")
    home.accept("site")
    assert validity_shown(world) == "2027-09-01"
    world.sweep()
    home.conclude("site", reply("site_opinion", "2027-09-02"))

    assert validity_shown(world) == "2028-09-01", "the next is the other one"
    assert "reply.lapsed" in home.kinds()


def test_a_lapse_is_shown_of_no_project_that_has_ended(world: World) -> None:
    """Nobody will apply for a new one."""
    home = with_opinion(world)
    world.now = at("2027-09-02 09:00")
    world.sweep()
    home.move("terminate")

    assert validity_shown(world) is None
    assert home.paper("site_opinion").lapsed


def test_a_reply_that_had_run_out_when_it_was_taken_over_shows_it_too(world: World) -> None:
    """补录 ends: what is needed and was out of date lapses at once, and is seen to."""
    home = world.register("home", taking_over=True)
    home.confirm(home.take_over("site", reply("site_opinion", "2024-09-02", ""), as_printed=True))
    home.close_take_over()

    assert home.at("site") == "lapsed"
    assert validity_shown(world) == "2025-09-02"


def test_a_lapsed_stage_is_applied_for_again(world: World) -> None:
    """Reapplying begins a new visit; the new reply supersedes the old one and opens what waited."""
    home = with_opinion(world)
    with_proposal_reply(home)
    world.now = at("2027-09-02 09:00")
    world.sweep()
    home.reapply("site")
    home.submit("site")
    home.file("site")
    home.accept("site")
    home.conclude("site", reply("site_opinion", "2027-09-02"))
    world.sweep()

    assert (home.at("site"), home.at("land")) == ("issued", "preparing")
    assert (home.paper("site_opinion").version, home.paper("site_opinion").lapsed) == (2, False)


def test_a_reply_is_renewed_before_it_lapses(world: World) -> None:
    """延续: once it is due, the clerk begins; the old reply counts until the new one is there, and nothing lapses."""
    home = with_opinion(world)
    with_proposal_reply(home)
    world.now = at("2027-06-01 10:00")
    with refused("not-a-chief"):
        home.reapply("site")
    world.now = at("2027-08-05 10:00")
    home.reapply("site")
    assert home.at("land") == "preparing"
    home.submit("site")
    home.file("site")
    home.accept("site")
    home.conclude("site", reply("site_opinion", "2027-08-05"))
    world.now = at("2027-09-02 09:00")
    world.sweep()

    assert (home.at("site"), home.at("land")) == ("issued", "preparing")
    assert home.paper("site_opinion").valid_until == date(2028, 8, 5)
    assert "reply.lapsed" not in home.kinds()


def test_the_old_reply_may_lapse_while_its_renewal_is_on_its_way(world: World) -> None:
    """The renewal goes on where it is; only what rests on the old reply waits."""
    home = with_opinion(world)
    with_proposal_reply(home)
    world.now = at("2027-08-31 10:00")
    home.reapply("site", by="罗秀英")
    home.submit("site")
    home.file("site")
    world.now = at("2027-09-02 10:00")
    world.sweep()

    assert (home.at("site"), home.at("land")) == ("external.filed", "waiting")
    assert home.last(ReplyLapsed).document == "site_opinion"


def test_a_consumed_reply_never_lapses(world: World) -> None:
    """Once everything that uses a reply has been issued, its validity is no matter any more."""
    home = with_opinion(world)
    with_proposal_reply(home)
    home.upload("red_line")
    home.submit("land")
    home.approve("land", "sign", "罗秀英", reply("land_reply", "2026-09-01"))
    assert home.last(ClockChanged).effect == "consumed"
    world.now = at("2029-01-01 10:00")
    world.sweep()

    assert [home.at(key) for key in ("proposal", "site", "land")] == ["issued"] * 3
    assert "validity" not in world.told("谭丽")


def test_a_consumed_reply_that_is_needed_again_lapses_like_any_other(world: World) -> None:
    """用地报批 is reopened: the opinion is watched again, and 谭丽 applies for another once it has run out."""
    home = with_opinion(world)
    with_proposal_reply(home)
    home.upload("red_line")
    home.submit("land")
    home.approve("land", "sign", "罗秀英", reply("land_reply", "2026-09-01"))
    world.now = at("2027-08-30 10:00")
    home.reapply("land", by="罗秀英")
    assert home.at("land") == "preparing"
    world.now = at("2027-09-02 10:00")
    world.sweep()

    assert (home.at("site"), home.holders("site"), home.at("land")) == ("lapsed", ["谭丽"], "waiting")


def test_a_reply_that_only_what_does_not_apply_would_need_never_lapses(world: World) -> None:
    """Nothing is to be built on new land: nobody hears of the opinion's end, nobody applies for another."""
    text = definition_text("home").replace("type: home", "type: home-there").replace("documents:", FACTS, 1)
    text = text.replace(
        "    needs: [proposal_reply, site_opinion",
        "    when: acres > 0\n    needs: [proposal_reply, site_opinion",
    )
    world.digests["home-there"] = world.do(publish, "顾明", text=text, name="home-there.yaml")
    home = world.register("home-there", facts={"acres": "0"})
    with_proposal_reply(home)
    home.submitted("site", "site_plan")
    home.file("site")
    home.accept("site")
    home.conclude("site", reply("site_opinion", "2026-09-01"))
    world.now = at("2027-09-02 10:00")
    world.sweep()

    assert (home.at("site"), home.at("land")) == ("issued", "not_applicable")
    assert "validity" not in world.told("谭丽")


def test_a_consumed_reply_still_counts_for_a_later_stage_that_needs_it(world: World) -> None:
    """办妥下一事项的继续有效: once the next stage was issued in time, what comes after may rest on the reply too."""
    text = definition_text("home").replace("type: home", "type: home-on").replace("[land]", "[site]")
    text = text.replace("needs: [site_plan]", "needs: [site_plan, proposal_reply]")
    world.digests["home-on"] = world.do(publish, "顾明", text=text, name="home-on.yaml")
    home = world.register("home-on")
    with_proposal_reply(home)
    world.now = at("2028-08-30 10:00")
    home.submitted("site", "site_plan")
    home.file("site")
    home.accept("site")
    home.conclude("site", reply("site_opinion", "2028-08-30"))
    world.now = at("2028-09-04 10:00")
    world.sweep()
    home.upload("red_line")
    home.submit("land")

    assert home.paper("proposal_reply").valid_until == date(2028, 9, 1)
    assert (home.at("proposal"), home.at("land")) == ("issued", "sign")


def test_validity_as_printed_counts_before_the_rule(world: World) -> None:
    """What stands on the original is the law of that paper."""
    home = world.register("home").submitted("site", "site_plan")
    home.file("site")
    home.accept("site")
    home.conclude("site", reply("site_opinion", "2026-09-01", valid_until=day("2026-12-31")))
    world.now = at("2027-01-01 00:00")
    world.sweep()

    assert home.at("site") == "lapsed"


def test_an_ended_project_hears_no_more_of_validity(world: World) -> None:
    """A terminated project keeps its replies and loses their clocks."""
    home = with_opinion(world)
    home.move("terminate")
    world.now = at("2027-09-02 09:00")
    world.sweep()

    assert "validity" not in world.told("谭丽")
    assert "reply.lapsed" not in home.kinds()


def test_a_reply_that_ends_on_a_holiday_lapses_at_its_midnight(world: World) -> None:
    """A validity does not run on over the holidays; the last warning comes before them, not after the lapse."""
    home = world.register("home").submitted("site", "site_plan")
    home.file("site")
    home.accept("site")
    home.conclude("site", reply("site_opinion", "2026-09-01", valid_until=day("2026-10-03")))
    world.at("2026-10-03 23:59")
    world.sweep()
    assert home.at("site") == "issued"
    assert world.told("谭丽").count("validity") == 3
    world.at("2026-10-04 00:00")
    world.sweep()

    assert home.at("site") == "lapsed"


def used_up(world: World) -> Dossier:
    """A home whose 用地报批 is issued, so that nobody hears any more of the validity of what it rested on."""
    home = with_opinion(world)
    with_proposal_reply(home)
    home.submitted("land", "red_line")
    home.approve("land", "sign", "罗秀英", reply("land_reply", "2026-09-01"))
    assert not home.paper("site_opinion").is_counted
    return home


def test_what_ran_out_unheard_lapses_when_a_reopened_stage_needs_it_again(world: World) -> None:
    """用地报批 is reopened two months after the opinion ran out: it waits, and who applies for a new one is asked."""
    home = used_up(world)
    world.at("2027-11-02 10:00")
    world.sweep()
    assert home.at("site") == "issued"
    home.reapply("land", by="罗秀英")

    assert (home.at("land"), home.at("site")) == ("waiting", "lapsed")
    assert home.holders("site") == ["谭丽"]
    assert world.told("谭丽")[-1] == "lapsed"


def test_what_is_still_valid_is_warned_of_again_when_a_stage_is_reopened(world: World) -> None:
    """The opinion has three months left: its clock runs again, warns, and lapses on its day."""
    home = used_up(world)
    world.at("2027-06-01 10:00")
    home.reapply("land", by="罗秀英")
    assert home.at("land") == "preparing"
    assert validity_shown(world) == "2027-09-01"
    world.at("2027-09-02 00:00")
    world.sweep()

    assert (home.at("land"), home.at("site")) == ("waiting", "lapsed")
    assert world.told("谭丽").count("validity") == 4


def test_what_ran_out_while_nobody_swept_is_not_awaited_in_vain(world: World) -> None:
    """The clock still has its last word to say: until then 用地报批 waits, and 全面自检 has nothing to complain of."""
    home = with_opinion(world)
    world.at("2027-09-02 10:00")
    home.upload("red_line")
    world.prove()
    world.sweep()

    assert (home.at("land"), home.at("site")) == ("waiting", "lapsed")


def test_a_lapse_in_the_hands_of_nobody_is_an_incident(world: World) -> None:
    """谭丽's account was disabled when nothing was hers to do: her chiefs hear that the lapse needs a new clerk."""
    home = with_opinion(world)
    with_proposal_reply(home)
    home.hand_over("land", to="杨帆", by="罗秀英")
    world.do(change_person, "顾明", person=world.people["谭丽"], active=False)
    assert world.incidents() == []
    world.at("2027-09-02 10:00")
    world.sweep()

    assert world.incidents() == ["holder-disabled"]
    assert "incident" in world.told("顾明")
    assert "incident" in world.told("杨帆")
