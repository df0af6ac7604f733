"""Passwords as they are kept: whole, whatever they are made of, and never with less than today's work."""

from __future__ import annotations

import asyncio
import unicodedata

import pytest
from argon2 import PasswordHasher, extract_parameters

from api.passwords import AT_ONCE, hash_password, matches, needs_rehash, weaknesses


def match(password: str, kept: str) -> bool:
    return asyncio.run(matches(password, kept, asyncio.Semaphore(AT_ONCE)))


@pytest.mark.parametrize("base", ["a bridge over the river, ", "江上有一座桥，", "🌉"])
def test_no_end_is_cut_off(base: str) -> None:
    """Other schemes look at 72 bytes only."""
    long = (base * 40)[:150]
    kept = hash_password(f"{long}1")

    assert match(f"{long}1", kept)
    assert not match(f"{long}2", kept)
    assert not match(long, kept)


def test_the_same_characters_from_another_keyboard_are_the_same_password() -> None:
    composed, apart = (unicodedata.normalize(form, "señor müller ångström") for form in ("NFC", "NFD"))

    assert composed != apart
    assert match(apart, hash_password(composed))
    assert match(composed, hash_password(apart))


@pytest.mark.parametrize(
    "password", ["\ud800 half a pair of surrogates", "a NUL \0 in the middle", " around "]
)
def test_what_no_keyboard_types_does_no_harm(password: str) -> None:
    assert match(password, hash_password(password))
    assert not match(password + "x", hash_password(password))


def test_a_password_may_be_a_whole_sentence() -> None:
    assert weaknesses("x" * 5 + "".join(map(chr, range(0x4E00, 0x4E00 + 195)))) == []


def test_each_costs_what_it_has_to() -> None:
    cost = extract_parameters(hash_password("kan-jian-yi-zuo-qiao"))

    assert (cost.type.name, cost.memory_cost >= 19 * 1024, cost.time_cost >= 2) == ("ID", True, True)
    assert AT_ONCE <= 4


def test_what_was_kept_with_less_work_is_known() -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("kan-jian-yi-zuo-qiao")

    assert needs_rehash(weaker)
    assert not needs_rehash(hash_password("kan-jian-yi-zuo-qiao"))
