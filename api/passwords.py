"""Passwords: Argon2id, a few at a time so that a flood of bad ones starves nobody, and what is too weak.

Invariant: checking a password of nobody costs the same as checking one of somebody.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from workflow.errors import Reason, reason, says

says(
    {
        "password-too-short": ("密码不足12位。", "请设置12位以上的密码，可用一句话。"),
        "password-too-long": ("密码超过200位。", "请缩短。"),
        "password-too-common": ("密码过于常见或过于简单。", "请换一句不易猜到的话。"),
        "password-contains-name": ("密码中含有姓名、工号或单位名称。", "请换一句与本人、本单位无关的话。"),
    }
)

SHORTEST, LONGEST = 12, 200
AT_ONCE = 2
"""How many are checked at the same time: each takes 19 MiB and some 20 ms of one core."""

COMMON = (
    "password",
    "123456",
    "qwerty",
    "abcdef",
    "admin",
    "letmein",
    "iloveyou",
    "111111",
    "888888",
    "woaini",
)

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """The hash to keep. Takes some 20 ms."""
    return _HASHER.hash(_normal(password))


async def matches(password: str, kept: str, gate: asyncio.Semaphore) -> bool:
    """Whether the password is the kept one; an empty `kept` (no such person) costs the same and is False.

    `gate` lets AT_ONCE of them through at a time.
    """
    async with gate:
        return await asyncio.to_thread(_matches, password, kept)


def needs_rehash(kept: str) -> bool:
    """Whether the kept hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(kept)


def weaknesses(password: str, *words: str) -> list[Reason]:
    """Every reason not to take this password; `words` are names that must not be part of it."""
    password = _normal(password)
    lower = password.lower()
    found = []
    if len(password) < SHORTEST:
        found.append("password-too-short")
    if len(password) > LONGEST:
        found.append("password-too-long")
    rest = lower
    for common in COMMON:
        rest = rest.replace(common, "")
    if len(set(password)) < 5 or len(rest) < SHORTEST // 2:
        found.append("password-too-common")
    if any(len(word) > 1 and word.lower() in lower for word in words):
        found.append("password-contains-name")
    return [reason(code, "password") for code in found]


def _matches(password: str, kept: str) -> bool:
    try:
        _HASHER.verify(kept or _nobodys_hash(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex())


def _normal(password: str) -> str:
    """The same characters typed on another keyboard are the same password."""
    return unicodedata.normalize("NFC", password.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
