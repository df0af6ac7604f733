#!/usr/bin/env python3
"""Run the product or its tests from a checkout, on Linux or Windows, with Python 3.11 and nothing else.

It makes `.venv`, installs the pinned packages when a pin, the Python or the folder has changed, and runs.
Invariant: standard library only; it writes nothing outside `.venv`, save the browser that tests need.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
STAMP = VENV / "shenpi-stamp.json"
CONSTRAINTS = ROOT / "constraints.txt"
SUMS = "SHA256SUMS"
BUILD_TOOLS = ("hatchling", "editables")
EVERYTHING = ("dev", "postgres")

LINTERS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports", "--no-logo"),
)
PYTEST = ("-m", "pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "msedge",
)
BROWSERS_OF_WINDOWS = ("Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe")
BROWSER_PACKAGES = ("chromium", "fonts-noto-cjk")


def main() -> int:
    """Do what the command line asks; the exit code is that of the program that was run."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    options, rest = _options()
    if options.command == "demo":
        prepare((), options.wheelhouse)
        return hand_over([str(BIN / "shenpi"), "demo", *rest])
    prepare(EVERYTHING, options.wheelhouse)
    if options.command == "wheels":
        return fill_wheelhouse(rest)
    if options.command in {"lint", "check"} and (failed := lint()):
        return failed
    return 0 if options.command == "lint" else test(rest)


def _options() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="dev.py", allow_abbrev=False, description=__doc__.splitlines()[0])
    parser.add_argument(
        "command",
        choices=["demo", "test", "lint", "check", "wheels"],
        help="demo: a fresh database, in the browser | test: the tests | lint: ruff, mypy, import-linter | "
        "check: lint and test | wheels DIR: collect the packages for a machine without a network",
    )
    parser.add_argument("--wheelhouse", type=Path, help="install from this folder only, without a network")
    return parser.parse_known_args()


# ---------------------------------------------------------------- the environment


def prepare(extras: tuple[str, ...], wheelhouse: Path | None) -> None:
    """Make `.venv` hold the pinned packages and these extras; does nothing if it does already."""
    have = _stamp()
    same_python = PYTHON.exists() and have["python"] == _python()
    if same_python and have["pins"] == _pins() and set(extras) <= set(have["extras"]):
        return
    if wheelhouse and not wheelhouse.is_dir():
        fail(f"找不到离线安装包目录 {wheelhouse}。", f"There is no wheelhouse folder {wheelhouse}.")
    if wheelhouse:
        check_sums(wheelhouse)
    say(
        "正在准备运行环境 .venv，首次需要一两分钟。", "Preparing .venv; the first time takes a minute or two."
    )
    if not same_python:
        venv.create(VENV, clear=True, symlinks=not WINDOWS)
    wanted = sorted({*extras, *have["extras"]} if same_python else extras)
    STAMP.unlink(missing_ok=True)
    install(wanted, wheelhouse)
    stamp = {"python": _python(), "pins": _pins(), "extras": wanted}
    STAMP.write_text(json.dumps(stamp), encoding="utf-8")


def install(extras: list[str], wheelhouse: Path | None) -> None:
    """Install the product, editable, with these extras; stops the program with a remedy if that fails."""
    where = ["--no-index", "--find-links", str(wheelhouse.resolve())] if wheelhouse else []
    how = ["install", "-q", *where, "-c", str(CONSTRAINTS)]
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    # The build tools go in first so that they are pinned too, and nothing is fetched behind our back.
    steps = ([*how, *BUILD_TOOLS], [*how, "--no-build-isolation", "-e", target])
    if uv := shutil.which("uv"):
        if all(_succeeds([uv, "pip", *step, "--python", str(PYTHON)]) for step in steps):
            return
        say("uv 未能完成安装，改用 pip。", "uv could not do it; trying pip.")
    pip = _pip()
    if not all(_succeeds([*pip, *step]) for step in steps):
        fail(
            "安装依赖包失败，原因见上。若本机不能上网：在能上网的同类机器上运行 "
            "python3 dev.py wheels 目录，把该目录拷来，再加 --wheelhouse 目录 重试。",
            "Installing the packages failed, see above. Without a network: run `python3 dev.py wheels DIR` on a "
            "machine of the same kind that has one, bring DIR here, and try again with `--wheelhouse DIR`.",
        )


def _pip() -> list[str]:
    """The pip of `.venv`, put there first if uv or nobody has made the environment."""
    pip = [str(PYTHON), "-m", "pip"]
    ready = _succeeds([*pip, "--version"], quiet=True)
    if not ready and not _succeeds([str(PYTHON), "-m", "ensurepip", "--default-pip"], quiet=True):
        fail(
            "这个 Python 不带 pip。Debian/Ubuntu 请先运行 apt-get install python3-venv，再重试。",
            "This Python has no pip. On Debian or Ubuntu run `apt-get install python3-venv` and try again.",
        )
    return [*pip, "--disable-pip-version-check"]


def fill_wheelhouse(arguments: list[str]) -> int:
    """Collect in one folder every package of this platform that demo and test need."""
    if len(arguments) != 1:
        fail("请写明目录：python3 dev.py wheels 目录", "Name the folder: python3 dev.py wheels DIR")
    folder = Path(arguments[0]).resolve()
    what = [*BUILD_TOOLS, f"{ROOT}[{','.join(EVERYTHING)}]"]
    failed = subprocess.call([*_pip(), "wheel", "-q", "-w", str(folder), "-c", str(CONSTRAINTS), *what])
    if not failed:
        write_sums(folder)
    return failed


def write_sums(folder: Path) -> None:
    """Note the SHA-256 of every wheel in that folder, as `sha256sum` does."""
    lines = [f"{digest}  {name}\n" for name, digest in _digests(folder).items()]
    (folder / SUMS).write_bytes("".join(lines).encode())


def check_sums(folder: Path) -> None:
    """Stop, naming the files, unless the folder holds exactly the wheels that its sums name."""
    if not (folder / SUMS).is_file():
        say(
            f"{folder} 中没有 {SUMS}，未能核对安装包。",
            f"No {SUMS} in {folder}: the packages are not verified.",
        )
        return
    noted = (line.partition("  ") for line in (folder / SUMS).read_text("utf-8").splitlines())
    wrong = {(name, digest) for digest, _, name in noted} ^ set(_digests(folder).items())
    if names := "、".join(sorted({name for name, _ in wrong})):
        fail(
            f"离线安装包与 {SUMS} 不符，没有安装：{names}。请从做包的机器重新拷贝整个目录。",
            f"Not what {SUMS} says, so nothing was installed: {names}. Copy the whole folder again.",
        )


def _digests(folder: Path) -> dict[str, str]:
    """Each wheel's SHA-256, by name."""
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in sorted(folder.glob("*.whl"))}


def _stamp() -> dict[str, list[str]]:
    nothing: dict[str, list[str]] = {"python": [], "pins": [], "extras": []}
    try:
        return {**nothing, **json.loads(STAMP.read_text(encoding="utf-8"))}
    except (OSError, ValueError):
        return nothing


def _python() -> list[str]:
    """What an environment depends on: a virtual environment cannot be moved, nor change its Python."""
    return [sys.version, str(ROOT)]


def _pins() -> list[str]:
    files = (ROOT / "pyproject.toml", CONSTRAINTS)
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


# ---------------------------------------------------------------- linters, tests, browser


def lint() -> int:
    """Run every linter, so that one round shows every finding; 1 if any has one."""
    failed = 0
    for program, *arguments in LINTERS:
        print("$", program, *arguments, flush=True)
        failed |= not _succeeds([str(BIN / program), *arguments])
    return int(failed)


def test(arguments: list[str]) -> int:
    """Run pytest with a browser where one can be had; says so where none can."""
    browser = find_browser() or install_browser()
    if browser:
        os.environ["SHENPI_BROWSER"] = browser
    else:
        say(
            "没有找到浏览器，浏览器测试将被跳过。请安装 Chromium、Chrome 或 Edge，或用 SHENPI_BROWSER 指明其路径。",
            "No browser found, so the browser stories will be skipped. Install Chromium, Chrome or Edge, or name "
            "one in SHENPI_BROWSER.",
        )
    return hand_over([str(PYTHON), *PYTEST, *arguments])


def find_browser() -> str | None:
    """The path of a browser that Playwright can drive: SHENPI_BROWSER, else one that is installed."""
    if named := os.environ.get("SHENPI_BROWSER"):
        return shutil.which(named)
    folders = [os.environ.get(each) for each in ("ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA")]
    installed = [str(Path(folder, tail)) for folder in folders if folder for tail in BROWSERS_OF_WINDOWS]
    return next(filter(None, map(shutil.which, [*BROWSERS, *installed])), None)


def install_browser() -> str | None:
    """Install Chromium and a Chinese font, given apt-get and root; None without them, or if it fails."""
    if WINDOWS or os.geteuid() != 0 or not shutil.which("apt-get") or os.environ.get("SHENPI_BROWSER"):
        return None
    say("正在安装浏览器（chromium）。", "Installing a browser (chromium).")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    for step in (["update"], ["install", "-y", "--no-install-recommends", *BROWSER_PACKAGES]):
        if not _succeeds(["apt-get", "-qq", *step], quiet=True):
            return None
    return find_browser()


# ---------------------------------------------------------------- processes and messages


def hand_over(command: list[str]) -> int:
    """Become this program where the system can do that, so that signals reach it; else wait for it."""
    os.environ.setdefault("PYTHONUTF8", "1")
    os.chdir(ROOT)
    sys.stdout.flush()
    if not WINDOWS:
        os.execv(command[0], command)  # noqa: S606 - our own program; there is no shell to want
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # it has had the same Ctrl+C and ends in its own time


def _succeeds(command: list[str], *, quiet: bool = False) -> bool:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.call(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output) == 0


def say(chinese: str, english: str) -> None:
    """Tell the person at the keyboard something, in both languages."""
    print(chinese, english, sep="\n", flush=True)


def fail(chinese: str, english: str) -> NoReturn:
    """Stop, saying what happened and what to do next."""
    say(chinese, english)
    raise SystemExit(1)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what tells the owner of an older Python
        fail("需要 Python 3.11 或更新的版本。", "Python 3.11 or newer is needed.")
    sys.exit(main())
