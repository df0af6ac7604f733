"""A workbook is opened beside the service, and no longer than it may take, whatever its author has thought of."""

from __future__ import annotations

import asyncio
import pickle
import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from api.intake import apart
from api.intake.apart import AT_ONCE, SECONDS, open_apart
from api.intake.reading import Book, open_book
from tests.unit.test_workbook import row, saved, template, workbook
from workflow.errors import Invalid


def opened(content: bytes, seconds: float = SECONDS) -> Book:
    return asyncio.run(open_apart(content, "表.xlsx", asyncio.Semaphore(AT_ONCE), seconds))


def with_part(name: str, old: str, new: str) -> bytes:
    """A filled template with something else in one of its parts."""
    made = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(saved(workbook(row())))) as package,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for entry in package.infolist():
            content = package.read(entry).decode()
            if entry.filename == name:
                assert re.search(old, content), content[:500]
                content = re.sub(old, lambda _: new, content, count=1)
            out.writestr(entry, content)
    return made.getvalue()


def test_what_comes_back_is_what_stands_there() -> None:
    content = saved(workbook(row()))

    assert opened(content) == open_book(content, "表.xlsx")


def test_what_is_refused_is_refused_with_the_same_words() -> None:
    with pytest.raises(Invalid) as here:
        open_book(b"PK\x03\x04 no workbook", "表.xlsx")
    with pytest.raises(Invalid) as there:
        opened(b"PK\x03\x04 no workbook")

    assert there.value.reasons == here.value.reasons


NAME = f"""</sheets><definedNames><definedName name="_xlnm.Print_Area" localSheetId="0">{"'" * 300_000}</definedName></definedNames>"""
FORMAT = f"""<numFmts count="1"><numFmt numFmtId="164" formatCode="{"[" * 500_000}"/></numFmts><fonts"""
FORMULAS = (
    '<sheetData><row r="1"><c r="A1"><f t="shared" ref="A1:A5000" si="0">' + "+".join(["A1"] * 20_000) + "</f></c></row>"
    + "".join(f'<row r="{line}"><c r="A{line}"><f t="shared" si="0"/></c></row>' for line in range(2, 5000))
    + "</sheetData>"
)  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        with_part("xl/workbook.xml", r"</sheets>(<definedNames.*?</definedNames>|<definedNames ?/>)?", NAME),
        with_part("xl/styles.xml", r"(<numFmts.*?</numFmts>|<numFmts[^>]*/>)?<fonts", FORMAT),
        with_part("xl/worksheets/sheet1.xml", r"(?s)<sheetData>.*</sheetData>", FORMULAS),
    ],
    ids=["a name that a pattern is lost in", "a format that another is", "a formula that thousands share"],
)
def test_what_would_take_minutes_is_given_up(content: bytes) -> None:
    """Each of them kept every other page waiting while it was read within the service."""
    with pytest.raises(Invalid) as refused:
        opened(content, seconds=4)

    assert refused.value.code == "workbook-too-slow"
    assert "没有读完" in str(refused.value)


@pytest.mark.skipif(sys.platform == "win32", reason="no bound on a process there")
def test_a_reader_whose_service_is_gone_ends_by_itself() -> None:
    content = with_part("xl/worksheets/sheet1.xml", r"(?s)<sheetData>.*</sheetData>", FORMULAS)

    alone = subprocess.run(
        [sys.executable, "-m", apart.__name__],
        input=pickle.dumps((content, "表.xlsx", 1)),
        cwd=Path(apart.__file__).parents[2],
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert alone.returncode < 0


def test_what_lies_where_the_service_was_started_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "openpyxl.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)

    assert opened(template()).identity.type == "hall"


def test_the_template_itself_is_opened() -> None:
    assert opened(template()).identity.type == "hall"
