"""The house rules and the import contracts hold, and each of them can fail.

A rule reads a tree, path to text, and says what breaks it. Every rule is asked twice: about this
repository, which must be clean, and about the same tree with one violation planted.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]

Tree = Mapping[str, str]
Rule = Callable[[Tree], Iterator[str]]

PRODUCT = ("workflow/", "notifications/", "api/")
ENGINE_AND_MAIL = ("workflow/", "notifications/")

TOP_LEVEL = {
    ".ci",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "api",
    "constraints.txt",
    "definitions",
    "dev.py",
    "notifications",
    "pyproject.toml",
    "tests",
    "workflow",
}

EMPTY_NAMES = re.compile(
    r"(base|common|helper|manager|misc|service|util)s?|.*_(helper|manager|service|util)s?"
)

CLOCK_AND_CHANCE = {
    ("date", "today"),
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("os", "urandom"),
    ("time", "time"),
    ("time", "time_ns"),
    ("uuid", "uuid1"),
    ("uuid", "uuid4"),
}
CHANCE_MODULES = {"random", "secrets"}

# Written in pieces, so that this file does not break its own rule.
REGISTRIES = [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("debian", "org")]
REGISTRY_HOSTS = "|".join(re.escape(".".join(pieces)) for pieces in REGISTRIES)
SOMEBODYS_MACHINE = re.compile(rf"(?<![\w.])/(?:root|tmp/w|work/(?:main|shared))\b|\b(?:{REGISTRY_HOSTS})\b")


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


def nodes(tree: Tree, *folders: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node of every Python file under these folders."""
    for path, text in tree.items():
        if path.endswith(".py") and path.startswith(folders):
            for node in ast.walk(parsed(text)):
                yield path, node


# ---------------------------------------------------------------- the rules


def only_the_store_commits(tree: Tree) -> Iterator[str]:
    """One transaction per accepted command: a second commit anywhere makes half a command possible."""
    for path, node in nodes(tree, *PRODUCT):
        if path != "workflow/store.py" and isinstance(node, ast.Attribute) and node.attr == "commit":
            yield f"{path}:{node.lineno}: only workflow/store.py commits"


def a_use_case_names_its_actor_and_now(tree: Tree) -> Iterator[str]:
    """Nobody changes anything anonymously or at an unstated time."""
    for path, text in tree.items():
        if not re.fullmatch(r"workflow/actions/\w+\.py", path):
            continue
        for node in parsed(text).body:
            if (
                not isinstance(node, ast.FunctionDef)
                or node.name.startswith("_")
                or not takes_a_transaction(node)
            ):
                continue
            pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            required = {argument.arg for argument, default in pairs if default is None}
            if missing := {"actor", "now"} - required:
                yield f"{path}:{node.lineno}: {node.name} lacks keyword-only, required {sorted(missing)}"


def takes_a_transaction(function: ast.FunctionDef) -> bool:
    """Whether it is a use case: what the store runs begins with its transaction."""
    return bool(function.args.args) and function.args.args[0].arg == "tx"


def http_stays_at_the_edge(tree: Tree) -> Iterator[str]:
    """Below api/ a refusal is a WorkflowError with a code; api/ alone knows status codes."""
    for path, node in nodes(tree, *ENGINE_AND_MAIL):
        if "HTTPException" in (getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", "")):
            yield f"{path}:{getattr(node, 'lineno', 0)}: HTTPException below api/"


def now_and_chance_enter_at_the_edge(tree: Tree) -> Iterator[str]:
    """`now` and new identifiers are arguments, so that a year is simulated in seconds and replays agree."""
    for path, node in nodes(tree, *ENGINE_AND_MAIL):
        if path == "workflow/scheduler.py":
            continue
        found = [use for use in _uses(node) if use in CLOCK_AND_CHANCE or use[0] in CHANCE_MODULES]
        for module, name in found:
            yield f"{path}:{getattr(node, 'lineno', 0)}: {module}.{name} below api/".replace(".:", ":")


def _uses(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(datetime, now) for `datetime.now`, `datetime.datetime.now` and `from datetime import now` alike."""
    match node:
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            yield owner, name
        case ast.ImportFrom(module=str(module), names=names):
            yield from ((module, alias.name) for alias in names)
        case ast.Import(names=names):
            yield from ((alias.name, "*") for alias in names)


def a_module_is_named_for_what_it_holds(tree: Tree) -> Iterator[str]:
    """A module called utils holds whatever nobody could name."""
    for path in tree:
        parts = PurePosixPath(path).with_suffix("").parts
        if path.endswith(".py") and any(EMPTY_NAMES.fullmatch(part) for part in parts):
            yield f"{path}: a name that says nothing"


def a_file_opens_with_its_docstring(tree: Tree) -> Iterator[str]:
    """The first lines say what the file owns and which invariant it keeps; an empty marker owns nothing."""
    for path, text in tree.items():
        if path.endswith(".py") and text.strip() and not ast.get_docstring(parsed(text)):
            yield f"{path}:1: no docstring"


def no_file_knows_a_registry_or_a_machine(tree: Tree) -> Iterator[str]:
    """An office without internet, or with its own mirror, runs the same files."""
    for path, text in tree.items():
        for number, line in enumerate(text.splitlines(), 1):
            if SOMEBODYS_MACHINE.search(line):
                yield f"{path}:{number}: names a package registry or a path of one machine"


def the_top_level_is_closed(tree: Tree) -> Iterator[str]:
    """A newcomer sees the whole shape in one listing."""
    for path in tree:
        if path.partition("/")[0] not in TOP_LEVEL:
            yield f"{path}: nothing else lives at the top level"


PLANTED: list[tuple[Rule, str, str]] = [
    (only_the_store_commits, "workflow/attic.py", "def f(c): c.commit()"),
    (only_the_store_commits, "notifications/attic.py", "def f(store): store.connection.commit()"),
    (a_use_case_names_its_actor_and_now, "workflow/actions/attic.py", "def f(tx, actor, now): ..."),
    (a_use_case_names_its_actor_and_now, "workflow/actions/attic.py", "def f(tx, *, actor=None, now): ..."),
    (http_stays_at_the_edge, "notifications/attic.py", "from fastapi import HTTPException"),
    (http_stays_at_the_edge, "workflow/attic.py", "import fastapi\nraise fastapi.HTTPException(404)"),
    (now_and_chance_enter_at_the_edge, "workflow/attic.py", "import datetime\ndatetime.datetime.now()"),
    (now_and_chance_enter_at_the_edge, "workflow/attic.py", "from datetime import date\ndate.today()"),
    (now_and_chance_enter_at_the_edge, "workflow/attic.py", "from time import time"),
    (now_and_chance_enter_at_the_edge, "notifications/attic.py", "import uuid\nuuid.uuid4()"),
    (now_and_chance_enter_at_the_edge, "notifications/attic.py", "import secrets"),
    (now_and_chance_enter_at_the_edge, "workflow/actions/attic.py", "from random import choice"),
    (a_module_is_named_for_what_it_holds, "workflow/utils.py", ""),
    (a_module_is_named_for_what_it_holds, "api/helpers/pages.py", ""),
    (a_module_is_named_for_what_it_holds, "notifications/mail_service.py", ""),
    (a_file_opens_with_its_docstring, "tests/attic.py", "import os\n'''Too late.'''"),
    (
        no_file_knows_a_registry_or_a_machine,
        "definitions/attic.yaml",
        "see https://" + ".".join(REGISTRIES[0]),
    ),
    (no_file_knows_a_registry_or_a_machine, "README.md", "cd /" + "root/shenpi"),
    (the_top_level_is_closed, "attic/notes.md", ""),
    (the_top_level_is_closed, "attic.cfg", ""),
]
RULES = list(dict.fromkeys(rule for rule, _, _ in PLANTED))


@pytest.fixture(scope="module")
def repository() -> Tree:
    """Every file that is in the repository or about to be, with its text."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout: nothing says which files are ours")
    paths = [path for path in done.stdout.split("\0") if path and (ROOT / path).is_file()]
    return {path: (ROOT / path).read_text(encoding="utf-8", errors="replace") for path in paths}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_rule_holds(rule: Rule, repository: Tree) -> None:
    findings = list(rule(repository))

    assert findings == []


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    PLANTED,
    ids=[f"{number}-{rule.__name__}" for number, (rule, _, _) in enumerate(PLANTED, 1)],
)
def test_a_planted_violation_is_found(rule: Rule, path: str, text: str, repository: Tree) -> None:
    findings = list(rule({**repository, path: text}))

    assert any(finding.startswith(f"{path}:") for finding in findings)


# ---------------------------------------------------------------- the import contracts

PLANTED_IMPORTS = {
    "packages": ("workflow/errors.py", "import notifications"),
    "engine": ("workflow/attic.py", '"""A module without a place."""'),
    "pure": ("workflow/definition.py", "import sqlite3"),
    "http": ("notifications/attic.py", "import fastapi"),
    "mail": ("workflow/actions/attic.py", "import smtplib"),
    "door-transitions": ("workflow/events.py", "import transitions"),
    "door-apscheduler": ("api/attic.py", "from apscheduler.schedulers import background"),
    "door-aiosmtplib": ("notifications/attic.py", "import aiosmtplib"),
    "door-yaml": ("api/attic.py", "import yaml"),
}
"""For each contract of pyproject.toml, one line that breaks it."""


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert program, "import-linter is not installed beside this Python"
    environment = {**os.environ, "COLUMNS": "200", "PYTHONUTF8": "1"}
    return subprocess.run(
        [program, "--no-logo", "--no-cache"],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_import_contracts_hold() -> None:
    done = lint_imports(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_import_contract_can_fail(tmp_path: Path) -> None:
    """In a copy with one forbidden import per contract, every contract is reported broken."""
    for package in PRODUCT:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, line in PLANTED_IMPORTS.values():
        with (tmp_path / path).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {each["id"]: each["name"] for each in settings["tool"]["importlinter"]["contracts"]}

    report = lint_imports(tmp_path).stdout

    assert contracts.keys() == PLANTED_IMPORTS.keys()
    assert [name for name in contracts.values() if f"{name} BROKEN" not in report] == []
    assert "- workflow.attic" in report
