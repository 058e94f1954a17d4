"""One step of evaluation: the value of a lowered expression, given the values of its operands.

Inside an expression logic has three values (null is unknown); the two-valued rules of conditions are `evaluate`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    Scalar,
    Sign,
    children,
)
from deckwatch.eql.patterns import compile_lucene, wildcard_matches
from deckwatch.eql.scalars import arithmetic, ascii_lower, call, compare, negative


def operands(expr: Expr) -> tuple[Expr, ...]:
    """The parts of a lowered expression whose values `apply` takes; members and patterns are not among them."""
    match expr:
        case Comparison(left=operand) | Membership(operand=operand) | Match(operand=operand):
            return (operand,)
        case _:
            return children(expr)


def apply(expr: Expr, values: Sequence[Scalar]) -> Scalar:
    """The value of an expression whose `operands` have these values.

    Raises:
        EvaluationError: it has none.
    """
    match expr:
        case Literal() | Field():
            raise TypeError("it has no operands")
        case Sign(operator=operator):
            return negative(values[0]) if operator == "-" else values[0]
        case Arithmetic(operator=operation):
            return arithmetic(operation, *values)
        case Comparison(operator=comparison, right=right):
            return compare(comparison, values[0], _constant(right))
        case Call(name=name, insensitive=insensitive):
            return call(name, values, insensitive=insensitive)
        case IsNull():
            return values[0] is None
        case Not() | And() | Or():
            return _logic(expr, values)
        case Membership() | Match() | InRange():
            return None if values[0] is None else _holds(expr, values[0])


def _logic(expr: Not | And | Or, values: Sequence[Scalar]) -> Scalar:
    match expr:
        case Not():
            return None if values[0] is None else not values[0]
        case And():
            return conjunction(values)
        case Or():
            return disjunction(values)


def conjunction(values: Iterable[Scalar]) -> bool | None:
    """False if any value is, else null if any is, else true."""
    found = set(values)
    return False if False in found else None if None in found else True


def disjunction(values: Iterable[Scalar]) -> bool | None:
    """True if any value is, else null if any is, else false."""
    found = set(values)
    return True if True in found else None if None in found else False


def _holds(expr: Membership | Match | InRange, value: Scalar) -> bool:
    match expr:
        case InRange(low=low, high=high):
            return isinstance(value, int) and (low is None or low <= value) and (high is None or value <= high)
        case Membership(members=members, insensitive=False):
            return any(compare("==", value, _constant(member)) for member in members)
        case Membership(members=members):
            return isinstance(value, str) and any(_alike(value, _constant(member)) for member in members)
        case Match(operator=operator, patterns=patterns):
            return isinstance(value, str) and any(_fits(value, operator, str(each.value)) for each in patterns)


def _alike(left: str, right: Scalar) -> bool:
    return isinstance(right, str) and ascii_lower(left) == ascii_lower(right)


def _fits(text: str, operator: str, pattern: str) -> bool:
    insensitive = operator not in {"like", "regex"}
    if operator in {"regex", "regex~"}:
        return compile_lucene(pattern, insensitive).matches(text)
    return wildcard_matches(pattern, text, insensitive)


def _constant(expr: Expr) -> Scalar:
    if not isinstance(expr, Literal):
        raise TypeError(f"not lowered: {expr}")
    return expr.value
