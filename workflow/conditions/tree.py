"""What a checked condition is made of. Only `parser` builds trees; nothing here reads text or facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

Value = Decimal | int | date | bool | str
"""What a fact may hold: Decimal for money and decimals, int, date, bool, or text."""


class Readable(Protocol):
    """What a condition must know of a name: `workflow.definition.FactType` is the one that exists."""

    @property
    def title(self) -> str:
        """The Chinese words that people see."""

    @property
    def kind(self) -> str:
        """One of text, integer, decimal, money, date, bool, choice."""

    @property
    def unit(self) -> str:
        """The unit of a number, or nothing."""

    @property
    def options(self) -> tuple[str, ...]:
        """What a choice may be."""


class Sort(StrEnum):
    """What the operators distinguish: money, decimals and integers are all numbers."""

    NUMBER = "数值"
    TEXT = "文字"
    DATE = "日期"
    TRUTH = "是否"


class Literal(Struct, frozen=True):
    """A value written into the condition."""

    value: Value


class Name(Struct, frozen=True):
    """A fact, or a field of a reply as `document.field`."""

    name: str
    sort: Sort


class Negative(Struct, frozen=True):
    """`-x`."""

    operand: Node


class Arithmetic(Struct, frozen=True):
    """`x + y`, `x - y` or `x * y`."""

    operator: str
    left: Node
    right: Node


class Comparison(Struct, frozen=True):
    """`x < y` and its kin; a chain is an `All` of comparisons."""

    operator: str
    left: Node
    right: Node


class Membership(Struct, frozen=True):
    """`x in ("a", "b")`, or `not in`."""

    item: Node
    options: tuple[Value, ...]
    negated: bool


class Not(Struct, frozen=True):
    """`not x`."""

    operand: Node


class All(Struct, frozen=True):
    """`x and y and …`."""

    parts: tuple[Node, ...]


class Any(Struct, frozen=True):
    """`x or y or …`."""

    parts: tuple[Node, ...]


Node = Literal | Name | Negative | Arithmetic | Comparison | Membership | Not | All | Any


class Condition(Struct, frozen=True, dict=True):
    """A checked condition. It equals, hashes and serialises as its text; only `parse` makes one."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[object, ...]:
        return checked, (self.text, self.tree)

    @property
    def tree(self) -> Node:
        """The checked tree; AttributeError for a condition that did not come from `parse`."""
        try:
            tree: Node = self.__dict__["tree"]
        except KeyError:
            raise AttributeError(
                "a condition comes from conditions.parse, never from its text alone"
            ) from None
        return tree


def checked(text: str, tree: Node) -> Condition:
    """The condition of that text and its tree; for `parser` alone, which has checked them."""
    condition = Condition(text)
    condition.__dict__["tree"] = tree
    return condition


def sort_of(node: Node) -> Sort:
    """What sort of value the node yields."""
    match node:
        case Name(sort=sort):
            return sort
        case Literal(value=bool()):
            return Sort.TRUTH
        case Literal(value=str()):
            return Sort.TEXT
        case Literal(value=date()):
            return Sort.DATE
        case Literal() | Negative() | Arithmetic():
            return Sort.NUMBER
    return Sort.TRUTH


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    match node:
        case All(parts=parts) | Any(parts=parts):
            for part in parts:
                yield from walk(part)
        case Not(operand=inner) | Negative(operand=inner) | Membership(item=inner):
            yield from walk(inner)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            yield from walk(left)
            yield from walk(right)


def asks_first(condition: Condition, first: Condition) -> bool:
    """Whether the condition is false wherever `first` is, and says so by itself: all that `first` asks it asks too."""

    def parts(node: Node) -> tuple[Node, ...]:
        return node.parts if isinstance(node, All) else (node,)

    asked = parts(condition.tree)
    return all(each in asked for each in parts(first.tree))


def names(condition: Condition) -> frozenset[str]:
    """Every fact and field that the condition reads."""
    return frozenset(each.name for each in walk(condition.tree) if isinstance(each, Name))
