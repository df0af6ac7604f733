"""A publicity (公示、公告) is seen to its end by the clerk: nobody is asked to agree with anything."""

from __future__ import annotations

from tests.web.conftest import City, SignIn
from tests.web.test_clerk import pdf

TENDER = "/stages/survey_design"


def test_a_notice_hung_out_is_a_task_with_an_end_and_is_taken_back_when_somebody_objects(
    city: City, sign_in: SignIn
) -> None:
    """谭丽's 招标文件发出至开标 says when it ends and asks for what was said; an objection brings the file back."""
    clerk, address = sign_in("tanli"), f"/projects/{city.projects['D']}{TENDER}"
    clerk.open(address)
    clerk.send("/upload", {"file": pdf("招标文件")}, document="survey_documents")
    clerk.send("/submit")
    for boss in (sign_in("yangfan"), sign_in("luoxiuying")):
        boss.open(address)
        boss.send("/decide", outcome="approved", opinion="同意")

    page = clerk.open("/")
    assert "公示公告，期满办结 1 项" in page.words
    assert "组织公示（招标文件发出至开标中）“招标文件发出至开标”未满20日。" in page.words
    assert "就地审批" not in page.words
    page = clerk.open(address)
    assert "公示起始日" in page.words
    assert "公示情况 写明公示方式和有无异议" in page.words
    assert "暂不能办结： “招标文件发出至开标”未满20日。" in page.words
    assert "期满办结退回" in page.words
    assert "依据：招标投标法第24条，公示不少于20日；其后办结为本局内部时限" in page.words
    assert "不予批准" not in page.words
    assert "常用语" not in page.words
    clerk.send("/decide", outcome="returned", opinion="投标人提出异议", fixes="更正资格条件")

    page = clerk.open(address)
    assert "报送前，请确认需修改的1处都已改好。报送后进入：科室审核（杨帆）。" in page.words
