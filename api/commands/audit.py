"""`shenpi audit`: whether the record still is what was recorded, and what an auditor takes along."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify|bundle")
    verify = actions.add_parser("verify", help="逐条核验全部记录")
    verify.add_argument(
        "--against", default="", metavar="HEAD", help="另存的校验码（邮件末尾所印，16位以上）"
    )
    add_data(verify)
    bundle = actions.add_parser("bundle", help="写出审计包：记录、材料、封签、核对程序")
    bundle.add_argument(
        "--project", nargs="+", required=True, metavar="REF", help="项目编号（网址中）或项目代码"
    )
    bundle.add_argument("--out", type=Path, required=True, metavar="FILE", help="写到这个文件（zip）")
    add_data(bundle)


def run(options: argparse.Namespace) -> int:
    """Verify, or write a bundle."""
    return _bundle(options) if options.action == "bundle" else _verify(options)


def _verify(options: argparse.Namespace) -> int:
    """Re-derive every chain; 1 and the first bad entry if one does not hold."""
    from api.commands.installation import reading
    from api.settings import load
    from workflow.doctor import audit, kept_head

    against = kept_head(options.against)
    with reading(load(options.data)) as store:
        found = store.read(audit, against=against)
    print(f"已逐条核验{found.words}。")
    if found.broken is not None:
        print(f"不符：{found.broken}")
        return 1
    print("全部相符。")
    return 0


def _bundle(options: argparse.Namespace) -> int:
    """Write it, and note in the record that it leaves the house."""
    from api.commands.installation import operate, reading
    from api.keeping.bundle import Bundle, write_bundle
    from api.settings import load
    from workflow.files import Files

    def note(made: Bundle) -> None:
        given = {"words": f"审计包：{'、'.join(made.titles)}", "entries": made.entries, "what": "record"}
        operate(options.data, "note-export", given, now=options.now)

    settings = load(options.data)
    with reading(settings) as store:
        files, out = Files(settings.documents), options.out.resolve()
        made = write_bundle(store, files, options.project, out, options.now, noting=note)
    print(f"审计包 {options.out}：{'、'.join(made.titles)}，记录{made.entries}条，材料{made.documents}份。")
    print(f"本包校验码 {made.seal}（请另行告知审计人员）。核对：解开后运行 python3 verify.py")
    for digest in made.missing:
        print(f"注意：材料 {digest[:16]}… 在系统中已缺失或损坏，包中没有。")
    return 0
