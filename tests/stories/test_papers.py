"""Papers: versions that never change, registration without upload, and what is never taken by hand."""

from __future__ import annotations

from tests.world import MINUTES, World, refused, reply
from workflow.actions.documents import register_document
from workflow.errors import NotFound


def test_a_review_that_rests_on_a_superseded_reply_begins_again(world: World) -> None:
    """可研批复 was issued anew while 林地 was reviewed: nobody signs on the one that was read before."""
    garden = world.register("garden", facts={"forest": "1.5"})
    garden.submitted("study", "study_report")
    garden.approve("study", "review", "杨帆", reply("study_reply", "2026-09-01"))
    garden.submitted("forest", "forest_report")
    seen = garden.content("forest")
    garden.reapply("study", by="罗秀英")
    garden.submit("study")
    garden.approve(
        "study", "review", "杨帆", reply("study_reply", "2026-09-01", number="云发改审〔2026〕99号")
    )

    assert garden.stage("forest").papers["study_reply"] == garden.paper("study_reply").content
    assert garden.kinds().count("stage.restarted") == 1
    with refused("content-changed", says="可研批复"):
        garden.approve("forest", "review", "杨帆", reply("forest_consent", "2026-09-01"), content=seen)


def test_a_new_version_supersedes_and_the_old_one_stays(world: World) -> None:
    """Content never changes; a version is added, and every author is remembered."""
    world.delegate("谭丽", "刘畅", "2026-09-01", "2026-09-30")
    hall = world.register("hall")
    hall.upload("proposal")
    hall.upload("proposal", by="刘畅", content="第二稿")

    rows = world.rows("SELECT version, sha256 FROM paper WHERE document = 'proposal' ORDER BY version")
    assert [row[0] for row in rows] == [1, 2]
    assert rows[0][1] != rows[1][1] == hall.paper("proposal").sha256
    assert world.names(hall.paper("proposal").authors) == ["谭丽", "刘畅"]


def test_a_paper_may_be_registered_only_where_that_is_allowed(world: World) -> None:
    """仅登记不上传 is for papers that may not enter; the others are uploaded."""
    hall = world.register("hall")
    with refused("registration-not-allowed"):
        hall.enter("proposal")
    with refused("text-required", "text-required", "date-in-future"):
        hall.do(
            register_document, "谭丽", document="minutes", number=" ", kept_at="",
            issued_on=world.in_workdays(1),
        )  # fmt: skip
    hall.enter("minutes")

    assert hall.paper("minutes").number == MINUTES
    assert hall.paper("minutes").content.startswith("registered:")


def test_a_reply_is_recorded_where_it_is_issued_never_uploaded(world: World) -> None:
    """Issued papers come from their stage."""
    hall = world.register("hall")
    with refused("reply-not-uploaded", says="立项审批"):
        hall.upload("approval_reply")
    with refused("reply-not-uploaded", "registration-not-allowed"):
        hall.enter("approval_reply")


def test_only_declared_formats_and_papers_are_taken(world: World) -> None:
    """The definition says which formats a paper has; a paper it does not know does not exist."""
    hall = world.register("hall")
    with refused("format-not-allowed", says="pdf"):
        hall.upload("minutes", name="会纪要.docx")
    with refused("document-not-found", kind=NotFound):
        hall.upload("love_letter")
    hall.upload("proposal", name="项目建议书.DOCX")

    assert hall.paper("proposal").name == "项目建议书.DOCX"


def test_only_who_prepares_adds_papers(world: World) -> None:
    """A reviewer does not slip a paper under what he reviews."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    with refused("not-the-clerk", says="谭丽"):
        hall.upload("proposal", by="杨帆", content="改")
    assert hall.at("approval") == "review"
    hall.hand_over_project("马德兴")
    hall.upload("proposal", by="马德兴", content="改")

    assert hall.stage("approval").papers["proposal"] == hall.paper("proposal").content


def test_a_registered_paper_that_is_registered_anew_is_new_content(world: World) -> None:
    """Another number is another content: what rested on the old one is reviewed again."""
    hall = world.register("hall")
    hall.upload("proposal")
    hall.enter("minutes")
    hall.submit("approval")
    hall.approve("approval", "review", "杨帆")
    hall.enter("minutes", number="云民党组纪〔2026〕10号")

    assert hall.at("approval") == "review"
    hall.approve("approval", "review", "杨帆")
    hall.approve("approval", "sign", "罗秀英", reply("approval_reply", "2026-09-01", "云民审〔2026〕15号"))


def test_the_same_file_again_is_a_new_version_with_the_same_content(world: World) -> None:
    """Nothing is decided anew about what is byte for byte the same."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    hall.approve("approval", "review", "杨帆")
    hall.upload("proposal")

    assert hall.paper("proposal").version == 2
    assert hall.at("approval") == "sign"
