"""The only way in for definition files: text in, a proved `Definition` or every finding out.

Invariant: a definition comes out only if the file has no error, and then its digest is the SHA-256 of
exactly that text.
"""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

from workflow.definition import Definition
from workflow.loader.builder import DEFAULT_FILE, DEFAULT_LADDER, DEFAULT_OUTSIDE_LADDER, build
from workflow.loader.findings import FINDINGS, WARNINGS, Finding, Findings
from workflow.loader.reader import Reader
from workflow.loader.soundness import prove
from workflow.loader.text import compose, decode

__all__ = [
    "DEFAULT_FILE",
    "DEFAULT_LADDER",
    "DEFAULT_OUTSIDE_LADDER",
    "FINDINGS",
    "WARNINGS",
    "Finding",
    "Loaded",
    "load",
]


class Loaded(Struct, frozen=True):
    """What came of one file: a definition if there was no error, and all findings in file order."""

    definition: Definition | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop a definition; the others are warnings."""
        return tuple(each for each in self.findings if each.severity == "error")


def load(content: str | bytes, name: str) -> Loaded:
    """The definition in `content`, or every finding at once; `name` is the file's name in findings.

    Never raises for anything that the content may hold.
    """
    findings = Findings(name)
    definition = _definition(content, findings)
    found = Loaded(definition, findings.sorted())
    return Loaded(None, found.findings) if found.errors else found


def _definition(content: str | bytes, findings: Findings) -> Definition | None:
    text = decode(content, findings)
    root = None if text is None else compose(text, findings)
    if text is None or root is None:
        return None
    reader = Reader(findings)
    values = reader.definition(root)
    draft = build(values, reader, sha256(text.encode()).hexdigest())
    prove(draft, findings)
    return draft.definition
