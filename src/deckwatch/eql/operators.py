"""How strongly the operators bind: one table for reading and for writing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from deckwatch.eql.nodes import ArithmeticOperator, ComparisonOperator, MatchOperator


class Level(IntEnum):
    """Binding strength, weakest first."""

    OR = 1
    AND = 2
    NOT = 3
    COMPARISON = 4
    SUM = 5
    PRODUCT = 6
    SIGN = 7
    PREDICATE = 8
    PRIMARY = 9


COMPARISONS: Mapping[str, ComparisonOperator] = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

ARITHMETIC: Mapping[str, ArithmeticOperator] = {"+": "+", "-": "-", "*": "*", "/": "/", "%": "%"}

MATCHES: Mapping[str, MatchOperator] = {
    ":": ":",
    "like": "like",
    "like~": "like~",
    "regex": "regex",
    "regex~": "regex~",
}

MEMBERSHIPS = ("in", "in~")

INFIX: Mapping[str, Level] = {
    "or": Level.OR,
    "and": Level.AND,
    **dict.fromkeys(COMPARISONS, Level.COMPARISON),
    "+": Level.SUM,
    "-": Level.SUM,
    "*": Level.PRODUCT,
    "/": Level.PRODUCT,
    "%": Level.PRODUCT,
}
"""Infix operators. The postfix predicates (`in`, `:`, `like`, `regex`) bind to one primary and are not among them."""
