"""Papers that do not arrive as they should: cut off on the way, without an end, under impossible names."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.papers import pdf
from tests.web.conftest import City, SignIn
from tests.web.desk import Desk, Page

HEADERS = {
    "Accept": "text/html",
    "Origin": "http://127.0.0.1",
    "Content-Type": "multipart/form-data; boundary=x",
}


def body(desk: Desk, content: bytes) -> bytes:
    """The upload form of the open page as a browser spells it."""
    values = {
        **desk.page.form("/papers/upload").values,
        "document": "demand_study",
        "number": "云民发〔2026〕3号",
    }
    fields = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in values.items()
    )
    file = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    return (fields + file).encode() + content + b"\r\n--x--\r\n"


def stored(city: City) -> list[Path]:
    """Every file that there is, wanted or left behind."""
    return sorted(path for path in (city.data / "documents").rglob("*") if path.is_file())


# The framework leaves a file that never ended to the collector of garbage; no name of it is on the disk.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_upload_cut_off_on_the_way_leaves_nothing_and_says_so(city: City, sign_in: SignIn) -> None:
    desk = sign_in("tanli")
    address = f"/projects/{city.projects['D']}"
    desk.open(address)
    before, whole = stored(city), body(desk, pdf())
    said = (
        "表单内容无法读取",
        "页面已过期",
        "请确认提交",
        "请选择要上传的文件",
        "已损坏",
        "是空文件",
        "不完整",
    )

    for end in range(len(whole) - 9, 0, -97):
        answer = desk.client.post(f"{address}/papers/upload", content=whole[:end], headers=HEADERS)

        page = Page(answer.status_code, answer.text, "")
        assert page.status in {403, 422}, end
        assert any(each in page.words for each in said), (end, page.words)
        assert stored(city) == before


def test_an_upload_without_an_end_is_stopped_at_the_limit(city: City, sign_in: SignIn) -> None:
    desk = sign_in("tanli")
    address = f"/projects/{city.projects['D']}"
    desk.open(address)
    before, whole = stored(city), body(desk, b"")

    def without_end() -> Iterator[bytes]:
        yield whole.removesuffix(b"\r\n--x--\r\n")
        for _ in range(60):
            yield b" " * 1_000_000

    answer = desk.client.post(f"{address}/papers/upload", content=without_end(), headers=HEADERS)

    assert answer.status_code == 413
    assert "提交的内容超过50 MB" in Page(413, answer.text, "").words
    assert "填写的内容还在" in answer.text
    assert stored(city) == before


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\windows\\概算书.pdf", "概算书.pdf"),
        ("概" * 300 + ".pdf", "概" * 116 + ".pdf"),
        ("批复\u202efdp.exe.pdf", "批复fdp.exe.pdf"),
        ("<b>批复</b>.pdf", "b.pdf"),
    ],
    ids=["upwards", "upwards in Windows", "300 characters", "turned about", "markup"],
)
def test_a_paper_under_an_impossible_name_is_kept_under_a_possible_one(
    city: City, sign_in: SignIn, name: str, shown: str
) -> None:
    desk = sign_in("tanli")
    desk.open(f"/projects/{city.projects['D']}")
    content = pdf(shown)

    form = desk.page.form("/papers/upload")
    answer = desk.client.post(
        form.action,
        data={**form.values, "document": "demand_study"},
        files={"file": (name, content, "application/pdf")},
        headers={"Accept": "text/html", "Origin": "http://127.0.0.1"},
    )

    page = Page(answer.status_code, answer.text, "")
    assert "材料已上传" in page.words, page.words[:300]
    address = next(each for each in page.links if sha256(content).hexdigest() in each).removesuffix(
        "/preview"
    )
    given_out = desk.client.get(address).headers["content-disposition"]
    assert unquote(given_out) == f"attachment; filename*=UTF-8''{shown}"


def test_a_form_that_is_refused_says_which_file_has_to_be_chosen_again(city: City, sign_in: SignIn) -> None:
    """No page can put a file back into its field: 谭丽 would send the mended form without her scan."""
    desk = sign_in("tanli")
    desk.open(f"/projects/{city.projects['D']}/stages/land_filing")
    file = ("受理通知书.pdf", pdf(), "application/pdf")
    page = desk.send("/record", {"file": file}, what="special_began", on="2026-09-30", procedure="")

    assert page.status == 409
    assert "未提交成功，“受理通知书.pdf”请重新选择。" in page.words
