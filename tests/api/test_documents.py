"""Papers over HTTP: uploading, registering, and giving out again only to those who may see the project."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.main import clean
from api.security import DOWNLOAD_POLICY, PREVIEW_POLICY
from api.tickets import Tickets
from tests import papers
from tests.api.office import Office, Seat, open_office
from tests.databases import Copies
from tests.world import Dossier
from workflow.actions import people
from workflow.errors import Invalid
from workflow.files import Files
from workflow.people import SYSTEM
from workflow.state import TakenOver


def upload(
    seat: Seat,
    project: Dossier,
    content: bytes,
    name: str = "建议书.pdf",
    document: str = "proposal",
    **fields: str,
) -> Any:
    path = f"/api/projects/{project.ref}/documents/{document}/versions"
    return seat.post(path, files={"file": (name, content)}, data=fields)


def seq_of(project: Dossier) -> int:
    """How many events the project has."""
    return len(project.history())


def test_tan_li_uploads_a_paper_and_li_reads_it(office: Office) -> None:
    project = office.project()
    content = papers.pdf()

    answer = upload(office.seat("谭丽"), project, content, number="云民〔2026〕3号", issued_on="2026-08-30")

    assert (answer.status_code, answer.json()) == (201, {"seq": seq_of(project)})
    paper = project.paper("proposal")
    assert (paper.name, paper.number, str(paper.issued_on)) == ("建议书.pdf", "云民〔2026〕3号", "2026-08-30")
    read = office.seat("杨帆").get(f"/api/projects/{project.ref}/files/{paper.sha256}")
    assert (read.status_code, read.content) == (200, content)


def test_a_download_is_kept_and_never_opened_by_the_browser_itself(office: Office) -> None:
    project = office.project()
    upload(office.seat("谭丽"), project, papers.docx(), "报;告' \u202e.docx")
    digest = project.paper("proposal").sha256

    answer = office.seat("谭丽").get(f"/api/projects/{project.ref}/files/{digest}")

    assert (
        answer.headers["content-disposition"]
        == "attachment; filename*=UTF-8''%E6%8A%A5%3B%E5%91%8A%27%20.docx"
    )
    assert answer.headers["content-security-policy"] == DOWNLOAD_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].endswith("wordprocessingml.document")


def test_a_preview_is_framed_by_our_own_pages_only(office: Office) -> None:
    project = office.project()
    upload(office.seat("谭丽"), project, papers.pdf())
    digest = project.paper("proposal").sha256

    answer = office.seat("谭丽").get(f"/api/projects/{project.ref}/files/{digest}/preview")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("inline; filename*=")
    assert answer.headers["content-security-policy"] == PREVIEW_POLICY
    assert answer.headers["content-type"] == "application/pdf"


def test_what_a_browser_cannot_show_safely_is_given_out_as_a_download(office: Office) -> None:
    project = office.project()
    upload(office.seat("谭丽"), project, papers.docx(), "a.docx")
    digest = project.paper("proposal").sha256

    answer = office.seat("谭丽").get(f"/api/projects/{project.ref}/files/{digest}/preview")

    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("way", ["", "/preview"])
def test_somebody_of_another_unit_cannot_tell_a_paper_from_none(office: Office, way: str) -> None:
    project = office.project()
    upload(office.seat("谭丽"), project, papers.pdf())
    digest = project.paper("proposal").sha256
    stranger = office.seat("刘畅")

    hidden = stranger.get(f"/api/projects/{project.ref}/files/{digest}{way}")
    nothing = stranger.get(f"/api/projects/nowhere/files/{digest}{way}")

    assert hidden.status_code == 404
    assert (hidden.content, hidden.headers) == (nothing.content, nothing.headers)


def test_a_paper_of_one_project_is_not_found_in_another(office: Office) -> None:
    one, other = office.project(), office.project()
    upload(office.seat("谭丽"), one, papers.pdf())
    digest = one.paper("proposal").sha256

    assert office.seat("谭丽").get(f"/api/projects/{other.ref}/files/{digest}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("报告.pdf", b"MZ" + b"\0" * 100, 422, "upload-type-mismatch"),
        ("报告.pdf", b"", 422, "upload-empty"),
        ("报告.docx", papers.docx({"word/vbaProject.bin": b"x"}), 422, "upload-macro"),
        ("报告.pdf", b"<html>" + papers.pdf(), 422, "upload-type-mismatch"),
        ("报告.pdf", papers.pdf()[:-20], 422, "upload-damaged"),
        ("报告.xlsx", papers.xlsx(), 409, "format-not-allowed"),
    ],
)
def test_a_wrong_file_is_refused_and_changes_nothing(
    office: Office, name: str, content: bytes, status: int, code: str
) -> None:
    project = office.project()
    before = seq_of(project)

    answer = upload(office.seat("谭丽"), project, content, name)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert seq_of(project) == before


def test_a_file_larger_than_the_office_allows_is_cut_off(bureaus: Copies, tmp_path: Path) -> None:
    with open_office(bureaus, tmp_path, upload_megabytes=1) as office:
        project = office.project()
        seat = office.seat("谭丽")

        a_little = upload(seat, project, papers.pdf("长" * 400_000))
        by_far = upload(seat, project, b"x" * 4_000_000)

        def pieces() -> Iterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
            for _ in range(40):
                yield b"x" * 100_000

        unannounced = seat.post(
            f"/api/projects/{project.ref}/documents/proposal/versions",
            content=pieces(),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )

        assert (a_little.status_code, a_little.json()["code"]) == (422, "upload-too-large")
        assert (by_far.status_code, by_far.json()["code"]) == (413, "request-too-large")
        assert (unannounced.status_code, unannounced.json()["code"]) == (413, "request-too-large")
        files: Files = office.app.state.files
        assert [path for path in files.directory.rglob("*") if path.is_file()] == []


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="%d"; filename="a.pdf"\r\n\r\n\r\n'
FIELD = b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\nx\r\n'


@pytest.mark.parametrize(
    "body",
    [
        b"".join(PART % number for number in range(1001)) + b"--x--",
        b"".join(FIELD % number for number in range(1001)) + b"--x--",
        b'--x\r\nContent-Disposition: form-data; name="a"; x="' + b"y" * 1_000_000 + b'"\r\n\r\n\r\n--x--',
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"y" * 1_000_000 + b"\r\n--x--",
        b"\r\n" * 1_000_000,
        b"--x\r\n",
        b"not a form at all",
        b"",
    ],
    ids=["files", "fields", "header", "field", "preamble", "cut off", "no form", "nothing"],
)
def test_a_form_that_was_made_to_hurt_is_refused_quickly(office: Office, body: bytes) -> None:
    answer = office.seat("谭丽").post("/api/files", content=body, headers=BOUNDARY)

    assert answer.status_code in {413, 422}
    assert answer.elapsed.total_seconds() < 2


def test_nobody_uploads_without_signing_in_and_nothing_is_read(office: Office) -> None:
    answer = Seat(office).post("/api/files", files={"file": ("a.pdf", papers.pdf())})

    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


def test_a_paper_may_be_registered_without_upload(office: Office) -> None:
    project = office.project()
    body = {"number": "云民党组纪〔2026〕9号", "issued_on": "2026-08-30", "kept_at": "局办公室"}

    answer = office.seat("谭丽").post(
        f"/api/projects/{project.ref}/documents/minutes/registrations", json=body
    )

    assert answer.status_code == 201
    assert project.paper("minutes").kept_at == "局办公室"


# Tickets


def ticket(seat: Seat, content: bytes) -> str:
    answer = seat.post("/api/files", files={"file": ("批复.pdf", content)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ticket"])


def record(project: Dossier, seat: Seat, scan: str) -> Any:
    body = {
        "step": "review",
        "signer": 1,
        "on": "2026-09-01",
        "outcome": "approved",
        "content": "x",
        "file": scan,
    }
    return seat.post(f"/api/projects/{project.ref}/stages/approval/paper-signatures", json=body)


def test_a_ticket_counts_only_for_whoever_uploaded(office: Office) -> None:
    project = office.project()
    mine = ticket(office.seat("杨帆"), papers.pdf())

    answer = record(project, office.seat("谭丽"), mine)

    assert (answer.status_code, answer.json()["code"]) == (422, "file-ticket-invalid")


@pytest.mark.parametrize("scan", ["x", "x.y", "eyJ9.0", f"{sha256(b'x').hexdigest()}", "会.议"])
def test_a_ticket_cannot_be_made_up(office: Office, scan: str) -> None:
    answer = record(office.project(), office.seat("谭丽"), scan)

    assert (answer.status_code, answer.json()["code"]) == (422, "file-ticket-invalid")


def test_a_ticket_counts_within_a_day(office: Office) -> None:
    project = office.project()
    scan = ticket(office.seat("谭丽"), papers.pdf())

    office.pass_time(hours=23)
    in_time = record(project, office.seat("谭丽"), scan)
    office.pass_time(hours=2)
    answer = record(project, office.seat("谭丽"), scan)

    assert in_time.json()["code"] != "file-ticket-late"
    assert (answer.status_code, answer.json()["code"]) == (422, "file-ticket-late")
    assert "请重新上传附件" in answer.json()["detail"]


def test_a_ticket_of_a_file_that_is_gone_counts_for_nothing(office: Office) -> None:
    seat, project = office.seat("谭丽"), office.project()
    scan = ticket(seat, papers.pdf())
    next(office.app.state.files.paths()).unlink()

    answer = record(project, seat, scan)

    assert (answer.status_code, answer.json()["code"]) == (422, "file-ticket-late")


KEY = "tickets.key"


@pytest.mark.parametrize("left", [None, "", "ab", "zz" * 32, "ab" * 33])
def test_a_key_of_tickets_that_is_not_whole_is_made_anew(tmp_path: Path, left: str | None) -> None:
    """What was uploaded and not yet used is uploaded again; nothing else hangs on it."""
    files = Files(tmp_path / "documents")
    file, now = files.receive([papers.pdf()], "批复.pdf", 10_000), datetime.now(UTC)
    scan = Tickets(tmp_path, files).issue(file, 1, now)
    assert Tickets(tmp_path, files).read(scan, 1, now) == file

    (tmp_path / KEY).unlink()
    if left is not None:
        (tmp_path / KEY).write_text(left, encoding="ascii")

    with pytest.raises(Invalid, match="请重新上传附件"):
        Tickets(tmp_path, files).read(scan, 1, now)
    assert len(bytes.fromhex((tmp_path / KEY).read_text("ascii"))) == 32


def test_a_reply_is_looked_at_over_the_interface_as_on_the_page(office: Office) -> None:
    """Its scan is of a kind that the paper takes, and its number is written with the brackets of the paper."""
    seat = office.seat("谭丽")
    ref = seat.post("/api/projects", json=office.registration("老项目", taking_over=True)).json()["ref"]
    reply = {"document": "approval_reply", "issued_on": "2026-08-01", "number": "云发改审[2026]15号"}

    def sent(name: str, content: bytes) -> Any:
        file = seat.post("/api/files", files={"file": (name, content)}).json()["ticket"]
        body = {"stage": "approval", "replies": [{**reply, "file": file}]}
        return seat.post(f"/api/projects/{ref}/takeovers", json=body)

    refused = sent("批复.docx", papers.docx())
    assert refused.status_code == 409, refused.text
    assert "format-not-allowed" in refused.text
    assert sent("批复.pdf", papers.pdf("批复")).status_code == 201
    [entry] = Dossier(office.world, ref).state.entries.values()
    assert isinstance(entry.what, TakenOver)
    assert entry.what.replies[0].number == "云发改审〔2026〕15号"


def test_the_scan_of_a_reply_belongs_to_the_project_from_then_on(office: Office) -> None:
    seat = office.seat("谭丽")
    content = papers.pdf("批复")
    body = office.registration("老项目", taking_over=True)
    ref = seat.post("/api/projects", json=body).json()["ref"]
    reply = {
        "document": "approval_reply",
        "issued_on": "2026-08-01",
        "number": "云发改审〔2026〕15号",
        "file": ticket(seat, content),
    }

    answer = seat.post(f"/api/projects/{ref}/takeovers", json={"stage": "approval", "replies": [reply]})

    assert answer.status_code == 201, answer.text
    unchecked = office.seat("杨帆").get(f"/api/projects/{ref}/files/{sha256(content).hexdigest()}")
    assert (unchecked.status_code, unchecked.content) == (200, content)
    (entry,) = office.seat("杨帆").get(f"/api/projects/{ref}").json()["entries"]
    checked = office.seat("杨帆").post(f"/api/projects/{ref}/entries/{entry['number']}/confirmation")
    assert checked.status_code == 201, checked.text


# What nobody needs any more


@pytest.mark.parametrize("days", [2, 11], ids=["the next days", "after the holidays, when nothing ran"])
def test_a_scan_that_no_command_used_goes_and_others_stay(office: Office, days: int) -> None:
    project = office.project()
    ticket(office.seat("谭丽"), papers.pdf("没用上"))
    upload(office.seat("谭丽"), project, papers.pdf())
    state = office.app.state
    later = datetime.now(UTC) + timedelta(days=days)

    clean(state.door.store, state.files, office.settings, later)

    left = [path.parent.name + path.name for path in state.files.directory.rglob("*") if path.is_file()]
    assert left == [project.paper("proposal").sha256]


def test_a_member_of_another_unit_sees_papers_once_work_is_given_to_them(office: Office) -> None:
    project = office.project()
    upload(office.seat("谭丽"), project, papers.pdf())
    digest = project.paper("proposal").sha256
    office.world.store.act(
        people.grant_post,
        person=office.world.people["刘畅"],
        organisation=office.world.organisations["规划财务股"],
        key="clerk",
        actor=SYSTEM,
        now=office.world.now,
    )

    assert office.seat("刘畅").get(f"/api/projects/{project.ref}/files/{digest}").status_code == 200


def test_a_damaged_file_is_cut_off_and_becomes_an_incident(office: Office) -> None:
    project = office.project()
    upload(office.seat("谭丽"), project, papers.pdf("长" * 200_000))
    digest = project.paper("proposal").sha256
    path = office.app.state.files.directory / digest[:2] / digest[2:]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    seat = office.seat("谭丽")

    with pytest.raises(RuntimeError, match="cut off"):
        seat.get(f"/api/projects/{project.ref}/files/{digest}")

    assert office.world.rows("SELECT code FROM incident") == [("file-damaged",)]


# Papers that can act


def marked(inside: bytes, trailer: bytes = b"<< >>") -> bytes:
    body = b"%PDF-1.7\n" + inside + b"\n"
    return body + b"trailer\n" + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % (len(body) - 2)


def in_a_stream(inside: bytes) -> bytes:
    packed = zlib.compress(inside)
    return (
        b"5 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
        + packed
        + b"\nendstream\nendobj"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (papers.pdf(), None),
        (marked(b"1 0 obj\n<< /OpenAction << /S /JavaScript /JS (app.alert) >> >>\nendobj"), "脚本"),
        (marked(b"1 0 obj\n<< /S /J#61vaScript >>\nendobj"), "脚本"),
        (marked(b"1 0 obj\n<< /A << /S /Launch /F (cmd.exe) >> >>\nendobj"), "启动程序的动作"),
        (marked(b"1 0 obj\n<< /Names << /EmbeddedFiles 2 0 R >> >>\nendobj"), "内嵌文件"),
        (marked(b"1 0 obj\n<< >>\nendobj", b"<< /Encrypt 3 0 R >>"), "加密"),
        (marked(in_a_stream(b"1 0 << /S /JavaScript /JS (x) >>")), "脚本"),
        (
            marked(in_a_stream(b"1 0 << /S /Launch >>") + b"\n" + in_a_stream(b"/S /JavaScript")),
            "脚本、启动程序的动作",
        ),
        (marked(b"1 0 obj\n<< /Length 12 >>\nstream\n(JavaScript)\nendstream\nendobj"), None),
    ],
    ids=range(9),
)
def test_a_paper_that_can_act_is_taken_and_its_reviewer_is_told(
    office: Office, content: bytes, words: str | None
) -> None:
    project = office.project()

    assert upload(office.seat("谭丽"), project, content).status_code == 201

    page = office.seat("杨帆").get(
        f"/projects/{project.ref}/stages/approval", headers={"Accept": "text/html"}
    )
    told = re.findall("文件含(.*?)，", page.text)
    assert set(told) == ({words} if words else set())


SCRIPTED = marked(b"1 0 obj\n<< /S /JavaScript >>\nendobj")
CAUTION = "文件含脚本，请核实来源后再打开"


def told(seat: Seat, *paths: str) -> list[int]:
    """How often each page warns of a file."""
    return [seat.get(path, headers={"Accept": "text/html"}).text.count(CAUTION) for path in paths]


def test_every_page_that_links_such_a_paper_tells(office: Office) -> None:
    project = office.project()
    clerk = office.seat("谭丽")
    upload(clerk, project, SCRIPTED)
    project.enter("minutes")
    project.submit("approval")
    chief, place = office.seat("杨帆"), f"/projects/{project.ref}"
    listed = chief.get("/", headers={"Accept": "text/html"}).text
    ticked = re.findall(r'name="item" value="([^"]*)"', listed)

    together = f"/together/approve?item={ticked[0]}"

    assert told(chief, "/", place, f"{place}/stages/approval", together) == [1, 1, 2, 1]


def test_a_signed_sheet_that_can_act_is_told_to_its_checker(office: Office) -> None:
    project = office.project()
    project.upload("proposal")
    project.enter("minutes")
    project.submit("approval")
    clerk = office.seat("谭丽")
    signed = {
        "step": "review",
        "signer": office.world.people["杨帆"],
        "on": "2026-09-01",
        "outcome": "approved",
        "opinion": "同意",
        "content": project.content("approval"),
    }
    path = f"/api/projects/{project.ref}/stages/approval/paper-signatures"
    assert clerk.post(path, json={**signed, "file": ticket(clerk, SCRIPTED)}).status_code == 201

    (entry,) = project.state.entries.values()
    checker = office.seat(office.world.name(entry.checkers[0]))
    assert told(checker, "/", f"/projects/{project.ref}/stages/approval") == [1, 2], "in the record, too"


def test_the_scan_of_a_reply_that_can_act_is_told_before_and_after_its_check(office: Office) -> None:
    seat = office.seat("谭丽")
    body = office.registration("老项目", taking_over=True)
    ref = seat.post("/api/projects", json=body).json()["ref"]
    reply = {
        "document": "approval_reply",
        "issued_on": "2026-08-01",
        "number": "云发改审〔2026〕15号",
        "file": ticket(seat, SCRIPTED),
    }
    seat.post(f"/api/projects/{ref}/takeovers", json={"stage": "approval", "replies": [reply]})
    chief, place = office.seat("杨帆"), f"/projects/{ref}/stages/approval"

    assert told(chief, "/", "/checks", place) == [1, 1, 2]
    (entry,) = chief.get(f"/api/projects/{ref}").json()["entries"]
    assert chief.post(f"/api/projects/{ref}/entries/{entry['number']}/confirmation").status_code == 201
    assert told(chief, f"/projects/{ref}", place) == [2, 2]


def test_a_receipt_that_can_act_is_told_with_its_entry_and_in_the_record(office: Office) -> None:
    project = office.project("home")
    project.upload("proposal")
    project.submit("proposal")
    project.approve("proposal", "review", "杨帆")
    seat = office.seat("谭丽")
    filed = {"kind": "filed", "on": "2026-09-01", "receipt": "收件1号", "file": ticket(seat, SCRIPTED)}
    path = f"/api/projects/{project.ref}/stages/proposal/outside-records"
    assert seat.post(path, json=filed).status_code == 201

    chief = office.seat("杨帆")
    assert told(chief, "/", f"/projects/{project.ref}/stages/proposal") == [1, 2]
    (item,) = [
        each for each in chief.get(f"/api/projects/{project.ref}/timeline").json()["items"] if each["files"]
    ]
    ((digest, name),) = item["files"]
    assert name.startswith("批复.pdf（")
    assert chief.get(f"/api/projects/{project.ref}/files/{digest}").content == SCRIPTED


def test_a_bomb_in_an_object_stream_is_looked_into_for_a_while_only(office: Office) -> None:
    bombs = b"\n".join([in_a_stream(b"\0" * 30_000_000)] * 20)

    assert upload(office.seat("谭丽"), office.project(), marked(bombs)).status_code == 201
