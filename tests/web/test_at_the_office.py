"""外部门: what a clerk reads and types while another office has the file, and what its checker sees."""

from __future__ import annotations

from typing import Any

import pytest

from api.demo_papers import one_page_pdf
from tests.web.conftest import City, SignIn
from tests.web.desk import Desk, Page

STAGE = "/stages/planning"


class Filed:
    """吴海涛's 区殡仪馆二期 is ready to go to 发改; 李国栋 checks what he records there."""

    def __init__(self, city: City, sign_in: SignIn) -> None:
        self.address = f"/projects/{city.projects['C']}{STAGE}"
        self.clerk, self.chief = sign_in("wuhaitao"), sign_in("liguodong")
        self.hand_in(self.clerk, "land_quota")
        self.clerk.send("/submit")
        for desk in (self.chief, sign_in("chenwenjuan")):
            desk.open(self.address)
            desk.send("/decide", outcome="approved", opinion="同意。")

    def hand_in(self, desk: Desk, document: str) -> Page:
        """Another version of a paper."""
        desk.open(self.address)
        paper: Any = {"file": (f"{document}.pdf", one_page_pdf(document), "application/pdf")}
        return desk.send("/upload", paper, document=document)

    def record(self, what: str, **values: str) -> Page:
        """The clerk records what the office did."""
        self.clerk.open(self.address)
        return self.clerk.send("/record", what=what, **{"on": "2026-11-23", **values})

    def confirm(self) -> Page:
        """The chief holds it against the original."""
        self.chief.open(self.address)
        return self.chief.send("/confirm")

    def reject(self, reason: str) -> Page:
        """The chief finds it wrong."""
        self.chief.open(self.address)
        return self.chief.send("/reject", reason=reason)

    def recorded(self, what: str, **values: str) -> Page:
        """Both."""
        self.record(what, **values)
        return self.confirm()


@pytest.fixture
def office(city: City, sign_in: SignIn) -> Filed:
    return Filed(city, sign_in)


def options(page: Page, **held: str) -> list[str]:
    """Which conclusions may be chosen."""
    form = page.form("/record", what="concluded", **held)
    return next(each.options for each in form.controls if each.name == "outcome")


def test_only_what_the_office_can_conclude_by_now_may_be_chosen(office: Filed) -> None:
    """Before the file was accepted there is no approval to record, and the page says what comes first."""
    page = office.clerk.open(office.address)
    assert options(page) == ["", "returned"]
    assert "取得批复的，先登记报送、受理，再登记结论；日期照原件，可以是同一天" in page.words

    office.recorded("filed")
    assert options(office.clerk.open(office.address)) == ["", "returned", "refused"]
    office.recorded("accepted")
    assert options(office.clerk.open(office.address)) == ["", "approved", "returned", "refused"]


def test_a_signed_file_has_a_day_by_which_it_goes_out(office: Filed) -> None:
    """待报送 is the clerk's own time: a day in the list, the reason of the day on the page, nothing of the office's."""
    item = office.clerk.open("/").words
    assert "报送外部门" in item
    assert "11月26日 周四" in item

    page = office.clerk.open(office.address)
    clock = page.words.partition("逐日说明")
    assert "报送外部门 自 2026-11-23 起算 时限 3个工作日" in clock[0]
    assert "依据：本局内部时限" in clock[0]
    assert "到期日 2026-11-26" in clock[2]
    assert "报送3个工作日 · 受理5个工作日" in page.words


def test_a_correction_notice_stands_with_its_number_until_it_is_answered(office: Filed) -> None:
    """补正: who asked for what, what to do now; the items stay even if the answer was recorded wrongly."""
    office.recorded("filed")
    office.recorded("correction", number="澴发改补〔2026〕3号", fixes="补三年服务量\n补盖章页")
    page = office.clerk.open(office.address)
    assert "需修改 2 处：发展和改革部门 11月23日一次性告知补正（澴发改补〔2026〕3号）" in page.words
    assert "先在“所需材料”中换好各件，报送对方后，再登记补正完成" in page.words

    office.hand_in(office.clerk, "demand_study")
    office.record("corrected", number="收〔2026〕15号")
    office.reject("回执是16号")
    page = office.clerk.open(office.address)
    assert "补三年服务量" in page.html.partition("需修改 2 处")[2]
    assert "李国栋 2026-11-23 10:00 未予确认：回执是16号" in page.words

    office.recorded("corrected", number="收〔2026〕16号")
    assert "需修改 2 处" not in office.clerk.open(office.address).words


def test_what_was_not_confirmed_is_in_the_form_again_and_on_the_list(office: Filed) -> None:
    """李国栋 finds a wrong number: 吴海涛 finds it on his list, corrects that one field and types nothing twice."""
    office.recorded("filed")
    office.recorded("accepted")
    typed = {
        "outcome": "approved",
        "reply__reserve_entry__number": "澴发改储〔2026〕9号",
        "reply__reserve_entry__issued_on": "2026-11-20",
        "reply__reserve_entry__kept_at": "档案柜3",
    }
    page = office.record("concluded", **typed)
    assert "录错了的，请撤回录入，再重新登记" in page.words
    office.reject("文号是澴发改储〔2026〕19号")

    page = office.clerk.open("/")
    assert "退回修改 1 项" in page.words
    assert "更正后重新登记" in page.words
    assert "登记未通过核对：文号是澴发改储〔2026〕19号" in page.words
    page = office.clerk.open(office.address)
    assert "原来填的已放回表中，改好后重新登记；扫描件须重新选择" in page.words
    held = page.form("/record", what="concluded").values
    assert held["reply.reserve_entry.number"] == "澴发改储〔2026〕9号"
    assert (held["on"], held["reply.reserve_entry.kept_at"]) == ("2026-11-23", "档案柜3")
    assert "原来填的" not in office.chief.open(office.address).words

    page = office.clerk.open(office.address)
    page = office.clerk.send(
        "/record", what="concluded", outcome="approved", reply__reserve_entry__number="澴发改储〔2026〕19号"
    )
    assert "已登记，待李国栋核对原件后生效。" in page.words
    assert "退回修改" not in office.clerk.open("/").words
    assert "澴发改储〔2026〕19号" in office.confirm().words


def test_whoever_typed_the_wrong_thing_takes_it_back_and_types_it_once_more(office: Filed) -> None:
    """Before 李国栋 looks at it, 吴海涛 sees the slip: one button, and the form holds what he had typed."""
    office.record("filed", number="收〔2026〕21号")
    assert not office.chief.open(office.address).has_form("/withdraw-entry")
    office.clerk.open(office.address)
    page = office.clerk.send("/withdraw-entry")
    assert "录入已撤回，可改好后重新登记" in page.words
    assert "吴海涛 2026-11-23 10:00 撤回录入" in page.words
    assert page.form("/record", what="filed").values["number"] == "收〔2026〕21号"
    assert not office.chief.open(office.address).has_form("/confirm")

    page = office.record("filed", number="收〔2026〕12号")
    assert "已登记，待李国栋核对原件后生效。" in page.words
    assert "已报送" in office.confirm().words


def test_taking_back_what_was_checked_meanwhile_says_so(office: Filed) -> None:
    office.record("filed")
    office.clerk.open(office.address)
    office.confirm()

    page = office.clerk.send("/withdraw-entry")

    assert page.status == 409
    assert "没有这条待核对的登记，可能已经核对过，或已撤回。" in page.words


def test_who_is_to_check_an_entry_reads_nothing_about_not_being_the_clerk(office: Filed) -> None:
    """The one thing to do on the chief's page is the check."""
    office.record("filed", number="收〔2026〕12号")

    page = office.chief.open(office.address)

    assert page.has_form("/confirm")
    assert "您不是本项目经办人" not in page.words


def test_a_special_procedure_says_what_it_is_and_what_it_does_to_the_day(office: Filed) -> None:
    """特别程序: explained before, named with its basis for the checker, and its effect said afterwards."""
    office.recorded("filed")
    office.recorded("accepted")
    page = office.clerk.open(office.address)
    assert "检验、检测、检疫、鉴定、专家评审的，所需时间不计入时限（行政许可法第45条）" in page.words
    page = office.record("special_began", procedure="专家评审", basis="行政许可法第45条")
    assert "进入特别程序（专家评审，依据行政许可法第45条），时限停表" in page.words
    assert "现在在发展和改革部门处（发改部门入库·办理中），停表中（专家评审）。" in office.confirm().words

    page = office.clerk.open(office.address)
    first = next(form for form in page.forms if form.action.endswith("/record"))
    assert first.values["what"] == "special_ended", "what comes next is what is asked first"
    page = office.recorded("special_ended")
    assert "现在在发展和改革部门处（发改部门入库·办理中），到期日12月7日 周一" in page.words
