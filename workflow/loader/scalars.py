"""What a single piece of text means, decided by what its field expects and never by how it looks.

Invariant: a reading is total: the value, or `Misread` with the code that says what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from workflow.clock import Limit, parse_limit
from workflow.loader.fields import (
    KEY,
    LIMIT,
    OFFSET,
    RENEWAL,
    Duration,
    Expression,
    Flag,
    Integer,
    NewKey,
    Offset,
    Reference,
    Renewal,
    Shape,
    Text,
    Word,
)
from workflow.loader.findings import hint
from workflow.loader.nodes import Node, Scalar
from workflow.loader.text import twisted

_INTEGER = re.compile(r"0|[1-9][0-9]{0,8}")


class Misread(Exception):
    """A node that is not what its field expects; whoever reads the field notes it and goes on."""

    def __init__(self, node: Node, code: str, **data: object) -> None:
        super().__init__(code)
        self.place = node.place
        self.code = code
        self.data = data


def read_scalar(shape: Shape, node: Scalar) -> Any:
    """The value of one scalar; Misread if it cannot be of that shape."""
    return _READINGS[type(shape)](shape, node)


def check_key(node: Scalar, pattern: str) -> str:
    """A name that an author chose; Misread if it may not be one."""
    _check_text(node)
    if not re.fullmatch(pattern, node.text):
        also = "和下划线" if pattern == KEY else "、下划线和连字符"
        raise Misread(node, "bad-key", key=node.text, also=also)
    return node.text


def _check_text(node: Scalar) -> None:
    meaning = twisted(node)
    if meaning is not None:
        raise Misread(node, "bare-word", text=node.text, meaning=meaning)


def _text(shape: Text, node: Scalar) -> str:
    _check_text(node)
    if len(node.text) > shape.longest:
        raise Misread(node, "too-long", longest=shape.longest)
    if not shape.lines and "\n" in node.text:
        raise Misread(node, "expected-line")
    return node.text.strip()


def _integer(shape: Integer, node: Scalar) -> int:
    if not node.plain or not _INTEGER.fullmatch(node.text) or int(node.text) < shape.least:
        raise Misread(node, "expected-integer", least=shape.least)
    return int(node.text)


def _flag(_shape: Flag, node: Scalar) -> bool:
    if not node.plain or node.text not in {"true", "false"}:
        raise Misread(node, "expected-flag")
    return node.text == "true"


def _word(shape: Word, node: Scalar) -> str:
    """A closed list leaves nothing to guess, so `no` needs no quotes here."""
    if node.text not in shape.options:
        raise Misread(node, shape.code, text=node.text, hint=hint(node.text, shape.options))
    return node.text


def _new_key(shape: NewKey, node: Scalar) -> str:
    return check_key(node, shape.pattern)


def _reference(_shape: Reference, node: Scalar) -> str:
    _check_text(node)
    return node.text


def _duration(_shape: Duration, node: Scalar) -> Limit:
    if not re.fullmatch(LIMIT, node.text):
        raise Misread(node, "expected-limit", text=node.text)
    return parse_limit(node.text)


def _renewal(_shape: Renewal, node: Scalar) -> Limit:
    if not re.fullmatch(RENEWAL, node.text):
        raise Misread(node, "expected-renewal", text=node.text)
    return parse_limit(node.text.removesuffix(" before"))


def _offset(_shape: Offset, node: Scalar) -> int:
    if not re.fullmatch(OFFSET, node.text):
        raise Misread(node, "expected-offset", text=node.text)
    return 0 if node.text == "due" else int(node.text.split()[0])


def _expression(_shape: Expression, node: Scalar) -> Scalar:
    """A condition stays as it stands: its types are known only when the whole file has been read."""
    if "\n" in node.text:
        raise Misread(node, "expected-condition")
    return node


_READINGS: dict[type[Shape], Callable[[Any, Scalar], Any]] = {
    Text: _text,
    Integer: _integer,
    Flag: _flag,
    Word: _word,
    NewKey: _new_key,
    Reference: _reference,
    Duration: _duration,
    Renewal: _renewal,
    Offset: _offset,
    Expression: _expression,
}
