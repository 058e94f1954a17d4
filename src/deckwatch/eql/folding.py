"""Constant folding: what of a condition is decided before any event is seen."""

from __future__ import annotations

from collections.abc import Iterable

from deckwatch.eql.nodes import And, Expr, Literal, Not, Or, Scalar, Span
from deckwatch.eql.operations import apply, operands
from deckwatch.eql.scalars import EvaluationError
from deckwatch.eql.scope import Scope, Type, Typed, constant


def fold(expr: Expr, result: Type, scope: Scope) -> Typed:
    """The lowered expression, or its value when all its operands are constants; a fault when it has none."""
    constants = [each.value for each in operands(expr) if isinstance(each, Literal)]
    if len(constants) < len(operands(expr)):
        return Typed(expr, result)
    try:
        return constant(apply(expr, constants), expr.span)
    except EvaluationError as error:
        scope.fault(f"{scope.excerpt(expr)} has no value: {error}", expr.span)
        return Typed(expr, "unknown")


def boolean(expr: Expr) -> Typed:
    """The type of a lowered condition: null when it is the constant null."""
    return Typed(expr, "null" if isinstance(expr, Literal) and expr.value is None else "boolean")


def negate(expr: Expr, span: Span) -> Expr:
    """The complement."""
    match expr:
        case Literal(value=None):
            return expr
        case Literal(value=value):
            return Literal(not value, span=span)
        case Not(operand=operand):
            return operand
        case _:
            return Not(expr, span=span)


def conjunction(terms: Iterable[Expr], span: Span) -> Expr:
    """`and`: a constant false decides, then a constant null; constant trues drop out."""
    values, rest = _sorted_out(And, terms)
    if False in values or None in values:
        return Literal(False if False in values else None, span=span)
    return _joined(And, rest, span) or Literal(value=True, span=span)


def disjunction(terms: Iterable[Expr], span: Span) -> Expr:
    """`or`: a constant true decides; constant falses and nulls drop out, unless nothing else is there."""
    values, rest = _sorted_out(Or, terms)
    if True in values:
        return Literal(value=True, span=span)
    return _joined(Or, rest, span) or Literal(None if None in values else False, span=span)


def _sorted_out(junction: type[And | Or], terms: Iterable[Expr]) -> tuple[set[Scalar], list[Expr]]:
    """The values of the constant terms, and the other terms, those of nested junctions of the same sort among them."""
    values: set[Scalar] = set()
    rest: list[Expr] = []
    for term in terms:
        match term:
            case Literal(value=value):
                values.add(value)
            case And(terms=inner) | Or(terms=inner) if isinstance(term, junction):
                rest.extend(inner)
            case _:
                rest.append(term)
    return values, rest


def _joined(junction: type[And | Or], terms: list[Expr], span: Span) -> Expr | None:
    match terms:
        case []:
            return None
        case [only]:
            return only
        case _:
            return junction(tuple(terms), span=span)
