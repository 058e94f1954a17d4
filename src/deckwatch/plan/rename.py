"""Occurrences of fields told apart."""

from __future__ import annotations

from collections.abc import Iterator
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
    return _numbered(test, count())


def _numbered(node: Expr, numbers: Iterator[int]) -> Expr:
    match node:
        case Literal():
            return node
        case Field():
            return replace(node, name=str(next(numbers)))
        case Sign() | Not() | IsNull() | InRange() | Match():
            return replace(node, operand=_numbered(node.operand, numbers))
        case Arithmetic() | Comparison():
            left = _numbered(node.left, numbers)
            return replace(node, left=left, right=_numbered(node.right, numbers))
        case Membership():
            return replace(node, operand=_numbered(node.operand, numbers))
        case Call():
            return replace(node, arguments=tuple(_numbered(each, numbers) for each in node.arguments))
        case And() | Or():
            return replace(node, terms=tuple(_numbered(each, numbers) for each in node.terms))
