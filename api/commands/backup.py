"""`shenpi backup`: a whole copy of the installation, written beside a running service and read again."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="备份目录；每次备份在其中另起一个子目录")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Write it, and note on the health page that it was done; 1 if papers were missing at the source."""
    from api.commands.installation import operate, reading
    from api.keeping.writing import back_up
    from api.settings import load
    from workflow.doctor import of_what
    from workflow.files import Files

    settings, now = load(options.data), options.now
    with reading(settings) as store:
        place, verified = back_up(store, Files(settings.documents), options.directory.resolve(), now)
    manifest = verified.manifest
    given = {
        "place": str(place),
        "events": manifest.events,
        "documents": manifest.documents,
        "missing": len(manifest.missing),
        "seal": verified.seal,
    }
    operate(options.data, "note-backup", given, now=options.now)
    print(f"已备份到 {place}，并已重新读出核对。")
    print(f"记录{manifest.events}条（{of_what(manifest.chains)}），材料{manifest.documents}份。")
    print(f"备份校验码 {verified.seal}（请另行保管）。设置文件和证书不在其中，请另存。")
    for digest in manifest.missing:
        print(f"注意：材料 {digest[:16]}… 在系统中已缺失或损坏，备份中没有。请从以前的备份恢复。")
    return int(bool(manifest.missing))
