"""Expressions on other fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from deckwatch.eql.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Expr,
    Field,
    InRange,
    IsNull,
    Literal,
    Match,
    Membership,
    Not,
    Or,
    Sign,
)


def numbered(test: Expr) -> Expr:
    """The test with every occurrence of a field named 0, 1, … in source order."""
    numbers = count()
    return renamed(test, lambda _: str(next(numbers)))


def renamed(node: Expr, to: Callable[[str], str]) -> Expr:
    """The expression with the names of its fields, taken in source order, changed."""
    match node:
        case Literal():
            return node
        case Field():
            return replace(node, name=to(node.name))
        case Sign() | Not() | IsNull() | InRange() | Match():
            return replace(node, operand=renamed(node.operand, to))
        case Arithmetic() | Comparison():
            left = renamed(node.left, to)
            return replace(node, left=left, right=renamed(node.right, to))
        case Membership():
            return replace(node, operand=renamed(node.operand, to))
        case Call():
            return replace(node, arguments=tuple(renamed(each, to) for each in node.arguments))
        case And() | Or():
            return replace(node, terms=tuple(renamed(each, to) for each in node.terms))
