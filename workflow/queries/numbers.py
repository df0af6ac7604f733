"""Numbers that come from outside: of a person, a unit or a row, in an address, a form or a position."""

from __future__ import annotations


def number_of(text: str) -> int | None:
    """The whole number that the text spells in plain digits; None if it spells none, or none that a database holds."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
