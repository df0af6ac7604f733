"""What a file really is, decided by its bytes: pdf, docx, xlsx, ofd, jpg or png, whole and harmless.

Invariant: a name never decides. A file of one type with another hidden in it, cut off, carrying macros
or links to the outside, or packed to burst, is refused with what is wrong and what to do.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection
from mmap import mmap
from typing import IO, Final
from xml.parsers import expat

from workflow.errors import Invalid, Reason, reason, says

says(
    {
        "upload-type-mismatch": (
            "“{name}”的内容与扩展名不符，或不是可收的格式。",
            "请上传{formats}格式的原件，或用办公软件另存为其中一种；不要只改扩展名。",
        ),
        "upload-damaged": ("“{name}”不完整或已损坏。", "请重新导出或扫描后再上传。"),
        "upload-macro": ("“{name}”含有宏。", "请另存为不含宏的文件后再上传。"),
        "upload-external": (
            "“{name}”引用了外部文件或嵌有对象：{what}。",
            "请在原文件中断开链接，或转为PDF后再上传。",
        ),
        "upload-archive": ("“{name}”的压缩结构不正常（{what}）。", "请用办公软件另存后再上传。"),
        "upload-too-many-pixels": ("“{name}”的像素过多（超过5000万）。", "请降低扫描分辨率后再上传。"),
    }
)

FORMATS: Final[dict[str, str]] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jpg": "image/jpeg",
    "png": "image/png",
    "ofd": "application/ofd",
}
"""Every format that may come in, with the media type under which it goes out."""

MOST_PIXELS: Final = 50_000_000
MOST_ENTRIES: Final = 2_000
MOST_UNPACKED: Final = 200 * 1024 * 1024
MOST_RATIO: Final = 100
LARGEST_DIRECTORY: Final = 1024 * 1024
SMALL: Final = 1024 * 1024
"""Below this unpacked size no ratio is looked at: a page of blanks packs very well."""

MOST_LOOKED_INTO: Final = 64 * 1024 * 1024
"""How many unpacked bytes of a PDF's object streams are looked at."""

_MARKS: Final = {
    b"/JavaScript": "脚本",
    b"/JS": "脚本",
    b"/Launch": "启动程序的动作",
    b"/EmbeddedFile": "内嵌文件",
    b"/EmbeddedFiles": "内嵌文件",
    b"/RichMedia": "内嵌媒体",
    b"/Encrypt": "加密",
}
_NAME: Final = re.compile(rb"/[A-Za-z#][A-Za-z0-9#]{1,60}")
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
_DICTIONARY: Final = 1024
"""How far before a stream its own dictionary is looked for."""

_CHUNK: Final = 256 * 1024
_MACROS: Final = ("vbaproject.bin", "vbadata.xml")
_PROGRAMS: Final = {"exe", "dll", "com", "bat", "cmd", "ps1", "vbs", "js", "jar", "msi", "scr", "hta"}
_ARCHIVES: Final = {"zip", "rar", "7z", "gz", "docm", "dotm", "xlsm", "xltm", "xlam", "pptm"}
_OFD_SPACE: Final = "http://www.ofdspec.org/2016"


class _Wrong(Exception):
    def __init__(self, code: str, what: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.what = what


def format_of(file: IO[bytes], name: str, formats: Collection[str] = tuple(FORMATS)) -> str:
    """The format of the content, one of `formats`; Invalid if it is none of them, or not in order."""
    try:
        found = _decide(file)
    except _Wrong as wrong:
        raise Invalid(_reason(wrong.code, name, formats, wrong.what)) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        raise Invalid(_reason("upload-damaged", name, formats)) from None
    if found not in formats:
        raise Invalid(_reason("upload-type-mismatch", name, formats))
    return found


def marks_of(data: bytes | mmap) -> tuple[str, ...]:
    """What a PDF holds that can act or hide, in words; a bounded look, also into compressed object streams.

    Such a paper is taken, but whoever reviews it is told.
    """
    found: set[str] = set()
    place, budget = 0, MOST_LOOKED_INTO
    while (begin := _STREAM.search(data, place)) is not None:
        about = data[place : begin.start()]
        found |= _marks_in(about)
        place = data.find(b"endstream", begin.end())
        place = len(data) if place < 0 else place
        filtered = b"Filter" in about[-_DICTIONARY:]
        body = data[begin.end() : min(place, begin.end() + SMALL)]
        if b"ObjStm" in about[-_DICTIONARY:] and filtered and budget > 0:
            body = _inflated(body)
            budget -= len(body)
        elif filtered:
            continue
        found |= _marks_in(body)
    found |= _marks_in(data[place:])
    return tuple(words for words in dict.fromkeys(_MARKS.values()) if words in found)


def _marks_in(piece: bytes) -> set[str]:
    names = (_ESCAPE.sub(lambda code: bytes([int(code[1], 16)]), name) for name in _NAME.findall(piece))
    return {_MARKS[name] for name in names if name in _MARKS}


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, 8 * SMALL)
    except zlib.error:
        return body


def mismatch(name: str, formats: Collection[str]) -> Invalid:
    """The refusal of a file whose name claims another type than its content has."""
    return Invalid(_reason("upload-type-mismatch", name, formats))


def _reason(code: str, name: str, formats: Collection[str], what: str = "") -> Reason:
    wanted = "、".join(each for each in FORMATS if each in formats)
    return reason(code, "file", name=name, what=what, formats=wanted)


def _decide(file: IO[bytes]) -> str:
    file.seek(0)
    head = file.read(1024)
    if head.startswith(b"PK\x03\x04"):
        return _package(file)
    for found, begins, is_whole in _PLAIN:
        if begins(head):
            is_whole(file)
            _refuse_second_nature(file)
            return found
    raise _Wrong("upload-type-mismatch")


def _refuse_second_nature(file: IO[bytes]) -> None:
    """A picture or PDF that is also an archive is opened by some program as the other thing."""
    try:
        with zipfile.ZipFile(file) as archive:
            hidden = bool(archive.infolist())
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError):
        return
    if hidden:
        raise _Wrong("upload-type-mismatch")


def _tail(file: IO[bytes], length: int) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(0, size - length))
    return file.read()


# Plain files


def _pdf_begins(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x00\t\n\r\x0c ").startswith(b"%PDF-")


def _check_pdf(file: IO[bytes]) -> None:
    """A PDF ends with where its last cross-reference stands, and that place is inside the file."""
    found = re.findall(rb"startxref\s+(\d+)\s+%%EOF", _tail(file, 2048))
    if not found or int(found[-1]) >= file.tell():
        raise _Wrong("upload-damaged")


def _check_png(file: IO[bytes]) -> None:
    size = file.seek(0, 2)
    place, first = 8, True
    while True:
        file.seek(place)
        length, kind = struct.unpack(">I4s", file.read(8))
        if first:
            _check_pixels(*struct.unpack(">II", file.read(8)))
            if kind != b"IHDR":
                raise _Wrong("upload-damaged")
            first = False
        place += length + 12
        if kind == b"IEND":
            break
    if place != size:
        raise _Wrong("upload-damaged")


def _check_jpeg(file: IO[bytes]) -> None:
    """Walks the segments to the frame header; a picture that was cut off has no end marker."""
    file.seek(2)
    while True:
        marker, kind = struct.unpack(">BB", file.read(2))
        if marker != 0xFF:
            raise _Wrong("upload-damaged")
        if kind == 0xFF:
            file.seek(-1, 1)
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if kind in range(0xC0, 0xD0) and kind not in {0xC4, 0xC8, 0xCC}:
            _, height, width = struct.unpack(">BHH", file.read(5))
            _check_pixels(width, height)
            break
        file.seek(length - 2, 1)
    if b"\xff\xd9" not in _tail(file, 4096):
        raise _Wrong("upload-damaged")


def _check_pixels(width: int, height: int) -> None:
    if not width or not height:
        raise _Wrong("upload-damaged")
    if width * height > MOST_PIXELS:
        raise _Wrong("upload-too-many-pixels")


_PLAIN: Final[tuple[tuple[str, Callable[[bytes], bool], Callable[[IO[bytes]], None]], ...]] = (
    ("pdf", _pdf_begins, _check_pdf),
    ("png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), _check_png),
    ("jpg", lambda head: head.startswith(b"\xff\xd8\xff"), _check_jpeg),
)


# Packages: office files are archives


def _package(file: IO[bytes]) -> str:
    _check_directory(file)
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        names = _check_names(entries)
        found = _kind_of(names)
        _check_places(entries)
        reader = _PackageReader(archive)
        for entry in entries:
            reader.read(entry)
    if found == "ofd" and reader.root_of.get("OFD.xml") != f"{_OFD_SPACE} OFD":
        raise _Wrong("upload-type-mismatch")
    return found


def _check_directory(file: IO[bytes]) -> None:
    """Look at the end of the archive before any library does: a million entries cost gigabytes to list."""
    tail = _tail(file, 65_557)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise _Wrong("upload-damaged")
    if b"PK\x06\x07" in tail[max(0, place - 20) : place]:
        raise _Wrong("upload-archive", "ZIP64")
    total, size = struct.unpack_from("<HI", tail, place + 10)
    if total > MOST_ENTRIES or size > LARGEST_DIRECTORY:
        raise _Wrong("upload-archive", f"超过{MOST_ENTRIES}项")


def _check_names(entries: list[zipfile.ZipInfo]) -> set[str]:
    """Every name once, relative, inside the package, an ordinary file."""
    names: set[str] = set()
    for entry in entries:
        name = entry.filename
        odd = name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/") or "\x00" in name
        if odd or name in names or stat.S_ISLNK(entry.external_attr >> 16):
            raise _Wrong("upload-archive", "条目名称不正常")
        if entry.flag_bits & 0x1:
            raise _Wrong("upload-archive", "已加密")
        names.add(name)
        _check_part(name.lower())
    return names


def _check_part(name: str) -> None:
    if name.endswith(_MACROS):
        raise _Wrong("upload-macro")
    if name.rpartition(".")[2] in _PROGRAMS | _ARCHIVES:
        raise _Wrong("upload-archive", "内含其他程序或压缩包")
    if "/activex/" in name or ("/embeddings/" in name and name.endswith(".bin")):
        raise _Wrong("upload-external", "嵌入对象")


def _kind_of(names: set[str]) -> str:
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return "docx"
    if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
        return "xlsx"
    if "OFD.xml" in names:
        return "ofd"
    raise _Wrong("upload-type-mismatch")


def _check_places(entries: list[zipfile.ZipInfo]) -> None:
    """Entries that overlap unpack the same bytes many times over."""
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if entry.header_offset < end:
            raise _Wrong("upload-archive", "条目重叠")
        end = entry.header_offset + 30 + entry.compress_size


class _PackageReader:
    """Unpacks every entry once, counting what really comes out, and looks into the XML of each part."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.root_of: dict[str, str] = {}
        self._archive = archive
        self._unpacked = 0

    def read(self, entry: zipfile.ZipInfo) -> None:
        name = entry.filename
        is_xml = name.endswith((".xml", ".rels"))
        look = _XmlLook(relationships=name.endswith(".rels"), types=name == "[Content_Types].xml")
        came = 0
        with self._archive.open(entry) as part:
            while chunk := part.read(_CHUNK):
                came += len(chunk)
                self._unpacked += len(chunk)
                if self._unpacked > MOST_UNPACKED or (
                    came > SMALL and came > MOST_RATIO * entry.compress_size
                ):
                    raise _Wrong("upload-archive", "解压后过大")
                if is_xml:
                    look.feed(chunk)
        if is_xml:
            look.close()
            self.root_of[name] = look.root


class _XmlLook:
    """Reads XML for what must not be in it: a document type, an outside relationship, a macro type.

    Ordinary parts are read up to their root element only: whatever opens a door stands before it.
    """

    def __init__(self, *, relationships: bool, types: bool) -> None:
        self.root = ""
        self._whole = relationships or types
        self._done = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._element

    def feed(self, chunk: bytes) -> None:
        if not self._done:
            self._parse(chunk, last=False)

    def close(self) -> None:
        if not self._done:
            self._parse(b"", last=True)

    def _parse(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError:
            if not self._done:
                raise _Wrong("upload-damaged") from None

    def _doctype(self, *_: object) -> None:
        raise _Wrong("upload-external", "XML文档类型声明")

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self._done = not self._whole
        if attributes.get("TargetMode") == "External" and not attributes.get("Type", "").endswith(
            "/hyperlink"
        ):
            raise _Wrong("upload-external", attributes.get("Type", "").rpartition("/")[2] or "关系")
        if "macroEnabled" in attributes.get("ContentType", ""):
            raise _Wrong("upload-macro")
