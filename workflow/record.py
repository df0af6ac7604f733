"""The record: how an event is spelled and chained, and how the chain is proved.

Invariant: the hash of an event covers its project, number, instant, actor and particulars and the hash
before it, so that any edit, removal or reordering shows; a rewrite of everything shows against any
head that was kept outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from msgspec import Struct

START = "0" * 64
"""What stands before the first event of every chain."""

_FILE = re.compile(r'"sha256":"([0-9a-f]{64})"')


@lru_cache(maxsize=1024)  # one move spells the same few instants again and again
def stamp(instant: datetime) -> str:
    """The one spelling of an instant: UTC, microseconds, ends in Z. ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The instant that `stamp` spelled."""
    return datetime.fromisoformat(text)


def chain(head: str, project: int, seq: int, at: str, actor: int, data: str) -> str:
    """The hash of one event, given the head before it."""
    return sha256(f"{head}\n{project}\n{seq}\n{at}\n{actor}\n{data}".encode()).hexdigest()


def root_of(heads: Iterable[Sequence[Any]]) -> str:
    """One hash over all heads, given as (project, head) in the order of their projects."""
    digest = sha256()
    for project, head in heads:
        digest.update(f"{project}:{head}\n".encode())
    return digest.hexdigest()


def seal_hash(before: str, at: str, upto: int, chains: int, root: str) -> str:
    """The hash of a seal, given the one before it."""
    return sha256(f"{before}\n{at}\n{upto}\n{chains}\n{root}".encode()).hexdigest()


def files_in(data: str) -> list[str]:
    """The hashes of all files that an event names, wherever in it: an upload, a reply, a scan.

    Nothing that somebody typed looks like one: a quotation mark within a text is spelled with a backslash.
    """
    return _FILE.findall(data)


class Link(Struct, frozen=True):
    """One event as it is stored."""

    project: int
    seq: int
    at: str
    actor: int
    data: str
    hash: str


class Broken(Struct, frozen=True):
    """The first entry that does not hold, and why; number 0 if it is about no single entry.

    `title` names its project to whoever reads it.
    """

    project: int
    seq: int
    why: str
    title: str = ""

    def __str__(self) -> str:
        if not self.seq:
            return self.why
        where = (f"“{self.title}”" if self.title else f"项目 {self.project}") if self.project else "管理事项"
        return f"{where}第{self.seq}条：{self.why}"


def verify_chain(project: int, links: Iterable[Link], head: str, seq: int) -> Broken | None:
    """Re-derive one project's chain and compare it with the stored head; None if all holds. Constant memory."""
    before, number = START, 0
    for link in links:
        number += 1
        if link.seq != number:
            return Broken(project, number, f"缺失或乱序（读到第{link.seq}条）")
        if chain(before, link.project, link.seq, link.at, link.actor, link.data) != link.hash:
            return Broken(project, link.seq, "内容与校验码不符")
        before = link.hash
    if number != seq:
        return Broken(project, number + 1, f"应有{seq}条，实有{number}条")
    if number and before != head:
        return Broken(project, number, "末条的校验码与项目所记的不符")
    return None
