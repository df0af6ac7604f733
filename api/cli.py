"""The command line, `shenpi`. Finds the command; each imports what it needs only when it is called.

Invariant: 0 means that all went as asked, 1 that it did not, 2 that the call was not understood; a message
says what happened and what to do next.
"""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module

COMMANDS = {
    "demo": "建一套演示数据并打开网页：先看这个",
    "serve": "启动服务（网页、接口、时钟、邮件）",
    "setup": "初次安装：第一位管理员、单位、证书、邮件测试",
    "check": "检查项目类型定义文件",
    "publish": "检查并发布项目类型定义",
    "show": "显示一种项目类型：事项、材料、时限",
    "due": "计算到期日，逐日说明",
    "calendar": "工作日历：查看、载入",
    "sweep": "让时钟走一遍",
    "deliver": "发一遍邮件",
    "audit": "核验记录",
    "doctor": "全面自检",
    "backup": "备份：写出、核对，服务照常运行",
    "restore": "从备份恢复，原数据另存",
    "export": "导出全部数据为一个文件，可在两种数据库之间搬迁",
    "import": "把导出的文件装入空的系统",
    "grant": "PostgreSQL：建库或升级后，让服务账号只能增、不能改记录",
}
"""Command -> what it does. `serve` runs what all others prepare or ask."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that was typed; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if not typed or typed[0] not in COMMANDS:
        _overview().parse_args(typed)
        _overview().print_help()
        return 2
    command = import_module(f"api.commands.{typed[0]}")
    parser = argparse.ArgumentParser(
        prog=f"shenpi {typed[0]}", description=COMMANDS[typed[0]], allow_abbrev=False
    )
    command.configure(parser)
    given = argparse.Namespace(now=datetime.now(UTC))  # the one look at the clock of a command
    return _run(command.run, parser.parse_args(typed[1:], given))


def add_data(parser: argparse.ArgumentParser) -> None:
    """The option that says which installation is meant."""
    from pathlib import Path

    parser.add_argument("--data", type=Path, metavar="DIR", help="数据目录（默认：本机约定的位置）")


def _overview() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {words}" for name, words in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="shenpi",
        usage="shenpi 命令 [选项]",
        description="审批：政府投资项目审批流程引擎",
        epilog=f"命令：\n{listed}\n\n各命令的选项：shenpi 命令 --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", choices=COMMANDS, metavar="命令", help="见下")
    return parser


def _run(run: object, options: argparse.Namespace) -> int:
    from api.settings import SettingsError
    from workflow.errors import WorkflowError

    try:
        return int(run(options))  # type: ignore[operator]
    except WorkflowError as error:
        for reason in error.reasons:
            print(
                f"{reason.place}: {reason.code}: {reason}" if ":" in reason.place else reason, file=sys.stderr
            )
    except BrokenPipeError:
        pass  # whoever read the output has seen enough
    except OSError as error:
        print(_unreadable(error), file=sys.stderr)
    except SettingsError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def _unreadable(error: OSError) -> str:
    """What went wrong with a file, and where, in an administrator's words."""
    words = {
        errno.ENOENT: "没有这个文件或目录，请核对路径",
        errno.EACCES: "没有权限，请换用服务的账号，或核对目录的权限",
        errno.EPERM: "没有权限，请换用服务的账号，或核对目录的权限",
        errno.EEXIST: "已经存在，请换一个名称",
        errno.ENOTDIR: "不是目录，请核对路径",
        errno.EISDIR: "是目录，请写明文件名",
        errno.ENOSPC: "磁盘已满，请清理空间后再试",
        errno.EROFS: "磁盘只能读，请换一个目录",
    }.get(error.errno or 0, str(error))
    return f"{error.filename}：{words}。" if error.filename else f"{words}。"


if __name__ == "__main__":
    sys.exit(main())
