"""蒋慧 audits the record of the whole city: she filters, verifies, keeps a head, takes a file along."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from hashlib import sha256

import pytest
from openpyxl import load_workbook

from api.prints.audit_files import neutral
from tests.hostile import FORMULAS
from tests.web.conftest import City, SignIn
from tests.web.desk import Desk

DECIDED = "陈文娟"


def times(desk: Desk) -> list[str]:
    """The instants on the page, in its order."""
    return [str(found["datetime"]) for tag, found in desk.page.tags if tag == "time"]


def test_the_record_of_all_projects_is_told_newest_first_page_by_page(sign_in: SignIn) -> None:
    desk = sign_in("jianghui")
    page = desk.open("/audit")
    assert "范围：澴川市民政局及下级单位的全部项目，以及人员、岗位、定义、日历等管理事项" in page.words
    first = times(desk)
    assert first == sorted(first, reverse=True)
    seen = len(first)
    while further := [link for link in page.links if "before=" in link]:
        page = desk.open(further[0])
        assert times(desk)[0] <= first[-1]
        first = times(desk)
        seen += len(first)

    assert seen == _count(desk)
    assert "登记了单位“澴川市民政局”" in page.words


def _count(desk: Desk) -> int:
    store = desk.client.app.state.door.store  # type: ignore[attr-defined]
    return int(
        store.read(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM event").scalar_one())
    )


def test_the_record_is_narrowed_by_person_project_kind_period_and_words(city: City, sign_in: SignIn) -> None:
    desk = sign_in("jianghui")
    clerk = city.people["tanli"]

    page = desk.open(f"/audit?person={clerk}&kind=moves")
    assert "谭丽报送了" in page.words
    assert "吴海涛报送了" not in page.words
    page = desk.open(f"/audit?person={city.people['liguodong']}&kind=entries")
    assert "李国栋核对了补录的“可研审批”" in page.words, "an entry and its check are of one kind"
    page = desk.open("/audit?project=大院社区&kind=clocks")
    assert "大院社区" in page.words
    assert "特困人员" not in page.words
    page = desk.open("/audit?text=概算审核")
    assert "刘畅报送了“概算审核”" in page.words
    desk.open("/audit?since=2026-11-10&until=2026-11-11")
    assert times(desk)
    assert all("2026-11-09T16" <= at < "2026-11-11T16" for at in times(desk))
    assert "没有符合条件的记录" in desk.open("/audit?text=从来没有人写过的话").words
    assert "不查人名；查人请选“人员”，由他人代办的也在内。" in desk.open("/audit?text=代陈文娟").words
    assert "起止日期颠倒了" in desk.open("/audit?since=2026-11-11&until=2026-11-10").words
    page = desk.open("/audit?since=yesterday")
    assert "“yesterday”不是日期" in page.words
    assert desk.open("/audit?before=nonsense").status == 200


def test_an_overseer_of_the_county_sees_the_county_alone(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    desk.open(f"/admin/people/{city.people['tanli']}")
    desk.send("/posts/grant", organisation="5", key="overseer", title="县局督查")
    desk.open("/audit/verification")
    desk.send("/audit/verification")
    overseer = sign_in("tanli")

    page = overseer.open("/audit")

    assert "范围：云河县民政局及下级单位的全部项目" in page.words
    assert "管理事项" not in page.words
    assert "特困人员" in page.words
    for foreign in ("大院社区", "骨灰堂", "殡仪馆", "李国栋"):
        assert foreign not in page.words
        assert foreign not in overseer.open(f"/audit?text={foreign}").words.replace(f"“{foreign}”", "")
    assert "周建平" not in overseer.open(f"/audit?person={city.people['zhoujianping']}").words
    assert "全部相符" not in overseer.open("/audit/verification").words
    assert overseer.open("/audit/entries/1").status == 404
    assert overseer.open(f"/audit/verification?project={city.projects['E']}").status == 404
    assert "核验全部记录须有全部单位的审计范围" in overseer.open("/audit/verification").words
    overseer.open(f"/audit/verification?project={city.projects['D']}")
    assert "全部相符" in overseer.send("/audit/verification").words


def test_one_entry_shows_what_was_hashed_and_that_it_holds(sign_in: SignIn) -> None:
    desk = sign_in("jianghui")
    page = desk.open("/audit?project=大院社区")
    entry = next(link for link in page.links if link.startswith("/audit/entries/"))

    page = desk.open(entry)

    assert "本条与其校验码相符" in page.words
    assert '"type":"' in page.words
    before = next(link for link in page.links if link.startswith("/audit/entries/"))
    assert "本条与其校验码相符" in desk.open(before).words


def drop_guard(city: City) -> None:
    """A determined intruder removes the guard of the record first."""
    on_sqlite = city.url.startswith("sqlite")
    city.execute("DROP TRIGGER " + ("event_no_update" if on_sqlite else "event_append_only ON event"))


def test_what_was_changed_behind_our_back_is_named(city: City, sign_in: SignIn) -> None:
    desk = sign_in("jianghui")
    desk.open("/audit/verification")
    assert "全部相符" in desk.send("/audit/verification").words
    drop_guard(city)
    ((entry, title, seq),) = city.execute(
        "SELECT event.id, title, event.seq FROM event JOIN project ON project.id = project_id"
        " WHERE data LIKE '%stage.submitted%' ORDER BY event.id LIMIT 1"
    )
    city.execute("UPDATE event SET actor_id = 1 WHERE id = :entry", entry=entry)

    page = desk.send("/audit/verification")

    assert "发现不符" in page.words
    assert f"第一处不符：“{title}”第{seq}条：内容与校验码不符" in page.words
    assert "本条与其校验码不符" in desk.open(f"/audit/entries/{entry}").words


def test_an_entry_that_cannot_be_read_any_more_breaks_no_page(city: City, sign_in: SignIn) -> None:
    desk = sign_in("jianghui")
    drop_guard(city)
    city.execute(
        "UPDATE event SET data = :torn WHERE id = (SELECT max(id) FROM event)", torn='{"type":"stage.submit'
    )

    assert "本条内容无法读取，可能已被改动" in desk.open("/audit").words


def test_a_head_that_was_kept_outside_is_looked_for(city: City, sign_in: SignIn) -> None:
    desk = sign_in("jianghui")
    ((head,),) = city.execute("SELECT head FROM project ORDER BY id LIMIT 1")
    desk.open("/audit/verification")
    page = desk.send("/audit/verification", against=head[:16].upper())
    assert "条记录（6个项目和管理事项）、" in page.words
    assert f"所持校验码 {head[:16]} 在记录之中" in page.words
    page = desk.send("/audit/verification", against=f"{head[:8]}\u202e{head[8:16]}")
    assert (page.status, "含有不可见的控制字符" in page.words) == (422, True)

    page = desk.send("/audit/verification", against="0123456789abcdef")
    assert "抄录有误，或记录曾被截断、整体改写" in page.words
    page = desk.send("/audit/verification", against="zzz")
    assert page.status == 422
    assert "verify-against-wrong" in page.ids


@pytest.mark.parametrize("kind", ["xlsx", "csv", "lines"])
def test_the_filtered_record_goes_along_as_a_file_and_that_is_recorded(
    city: City, sign_in: SignIn, kind: str
) -> None:
    desk = sign_in("jianghui")
    _write_a_formula(city, sign_in)
    page = desk.open("/audit?project=大院社区&text=HYPERLINK")
    form = page.form("/audit/export")

    headers = {"Accept": "text/html", "Origin": "http://127.0.0.1"}
    answer = desk.client.post("/audit/export", data={**form.values, "format": kind}, headers=headers)

    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = _rows(kind, answer.content)
    assert len(rows) == 1
    assert "HYPERLINK" in str(rows[0])
    page = desk.open("/audit?kind=settings")
    assert "蒋慧导出了审计记录1条（项目“大院社区”，含“HYPERLINK”）" in page.words


def _write_a_formula(city: City, sign_in: SignIn) -> None:
    chief = sign_in("liguodong")
    chief.open(f"/projects/{city.projects['E']}/stages/budget_review")
    chief.send("/explanation", text='=HYPERLINK("http://example.org")')


def _rows(kind: str, content: bytes) -> Sequence[object]:
    if kind == "lines":
        rows = [json.loads(line) for line in content.splitlines()]
        assert all(len(row["hash"]) == 64 for row in rows)
        return rows
    if kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]


def test_lines_of_the_file_prove_themselves_without_us(city: City, sign_in: SignIn) -> None:
    desk = sign_in("jianghui")
    form = desk.open(f"/audit?project={city.projects['E']}").form("/audit/export")
    answer = desk.client.post("/audit/export", data={**form.values, "format": "lines"})
    before = "0" * 64
    lines = [json.loads(line) for line in answer.content.splitlines()]
    for line in sorted(lines, key=lambda each: each["seq"]):
        text = "\n".join([before, *(str(line[key]) for key in ("project", "seq", "at", "actor", "data"))])
        before = sha256(text.encode()).hexdigest()
        assert before == line["hash"]


def test_no_cell_is_a_formula() -> None:
    assert len(FORMULAS) >= 100
    assert [text for text in FORMULAS if neutral(text) != f"'{text}"] == []
    assert [neutral(text) for text in ("正常", " 正常", "3-1", "")] == ["正常", " 正常", "3-1", ""]
