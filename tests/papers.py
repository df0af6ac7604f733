"""Small papers of every kind, right and wrong, made when a test asks for one."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType="application/{kind}+xml"/></Types>'
)
RELATIONSHIPS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>'
DOCUMENT = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>'
OFD = '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.1"/>'


def pdf(text: str = "可研批复") -> bytes:
    """A PDF of one empty page; another `text` is another file."""
    body = f"%PDF-1.7\n% {text}\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".encode()
    return body + b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< >>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def png(width: int = 2, height: int = 2) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0\0\0" * 2)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpg(width: int = 2, height: int = 2) -> bytes:
    """The segments of a picture, enough to know its size."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    app = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    return (
        b"\xff\xd8\xff\xe0" + struct.pack(">H", len(app) + 2) + app
        + b"\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x11" * 20 + b"\xff\xd9"
    )  # fmt: skip


def package(parts: dict[str, str | bytes], *, stored: bool = False) -> bytes:
    """An archive of these parts."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED if stored else ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(ZipInfo(name) if stored else name, content)
    return out.getvalue()


def docx(more: dict[str, str | bytes] | None = None, inside: str = "", kind: str = "document.main") -> bytes:
    """A Word document; `more` parts, relationships `inside`, or another content type make it a wrong one."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES.format(kind=kind),
        "_rels/.rels": RELATIONSHIPS.format(inside=""),
        "word/document.xml": DOCUMENT,
        "word/_rels/document.xml.rels": RELATIONSHIPS.format(inside=inside),
    }
    return package({**parts, **(more or {})})


def xlsx() -> bytes:
    """A workbook."""
    return package({"[Content_Types].xml": TYPES.format(kind="sheet"), "xl/workbook.xml": "<workbook/>"})


def ofd(root: str = OFD) -> bytes:
    """An OFD of one part (GB/T 33190)."""
    return package({"OFD.xml": root})


def external(kind: str, target: str = "http://evil.test/x") -> str:
    """A relationship to the outside."""
    return f'<Relationship Id="r1" Type="http://schemas/{kind}" Target="{target}" TargetMode="External"/>'
