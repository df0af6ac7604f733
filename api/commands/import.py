"""`shenpi import`: take a whole export into an empty installation."""

from __future__ import annotations

import argparse
import zipfile
from pathlib import Path

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="shenpi export 写出的文件")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Verify, load, examine."""
    from api.commands.installation import alone
    from api.keeping.copies import ZipCopy
    from api.keeping.restoring import take_in
    from api.settings import load
    from workflow.doctor import of_what
    from workflow.errors import Refused, reason
    from workflow.files import Files

    settings = load(options.data)
    try:
        file = zipfile.ZipFile(options.file)
    except zipfile.BadZipFile as error:
        raise Refused(reason("copy-damaged", name=options.file, why=error)) from error
    with file, alone(settings) as store:
        copy = ZipCopy(file, str(options.file))
        verified = take_in(store, Files(settings.documents), copy, options.now)
    manifest = verified.manifest
    print(
        f"已导入：记录{manifest.events}条（{of_what(manifest.chains)}），材料{manifest.documents}份，全部核对相符。"
    )
    return 0
