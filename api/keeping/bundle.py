"""What an auditor takes along: the whole record of some projects, their papers, the seals, and a verifier.

Invariant: the bundle is checked by its own verifier's rules alone, and needs nothing of this product.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, text

from api.keeping.writing import UNFINISHED
from api.prints.audit_files import to_lines
from api.private import new_private
from workflow import doctor, queries
from workflow.clock import SHANGHAI
from workflow.errors import NotFound, Unavailable, reason, says
from workflow.files import Files, sync
from workflow.queries.stored import named_files
from workflow.record import stamp
from workflow.store import Store

says(
    {
        "bundle-project-not-found": (
            "没有编号或代码为 {ref} 的项目。",
            "编号在项目页网址中：/projects/编号。",
        ),
    }
)

VERIFIER: Final = Path(__file__).with_name("verify.py")
ABOUT: Final = """审计包

{titles}

本包由审批系统于 {at:%Y-%m-%d %H:%M}（北京时间）写出，含上述项目的全部经过记录、全部材料、全部封签，以及核对程序 verify.py。
核对：在装有 Python 3.9 以上版本的任一电脑上运行 python3 verify.py（不连网，不需安装）。

record.jsonl   经过记录，一行一条：data 是当时记下的原文，text 是它的意思（不计入校验码）
documents/     材料，文件名是其内容的 SHA-256
seals.jsonl    封签；heads.jsonl 最近一次封签时各项目的末条校验码
manifest.json  清单；manifest.sha256 清单的校验码，即本包校验码
"""

_PROJECT = text(
    "SELECT id, ref, title, seq, head FROM project WHERE ref = :ref OR code = :ref AND code <> ''"
)
_SEALS = text("SELECT at, upto, chains, root, hash FROM seal ORDER BY id")


class Bundle(Struct, frozen=True):
    """What was put into a bundle; `seal` is the code that proves it as a whole."""

    titles: tuple[str, ...]
    entries: int
    documents: int
    missing: tuple[str, ...]
    seal: str


def write_bundle(
    store: Store,
    files: Files,
    refs: Sequence[str],
    target: Path,
    now: datetime,
    *,
    noting: Callable[[Bundle], object],
) -> Bundle:
    """Write the bundle of these projects. NotFound for one that is not there.

    It has its name only once `noting` has put on the record that it leaves the house.
    """
    unfinished = target.with_name(f"{UNFINISHED}{target.name}")
    try:
        with new_private(unfinished) as whole, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
            made = store.read(_write, file=file, files=files, refs=refs, now=now)
        noting(made)
        unfinished.replace(target)
        sync(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)
    return made


def _write(
    connection: Connection, *, file: zipfile.ZipFile, files: Files, refs: Sequence[str], now: datetime
) -> Bundle:
    projects = [_found(connection, ref) for ref in dict.fromkeys(refs)]
    hashes: dict[str, str] = {}

    def put(name: str, content: bytes) -> None:
        file.writestr(name, content)
        hashes[name] = sha256(content).hexdigest()

    titles = tuple(each["title"] for each in projects)
    entries = [entry for each in projects for entry in queries.chain_entries(connection, project=each["id"])]
    seals = [dict(row) for row in connection.execute(_SEALS).mappings()]
    heads = doctor.heads_upto(connection, seals[-1]["upto"]) if seals else []
    put("说明.txt", ABOUT.format(titles="\n".join(titles), at=now.astimezone(SHANGHAI)).encode())
    put("verify.py", VERIFIER.read_bytes())
    put("record.jsonl", to_lines(entries))
    put("seals.jsonl", _lines(seals))
    put("heads.jsonl", _lines([{"project": project, "head": head} for project, head in heads]))
    missing = []
    named = {
        digest: name
        for each in projects
        for digest, name in named_files(connection, project=each["id"]).items()
    }
    for digest, name in named.items():
        try:
            content = b"".join(files.open(digest))
        except (NotFound, Unavailable):
            missing.append(digest)
        else:
            put(f"documents/{digest}{Path(name).suffix or f'.{files.format_of(digest)}'}", content)
    manifest = msgspec.json.format(
        msgspec.json.encode({"at": stamp(now), "projects": projects, "missing": missing, "files": hashes}),
        indent=1,
    )
    seal = sha256(manifest).hexdigest()
    file.writestr("manifest.json", manifest)
    file.writestr("manifest.sha256", f"{seal}\n")
    return Bundle(titles, len(entries), len(named) - len(missing), tuple(missing), seal)


def _found(connection: Connection, ref: str) -> dict[str, Any]:
    row = connection.execute(_PROJECT, {"ref": ref}).mappings().first()
    if row is None:
        raise NotFound(reason("bundle-project-not-found", ref=ref))
    return dict(row)


def _lines(rows: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(each) + b"\n" for each in rows)
