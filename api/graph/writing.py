"""How wide Chinese text is and where it may be broken: what a picture needs to know without a browser. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_TOKEN = re.compile(r"[（“]?(?:[!-~]+|[^（“])[）”，。；、]?", re.DOTALL)
"""What is never broken in two: a number or Latin word, and a character with the punctuation that hangs on it."""


def text_width(text: str, size: float) -> float:
    """How wide a text is: a Chinese character is as wide as high, a Latin one a little over half."""
    return sum(size * _width(character) for character in text)


def _width(character: str) -> float:
    if ord(character) > 0x2E7F or character in "·—…“”":
        return 1
    return 0.4 if character in " -.,:" else 0.56


@lru_cache(4096)
def wrap(text: str, size: float, width: float, most: int) -> tuple[str, ...]:
    """The text in at most `most` lines of that width; what does not fit is cut with …"""
    lines, line = [], ""
    for token in _tokens(text, size, width):
        if line and text_width(line + token, size) > width:
            lines.append(line)
            line = token.lstrip()
        else:
            line += token
    lines.append(line)
    if len(lines) <= most:
        return tuple(lines)
    kept = lines[most - 1]
    while text_width(kept + "…", size) > width:
        kept = kept[:-1]
    return (*lines[: most - 1], kept + "…")


def _tokens(text: str, size: float, width: float) -> Iterator[str]:
    """What the text may be broken between; a token wider than a line is broken anywhere."""
    for token in _TOKEN.findall(text):
        if text_width(token, size) > width:
            yield from token
        else:
            yield token
