"""Conditions (`when:`): a small typed language over facts, read with Python's grammar, never run as Python.

Invariant: a `Condition` exists only if every name is declared and every operator fits its operands;
evaluating one always ends, and answers True, False or `Unknown` with the names that are missing.
"""

from workflow.conditions.evaluation import Unknown, evaluate
from workflow.conditions.parser import RESERVED, ConditionError, parse
from workflow.conditions.tree import Condition, Readable, Value, asks_first, names
from workflow.conditions.words import explain

__all__ = [
    "RESERVED",
    "Condition",
    "ConditionError",
    "Readable",
    "Unknown",
    "Value",
    "asks_first",
    "evaluate",
    "explain",
    "names",
    "parse",
]
