"""Files: what comes in is what it says, whole and harmless; what is kept is what came in."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from tests import papers
from workflow.content import FORMATS, format_of
from workflow.errors import Invalid, NotFound, Unavailable
from workflow.files import RESERVE, Files, clean_name

LIMIT = 1_000_000
BOMB = b"\0" * 30_000_000


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "documents")


def everything(files: Files) -> list[Path]:
    return [path for path in files.directory.rglob("*") if path.is_file()]


RIGHT: dict[str, Callable[[], bytes]] = {
    "pdf": papers.pdf,
    "docx": papers.docx,
    "xlsx": papers.xlsx,
    "ofd": papers.ofd,
    "jpg": papers.jpg,
    "png": papers.png,
}


@pytest.mark.parametrize("kind", RIGHT)
def test_a_right_file_is_stored_under_its_hash(files: Files, kind: str) -> None:
    content = RIGHT[kind]()

    stored = files.receive([content[:100], content[100:]], f"可研报告.{kind.upper()}", LIMIT)

    assert (stored.sha256, stored.size) == (sha256(content).hexdigest(), len(content))
    assert (stored.name, stored.media) == (f"可研报告.{kind.upper()}", FORMATS[kind])
    assert b"".join(files.open(stored.sha256)) == content
    assert everything(files) == [files.directory / stored.sha256[:2] / stored.sha256[2:]]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_only_the_service_itself_can_read_what_is_stored(files: Files) -> None:
    files.receive([papers.pdf()], "a.pdf", LIMIT)

    assert {stat.S_IMODE(path.stat().st_mode) for path in everything(files)} == {0o600}


def zipped(*entries: tuple[str, bytes], mode: int = 0o644) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in entries:
            info = ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def overlapping() -> bytes:
    """Two entries of the directory that unpack the same bytes."""
    content = bytearray(papers.docx({"word/one.xml": DOCTYPELESS, "word/two.xml": DOCTYPELESS}))
    first = content.find(b"PK\x01\x02")
    places = []
    while first >= 0:
        places.append(first)
        first = content.find(b"PK\x01\x02", first + 4)
    content[places[-1] + 42 : places[-1] + 46] = content[places[-2] + 42 : places[-2] + 46]
    return bytes(content)


def crowded() -> bytes:
    return papers.docx({f"word/{number}.txt": b"" for number in range(2001)})


def with_zip64() -> bytes:
    content = papers.docx()
    end = content.rfind(b"PK\x05\x06")
    return content[:end] + b"PK\x06\x07" + b"\0" * 16 + content[end:]


DOCTYPELESS = "<a/>"
ENTITIES = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
WRONG: dict[str, tuple[str, bytes, str]] = {
    "a program under another name": ("report.pdf", b"MZ\x90\0" + b"\0" * 500, "upload-type-mismatch"),
    "a page": ("report.pdf", b"<html><script>alert(1)</script>", "upload-type-mismatch"),
    "a drawing with scripts": ("a.png", b"<svg onload=alert(1)>", "upload-type-mismatch"),
    "text": ("a.docx", "会议纪要".encode(), "upload-type-mismatch"),
    "nothing": ("a.pdf", b"", "upload-empty"),
    "too much": ("a.pdf", papers.pdf() + b" " * LIMIT, "upload-too-large"),
    "a page before a PDF": ("a.pdf", b"<script>alert(1)</script>" + papers.pdf(), "upload-type-mismatch"),
    "an archive behind a PDF": ("a.pdf", papers.pdf() + papers.docx(), "upload-type-mismatch"),
    "an archive behind a picture": (
        "a.jpg",
        papers.jpg() + zipped(("x.class", b"1")),
        "upload-type-mismatch",
    ),
    "an archive inside a PDF": (
        "a.pdf",
        papers.pdf()[:30] + zipped(("x", b"1")) + papers.pdf(),
        "upload-type-mismatch",
    ),
    "a Word document called PDF": ("a.pdf", papers.docx(), "upload-type-mismatch"),
    "a PDF called picture": ("a.png", papers.pdf(), "upload-type-mismatch"),
    "a PDF that was cut off": ("a.pdf", papers.pdf()[:-20], "upload-damaged"),
    "a picture that was cut off": ("a.png", papers.png()[:-10], "upload-damaged"),
    "a photograph that was cut off": ("a.jpg", papers.jpg()[:-10], "upload-damaged"),
    "a photograph of nothing": ("a.jpg", b"\xff\xd8\xff", "upload-damaged"),
    "a picture with more behind it": ("a.png", papers.png() + b"<script>", "upload-damaged"),
    "a document that was cut off": ("a.docx", papers.docx()[:-30], "upload-damaged"),
    "a picture of a billion points": ("a.png", papers.png(50_000, 50_000), "upload-too-many-pixels"),
    "a photograph of a billion points": ("a.jpg", papers.jpg(50_000, 50_000), "upload-too-many-pixels"),
    "macros": ("a.docx", papers.docx({"word/vbaProject.bin": b"x"}), "upload-macro"),
    "macros in another place": ("a.docx", papers.docx({"word/x/VBAPROJECT.BIN": b"x"}), "upload-macro"),
    "macros by their type": (
        "a.docx",
        papers.docx(kind="vnd.ms-word.document.macroEnabled.main"),
        "upload-macro",
    ),
    "a macro document inside": ("a.docx", papers.docx({"word/embeddings/a.xlsm": b"x"}), "upload-archive"),
    "a template from outside": (
        "a.docx",
        papers.docx(inside=papers.external("attachedTemplate")),
        "upload-external",
    ),
    "a picture from outside": ("a.docx", papers.docx(inside=papers.external("image")), "upload-external"),
    "an object inside": ("a.docx", papers.docx({"word/embeddings/oleObject1.bin": b"x"}), "upload-external"),
    "a control inside": ("a.docx", papers.docx({"word/activeX/activeX1.xml": "<a/>"}), "upload-external"),
    "entities from outside": ("a.docx", papers.docx({"word/x.xml": ENTITIES}), "upload-external"),
    "entities in UTF-16": (
        "a.docx",
        papers.docx({"word/x.xml": ENTITIES.encode("utf-16")}),
        "upload-external",
    ),
    "an OFD with entities": ("a.ofd", papers.ofd(ENTITIES), "upload-external"),
    "an OFD of another maker": ("a.ofd", papers.ofd("<OFD/>"), "upload-type-mismatch"),
    "an archive": ("a.docx", zipped(("a.txt", b"x")), "upload-type-mismatch"),
    "an archive in an archive": ("a.docx", papers.docx({"word/a.zip": b"x"}), "upload-archive"),
    "a program in a document": ("a.docx", papers.docx({"word/a.exe": b"x"}), "upload-archive"),
    "a way out": ("a.docx", papers.docx({"../../etc/passwd": b"x"}), "upload-archive"),
    "an absolute way": ("a.docx", papers.docx({"/etc/passwd": b"x"}), "upload-archive"),
    "a way out of Windows": ("a.docx", papers.docx({"..\\..\\x": b"x"}), "upload-archive"),
    "a link": ("a.docx", zipped(("word/document.xml", b"/etc/passwd"), mode=0o120777), "upload-archive"),
    "a bomb": ("a.docx", papers.docx({"word/media/x.bin": BOMB}), "upload-archive"),
    "entries on top of each other": ("a.docx", overlapping(), "upload-archive"),
    "thousands of entries": ("a.docx", crowded(), "upload-archive"),
    "an archive of the other format": ("a.docx", with_zip64(), "upload-archive"),
    "broken XML": ("a.docx", papers.docx({"word/_rels/x.rels": "<a"}), "upload-damaged"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_and_leaves_nothing(files: Files, case: str) -> None:
    name, content, code = WRONG[case]

    with pytest.raises(Invalid) as refused:
        files.receive([content], name, LIMIT)

    assert refused.value.code == code
    assert everything(files) == []


def test_an_archive_that_lies_about_its_sizes_is_refused(files: Files) -> None:
    content = bytearray(papers.docx({"word/x.xml": "<a>" + "会" * 1000 + "</a>"}))
    place = content.rfind(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 5)

    with pytest.raises(Invalid):
        files.receive([bytes(content)], "a.docx", LIMIT)


def test_a_link_to_a_page_is_no_danger(files: Files) -> None:
    content = papers.docx(inside=papers.external("hyperlink"))

    assert files.receive([content], "a.docx", LIMIT).name == "a.docx"


def test_a_right_file_that_lacks_any_of_its_end_is_refused() -> None:
    for make in RIGHT.values():
        content = make().rstrip(b"\n")
        for end in range(len(content)):
            with pytest.raises(Invalid):
                format_of(BytesIO(content[:end]), "a")


def test_a_byte_changed_anywhere_never_crashes() -> None:
    for make in RIGHT.values():
        content = bytearray(make())
        for place in range(len(content)):
            content[place] ^= 0xFF
            with suppress(Invalid):
                assert format_of(BytesIO(bytes(content)), "a") in FORMATS
            content[place] ^= 0xFF


def test_only_the_formats_asked_for_are_taken(files: Files) -> None:
    with pytest.raises(Invalid) as refused:
        files.receive([papers.png()], "a.png", LIMIT, formats=("pdf", "docx"))

    assert "请上传pdf、docx格式" in str(refused.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\报告.pdf", "报告.pdf"),
        ("C:\\fakepath\\报告.pdf", "报告.pdf"),
        ("报\u202e告fdp.pdf", "报告fdp.pdf"),
        ("报\r\nX-Evil: 1.pdf", "报X-Evil 1.pdf"),
        ("con.pdf", "_con.pdf"),
        ("LPT1.pdf", "_LPT1.pdf"),
        ("会议 纪要 .pdf", "会议 纪要 .pdf"),
        (" . 报告.pdf . ", "报告.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("\ud800x.pdf", "x.pdf"),
        ("扫" * 300 + ".pdf", "扫" * 116 + ".pdf"),
        ("x" * 300, "x" * 120),
        ("", "未命名"),
        ("///", "未命名"),
        ('a<b>:"|?*.pdf', "ab.pdf"),
    ],
)
def test_a_name_is_kept_as_a_name_and_nothing_else(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("扫描件", "扫描件.pdf"),
        ("第1.2版", "第1.2版.pdf"),
        ("a.exe.pdf", "a.exe.pdf"),
        ("a．exe", "a．exe.pdf"),
    ],
)
def test_a_name_without_extension_gets_that_of_its_content(files: Files, name: str, kept: str) -> None:
    assert files.receive([papers.pdf()], name, LIMIT).name == kept


def test_a_photograph_may_call_itself_jpeg(files: Files) -> None:
    assert files.receive([papers.jpg()], "a.JPEG", LIMIT).name == "a.JPEG"


def test_the_same_content_twice_is_one_file(files: Files) -> None:
    one = files.receive([papers.pdf()], "a.pdf", LIMIT)
    two = files.receive([papers.pdf()], "b.pdf", LIMIT)

    assert one.sha256 == two.sha256
    assert len(everything(files)) == 1


# While it comes in


def test_what_is_still_coming_in_is_given_to_nobody(files: Files) -> None:
    """Neither under the hash that it will have, nor under the name that it has for the moment."""
    content = papers.pdf()
    digest = sha256(content).hexdigest()
    found: list[bool] = []

    def pieces() -> Iterator[bytes]:
        yield content[:100]
        (temporary,) = everything(files)
        found.extend(files.has(name) for name in (digest, temporary.name, f"incoming/{temporary.name}"))
        yield content[100:]

    files.receive(pieces(), "a.pdf", LIMIT)

    assert found == [False, False, False]
    assert files.has(digest)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot sync a folder")
@pytest.mark.parametrize("way", ["receive", "take"])
def test_a_file_is_on_disk_before_it_has_its_name(
    files: Files, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """A power cut leaves no name without its content, and no content without its name that was promised."""
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(handle: int) -> None:
        done.append("content" if stat.S_ISREG(os.fstat(handle).st_mode) else "folder")
        fsync(handle)

    def named(old: Path, new: Path) -> None:
        done.append("name")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", named)
    content = papers.pdf()
    if way == "receive":
        files.receive([content], "a.pdf", LIMIT)
    else:
        files.take(sha256(content).hexdigest(), [content])

    assert done == ["content", "name", "folder", "folder"]


# A disk that does not take it


def failing(error: int) -> Iterator[bytes]:
    yield papers.pdf()
    raise OSError(error, os.strerror(error))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errno.ENOSPC, "磁盘空间不足，文件未保存，原材料未变。请联系管理员后重传。"),
        (errno.EDQUOT, "磁盘空间不足，文件未保存，原材料未变。请联系管理员后重传。"),
        (errno.EIO, "文件未能保存"),
    ],
)
def test_a_full_disk_is_told_and_leaves_nothing(files: Files, error: int, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        files.receive(failing(error), "a.pdf", LIMIT)

    assert everything(files) == []


def test_papers_leave_room_for_decisions(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads end before the disk does: the database lives on it too."""
    real = shutil.disk_usage(files.directory.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=RESERVE - 1))
    with pytest.raises(Unavailable, match="磁盘空间不足"):
        files.receive([papers.pdf()], "a.pdf", LIMIT)
    assert everything(files) == []

    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=RESERVE))
    assert files.has(files.receive([papers.pdf()], "a.pdf", LIMIT).sha256)


# Damage


def damage(files: Files, digest: str, change: Callable[[bytes], bytes]) -> None:
    path = files.directory / digest[:2] / digest[2:]
    path.write_bytes(change(path.read_bytes()))


def test_a_damaged_file_is_never_given_out_whole(files: Files) -> None:
    content = papers.pdf("长" * 200_000)
    stored = files.receive([content], "a.pdf", LIMIT)
    damage(files, stored.sha256, lambda found: found[:-1] + b"!")

    came: list[bytes] = []
    with pytest.raises(Unavailable) as stopped:
        came.extend(files.open(stored.sha256))

    assert stopped.value.code == "file-damaged"
    assert 0 < len(b"".join(came)) < len(content)


def test_what_is_missing_or_damaged_is_named(files: Files) -> None:
    good, bad = (files.receive([papers.pdf(text)], "a.pdf", LIMIT) for text in ("甲", "乙"))
    damage(files, bad.sha256, lambda _: b"")

    flaws = {flaw.sha256: flaw.why for flaw in files.verify([good.sha256, "0" * 64])}

    assert flaws == {bad.sha256: "内容与指纹不符", "0" * 64: "文件缺失"}


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "", "A" * 64])
def test_a_hash_that_nobody_stored_is_not_found(files: Files, digest: str) -> None:
    with pytest.raises(NotFound):
        files.open(digest)


# Orphans


def test_after_a_day_a_file_that_no_row_names_goes(files: Files) -> None:
    wanted, orphan = (files.receive([papers.pdf(text)], "a.pdf", LIMIT) for text in ("甲", "乙"))
    now = datetime.now(UTC)

    at_once = files.sweep_orphans(lambda _: set(), now - timedelta(hours=24))
    a_day_later = files.sweep_orphans(lambda _: {wanted.sha256}, now + timedelta(minutes=1))

    assert (at_once, a_day_later) == (0, 1)
    assert (files.has(wanted.sha256), files.has(orphan.sha256)) == (True, False)


def test_a_file_that_comes_in_anew_while_it_is_swept_stays(files: Files) -> None:
    stored = files.receive([papers.pdf()], "a.pdf", LIMIT)
    path = files.directory / stored.sha256[:2] / stored.sha256[2:]
    os.utime(path, (0, 0))

    def comes_in_meanwhile(_: object) -> set[str]:
        files.receive([papers.pdf()], "a.pdf", LIMIT)
        return set()

    gone = files.sweep_orphans(comes_in_meanwhile, datetime.now(UTC) - timedelta(hours=24))

    assert (gone, files.has(stored.sha256)) == (0, True)


def test_what_a_crash_left_aside_is_put_back_if_it_is_wanted(files: Files) -> None:
    stored = files.receive([papers.pdf()], "a.pdf", LIMIT)
    path = files.directory / stored.sha256[:2] / stored.sha256[2:]
    (files.directory / "aside").mkdir()
    os.utime(path, (0, 0))
    path.rename(files.directory / "aside" / stored.sha256)

    files.sweep_orphans(lambda _: {stored.sha256}, datetime.now(UTC))

    assert files.has(stored.sha256)


def test_what_a_crash_left_half_received_goes(files: Files) -> None:
    (files.directory / "incoming").mkdir(parents=True)
    left = files.directory / "incoming" / "left"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))

    files.sweep_orphans(lambda _: set(), datetime.now(UTC))

    assert not left.exists()
