"""The chain: one spelling of an instant, and every edit, removal and reordering shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from workflow.record import START, Broken, Link, chain, instant, stamp, verify_chain

TEXTS = st.text(max_size=20)


def linked(texts: list[str]) -> list[Link]:
    """A good chain of these particulars in project 7."""
    links, head = [], START
    for number, data in enumerate(texts, 1):
        head = chain(head, 7, number, "2026-09-01T02:00:00.000000Z", 3, data)
        links.append(Link(7, number, "2026-09-01T02:00:00.000000Z", 3, data, head))
    return links


def head_of(links: list[Link]) -> str:
    """The head that is stored beside a chain."""
    return links[-1].hash if links else START


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])))
def test_an_instant_has_one_spelling_and_comes_back(when: datetime) -> None:
    """Whatever zone it was given in, it is spelled in UTC to the microsecond; spelled order is the order of time."""
    try:
        spelled = stamp(when)
    except OverflowError:
        return
    assert len(spelled) == len("2026-09-01T02:00:00.000000Z")
    assert spelled.endswith("Z")
    assert instant(spelled) == when
    later = when + timedelta(microseconds=1) if when.year < 9999 else when
    assert stamp(later) >= spelled


def test_a_naive_instant_is_an_error() -> None:
    """A time without its zone is a guess."""
    with pytest.raises(ValueError, match="zone"):
        stamp(datetime(2026, 9, 1, 10))  # noqa: DTZ001 - the very mistake


@given(st.lists(TEXTS, max_size=8))
def test_a_good_chain_verifies(texts: list[str]) -> None:
    """An untouched chain holds against its own head."""
    links = linked(texts)
    assert verify_chain(7, links, head_of(links), len(links)) is None


@given(st.lists(TEXTS, min_size=1, max_size=8), st.data())
def test_every_single_change_is_found(texts: list[str], data: st.DataObject) -> None:
    """Edit, removal, repetition, swap, truncation: each names the first entry that does not hold."""
    links = linked(texts)
    place = data.draw(st.integers(0, len(links) - 1), label="place")
    how = data.draw(st.sampled_from(["data", "actor", "at", "hash", "remove", "repeat", "head"]), label="how")
    changed, head, seq = list(links), head_of(links), len(links)
    match how:
        case "data":
            changed[place] = replace(links[place], data=links[place].data + "!")
        case "actor":
            changed[place] = replace(links[place], actor=4)
        case "at":
            changed[place] = replace(links[place], at="2026-09-01T02:00:00.000001Z")
        case "hash":
            changed[place] = replace(links[place], hash="0" * 64)
        case "remove":
            del changed[place]
        case "repeat":
            changed.insert(place, links[place])
        case "head":
            head = "f" * 64
    broken = verify_chain(7, changed, head, seq)

    assert broken is not None
    assert place <= broken.seq <= seq + 1


def test_a_rewritten_tail_differs_from_the_stored_head() -> None:
    """Who edits and re-hashes the rest of a chain is found by its head."""
    links = linked(["a", "b", "c"])
    forged = [*links[:1], *linked(["a", "x", "c"])[1:]]

    assert verify_chain(7, forged, head_of(links), 3) == Broken(7, 3, "末条的校验码与项目所记的不符")


def test_a_broken_entry_is_named_in_words() -> None:
    """The auditor reads where and why."""
    assert str(Broken(7, 3, "内容与校验码不符")) == "项目 7第3条：内容与校验码不符"
    assert str(Broken(7, 3, "内容与校验码不符", "大院")) == "“大院”第3条：内容与校验码不符"
    assert str(Broken(0, 1, "缺失")) == "管理事项第1条：缺失"
    assert str(Broken(0, 0, "第2个封签与其内容不符")) == "第2个封签与其内容不符"
    assert verify_chain(7, [], START, 2) == Broken(7, 1, "应有2条，实有0条")
