"""Conditions in lowered form: names resolved, types checked, constants folded. See `nodes` for what that form is."""

from __future__ import annotations

from deckwatch.eql import predicates
from deckwatch.eql.calls import call
from deckwatch.eql.folding import boolean, conjunction, disjunction, fold, negate
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
    children,
)
from deckwatch.eql.scope import NUMERIC, TYPE_NAMES, Scope, Typed, constant


def lower_condition(expr: Expr, scope: Scope) -> Expr:
    """A whole condition. One that is null or false whatever the event is becomes the literal false."""
    match _term(expr, "a condition", scope):
        case Literal(value=None):
            return Literal(value=False, span=expr.span)
        case lowered:
            return lowered


def lower(expr: Expr, scope: Scope) -> Typed:
    """Any expression with its type, which is unknown when anything in it is wrong; that is noted in the scope."""
    faults = len(scope.faults)
    lowered = _lowered(expr, scope)
    return lowered if len(scope.faults) == faults else Typed(expr, "unknown")


def _lowered(expr: Expr, scope: Scope) -> Typed:
    match expr:
        case Literal(value=value):
            return constant(value, expr.span)
        case Field():
            return scope.field(expr)
        case Sign() | Arithmetic():
            return _numeric(expr, scope)
        case Not() | And() | Or():
            return boolean(_logic(expr, scope))
        case Comparison(left=left, right=right):
            return predicates.comparison(expr, lower(left, scope), lower(right, scope), scope)
        case Membership(operand=operand, members=members):
            lowered = [lower(member, scope) for member in members]
            return predicates.membership(expr, lower(operand, scope), lowered, scope)
        case Match(operand=operand):
            return predicates.match(expr, lower(operand, scope), scope)
        case Call(arguments=arguments):
            return call(expr, [lower(argument, scope) for argument in arguments], scope)
        case IsNull() | InRange():
            return Typed(expr, "boolean")


def _logic(expr: Not | And | Or, scope: Scope) -> Expr:
    match expr:
        case Not(operand=operand):
            return negate(_term(operand, "what follows `not`", scope), expr.span)
        case And(terms=terms):
            return conjunction([_term(term, "each side of `and`", scope) for term in terms], expr.span)
        case Or(terms=terms):
            return disjunction([_term(term, "each side of `or`", scope) for term in terms], expr.span)


def _term(expr: Expr, what: str, scope: Scope) -> Expr:
    """A part of a condition; a boolean field on its own is compared with true."""
    lowered = lower(expr, scope)
    if lowered.type not in {"boolean", "null", "unknown"}:
        message = f"{what} must be true or false, but {scope.excerpt(expr)} is {TYPE_NAMES[lowered.type]}"
        scope.fault(message, expr.span)
    if isinstance(lowered.expr, Field):
        return Comparison("==", lowered.expr, Literal(value=True, span=expr.span), span=expr.span)
    return lowered.expr


def _numeric(node: Sign | Arithmetic, scope: Scope) -> Typed:
    sides = [lower(side, scope) for side in children(node)]
    numeric = [_is_numeric(side, expr, node.operator, scope) for side, expr in zip(sides, children(node), strict=True)]
    types = {side.type for side in sides}
    if not all(numeric):
        return Typed(node, "unknown")
    if "null" in types:
        return constant(None, node.span)
    if isinstance(node, Arithmetic):
        lowered: Expr = Arithmetic(node.operator, sides[0].expr, sides[1].expr, span=node.span)
    elif node.operator == "-":
        lowered = Sign("-", sides[0].expr, span=node.span)
    else:
        return sides[0]
    return fold(lowered, "double" if "double" in types else "long", scope)


def _is_numeric(operand: Typed, written: Expr, operator: str, scope: Scope) -> bool:
    if operand.type in NUMERIC or operand.type == "null":
        return True
    if operand.type != "unknown":
        message = f"`{operator}` takes numbers, but {scope.excerpt(written)} is {TYPE_NAMES[operand.type]}"
        scope.fault(message, written.span)
    return False
