"""What a condition answers about given facts, in Kleene's three-valued logic. Total and exact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Context, Decimal
from typing import NoReturn

from msgspec import Struct

from workflow.conditions.tree import (
    All,
    Any,
    Arithmetic,
    Comparison,
    Condition,
    Literal,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Sort,
    Value,
)

_EXACT = Context(prec=2000)
"""Wide enough for any product that the limits allow, so that money is never rounded on the way."""

_PYTHON_TYPES: dict[Sort, tuple[type, ...]] = {
    Sort.NUMBER: (int, Decimal),
    Sort.TEXT: (str,),
    Sort.DATE: (date,),
    Sort.TRUTH: (bool,),
}


class Unknown(Struct, frozen=True):
    """The answer rests on facts that nobody has supplied yet. It is neither true nor false."""

    names: frozenset[str]

    def __bool__(self) -> NoReturn:
        raise TypeError("an unknown condition is neither true nor false; ask for it by isinstance")


def evaluate(condition: Condition, values: Mapping[str, Value | None]) -> bool | Unknown:
    """Whether the condition holds; `Unknown` names what is missing unless the answer is decided anyway.

    A name that is absent or None is unknown. Logic is Kleene's: False and unknown is False, True or
    unknown is True. TypeError if a value is not of the declared kind (facts are checked when stored).
    """
    answer = _value(condition.tree, values)
    return answer if isinstance(answer, Unknown) else bool(answer)


def _value(node: Node, values: Mapping[str, Value | None]) -> Value | Unknown:
    match node:
        case Literal(value=value):
            return value
        case Name():
            return _read(node, values)
        case All(parts=parts):
            return _junction(parts, values, decisive=False)
        case Any(parts=parts):
            return _junction(parts, values, decisive=True)
        case Comparison(left=left, right=right) | Arithmetic(left=left, right=right):
            return _binary(node.operator, _value(left, values), _value(right, values))
        case Not(operand=inner) | Negative(operand=inner) | Membership(item=inner):
            found = _value(inner, values)
            return found if isinstance(found, Unknown) else _unary(node, found)


def _read(name: Name, values: Mapping[str, Value | None]) -> Value | Unknown:
    value = values.get(name.name)
    if value is None:
        return Unknown(frozenset({name.name}))
    if type(value) not in _PYTHON_TYPES[name.sort]:
        raise TypeError(
            f"{name.name} is declared as {name.sort.name.lower()}, but holds {type(value).__name__}"
        )
    return value


def _junction(
    parts: tuple[Node, ...], values: Mapping[str, Value | None], *, decisive: bool
) -> bool | Unknown:
    """`and` (decided by one False) or `or` (decided by one True), in Kleene's logic."""
    missing: frozenset[str] = frozenset()
    for part in parts:
        answer = _value(part, values)
        if isinstance(answer, Unknown):
            missing |= answer.names
        elif answer is decisive:
            return decisive
    return Unknown(missing) if missing else not decisive


def _unary(node: Not | Negative | Membership, found: Value) -> Value:
    match node:
        case Not():
            return not found
        case Membership(options=options, negated=negated):
            return (found in options) is not negated
    return _EXACT.minus(_decimal(found))


def _binary(operator: str, left: Value | Unknown, right: Value | Unknown) -> Value | Unknown:
    if isinstance(left, Unknown):
        return Unknown(left.names | right.names) if isinstance(right, Unknown) else left
    return right if isinstance(right, Unknown) else _computed(operator, left, right)


def _computed(operator: str, left: Value, right: Value) -> Value:
    match operator:
        case "+":
            return _EXACT.add(_decimal(left), _decimal(right))
        case "-":
            return _EXACT.subtract(_decimal(left), _decimal(right))
        case "*":
            return _EXACT.multiply(_decimal(left), _decimal(right))
        case "==":
            return left == right
        case "!=":
            return left != right
    return _ordered(operator, left, right)


def _ordered(operator: str, left: Value, right: Value) -> bool:
    """Order of two numbers or two dates; `parse` has seen to it that they are of one sort."""
    less: bool = left < right  # type: ignore[operator]
    match operator:
        case "<":
            return less
        case "<=":
            return less or left == right
        case ">":
            return not less and left != right
    return not less


def _decimal(value: Value) -> Decimal:
    return Decimal(value)  # type: ignore[arg-type]  # the parser admits only numbers here
