"""From a sheet to its PDF, with every font inside: set by `typst`, which nothing else here imports.

Invariant: what is set is data and never source; no font of the system is looked at; one sheet at a time, of
a bounded size, and never on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
import pylopdf_fonts_zh_cn
import typst

from api.prints.sheet import Sheet
from api.settings import Print
from workflow.errors import Refused, Unavailable, reason, says

says(
    {
        "print-too-large": ("内容过多，不能排成一份打印件。", "请缩小筛选范围，或改用台账（xlsx）。"),
        "print-busy": ("打印的人较多，这一份还没有排好。", "请稍后再试。"),
    }
)

log = logging.getLogger("shenpi.prints")

LARGEST: Final = 1024 * 1024
"""Bytes of a sheet as data: some two thousand rows, a hundred pages, about two seconds."""
WAITING: Final = 8
"""How many sheets may wait for the press; the next is told to come back."""
SECONDS: Final = 20.0
"""How long somebody waits for a sheet."""

SERIF: Final = "Noto Serif SC"
SANS: Final = "Noto Sans SC"
_NO_GLYPH: Final = "could not be displayed with font"
"""What the typesetter says of a sign for which it has no picture."""
_SOURCE: Final = Path(__file__).with_name("sheet.typ")


class Press:
    """Makes PDFs, one after the other, with the fonts of the office before those that come along."""

    def __init__(self, settings: Print) -> None:
        shipped = pylopdf_fonts_zh_cn.serif_path().parent
        folders = [str(each) for each in (settings.fonts, shipped) if each is not None]
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
        known = set(fonts.families())
        self._faces = {
            "title": _faces(known, settings.title_font, SANS),
            "heading": _faces(known, settings.heading_font, SANS),
            "body": _faces(known, settings.body_font, SERIF),
            "table": _faces(known, settings.table_font, SANS),
        }
        self._compiler = typst.Compiler(
            _SOURCE, root=_SOURCE.parent, font_paths=fonts, ignore_system_fonts=True
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="shenpi-press")
        self._waiting = 0

    def close(self) -> None:
        """Let go of the thread; what waits is not printed any more."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def pdf(self, sheet: Sheet, now: datetime) -> bytes:
        """The PDF (PDF/A-2b). Refused if the sheet is too large, Unavailable if it takes too long."""
        content = msgspec.json.encode(sheet)
        if len(content) > LARGEST:
            raise Refused(reason("print-too-large"))
        if self._waiting >= WAITING:
            raise Unavailable(reason("print-busy"))
        self._waiting += 1
        job = asyncio.get_running_loop().run_in_executor(self._thread, self.set, sheet, now)
        job.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(job), SECONDS)
        except TimeoutError:
            raise Unavailable(reason("print-busy")) from None

    def set(self, sheet: Sheet, now: datetime) -> bytes:
        """The same at once, on this thread. The same sheet and instant give the same bytes.

        A sign that no font has is an empty box, which PDF/A does not allow: such a sheet is a plain PDF.
        """
        inputs = {
            "sheet": msgspec.json.encode(sheet).decode(),
            "faces": msgspec.json.encode(self._faces).decode(),
            "imprint": str(sheet.imprint),
        }
        try:
            return self._compile(inputs, now, "a-2b")
        except typst.TypstError as error:
            if _NO_GLYPH not in str(error):
                raise
            log.warning("no font has a sign of a sheet, so it is no PDF/A: %s", error)
            return self._compile(inputs, now, "1.7")

    def _compile(self, inputs: dict[str, str], now: datetime, standard: Literal["a-2b", "1.7"]) -> bytes:
        made = self._compiler.compile(
            format="pdf", sys_inputs=inputs, pdf_standards=standard, timestamp=now.replace(microsecond=0)
        )
        if not isinstance(made, bytes):
            raise TypeError("a PDF is one file")
        return made

    def _done(self, job: asyncio.Future[bytes]) -> None:
        self._waiting -= 1
        if not job.cancelled() and job.exception() is not None:
            log.error("a sheet could not be set", exc_info=job.exception())


def _faces(known: set[str], wanted: Sequence[str], shipped: str) -> list[str]:
    """Those of the office that are there, in its order, then the one that comes along."""
    return [*(name for name in wanted if name in known), shipped]
