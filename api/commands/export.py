"""`shenpi export`: everything in one file that any installation can take in, on either database."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="写到这个文件（zip）")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Note in the record that everything leaves the house, write it, and read it again."""
    from api.commands.installation import operate, reading
    from api.keeping.writing import export
    from api.settings import load
    from workflow.doctor import heads, of_what
    from workflow.files import Files

    settings = load(options.data)
    with reading(settings) as store:
        entries = sum(seq for _, seq in store.read(heads).values())
    given = {"words": options.file.name, "entries": entries, "what": "house"}
    operate(options.data, "note-export", given, now=options.now)
    with reading(settings) as store:
        verified = export(store, Files(settings.documents), options.file.resolve(), options.now)
    manifest = verified.manifest
    print(f"已导出到 {options.file}，并已重新读出核对。")
    print(f"记录{manifest.events}条（{of_what(manifest.chains)}），材料{manifest.documents}份。")
    print(f"导出校验码 {verified.seal}")
    for digest in manifest.missing:
        print(f"注意：材料 {digest[:16]}… 在系统中已缺失或损坏，文件中没有。")
    return int(bool(manifest.missing))
