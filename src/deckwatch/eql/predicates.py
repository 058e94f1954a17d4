"""Comparisons, `in` and patterns in lowered form, once their operands are lowered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deckwatch.eql.conversion import convert, date_interval
from deckwatch.eql.folding import boolean, disjunction, fold, negate
from deckwatch.eql.nodes import (
    Call,
    Comparison,
    ComparisonOperator,
    Expr,
    Field,
    InRange,
    IsNull,
    Literal,
    Match,
    Membership,
    Span,
    fields,
)
from deckwatch.eql.operations import disjunction as any_true
from deckwatch.eql.patterns import PatternError, compile_lucene
from deckwatch.eql.scalars import compare
from deckwatch.eql.scope import NUMERIC, TYPE_NAMES, Scope, Typed

MIRRORED: Mapping[ComparisonOperator, ComparisonOperator] = {
    "==": "==",
    "!=": "!=",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

REGEX_METACHARACTERS = frozenset('.?+*|{}[]()"\\#@&<>~')
WILDCARDS = frozenset("*?")

FIELDS_HINT = "relate fields by a function: `subtract(a, b) == 0`, `startsWith(a, b)`, `stringContains(a, b)`"


def ordinal(position: int) -> str:
    """The word for a position counted from 0."""
    return ORDINALS[position] if position < len(ORDINALS) else f"{position + 1}th"


def comparison(node: Comparison, left: Typed, right: Typed, scope: Scope) -> Typed:
    """A comparison with its constant on the right."""
    operator = node.operator
    if "unknown" in {left.type, right.type}:
        return Typed(node, "unknown")
    if left.is_constant and not right.is_constant:
        left, right, operator = right, left, MIRRORED[operator]
    if not isinstance(right.expr, Literal):
        message = f"comparisons against fields are not supported: {scope.excerpt(next(fields(right.expr)))}"
        scope.fault(message, right.expr.span, FIELDS_HINT)
        return Typed(node, "unknown")
    if operator == "!=":
        return boolean(negate(_compared("==", left, right.expr, node.span, scope), node.span))
    return boolean(_compared(operator, left, right.expr, node.span, scope))


def _compared(operator: ComparisonOperator, left: Typed, right: Literal, span: Span, scope: Scope) -> Expr:
    value = right.value
    if value is None:
        return fold(IsNull(left.expr, span=span), "boolean", scope).expr if operator == "==" else right
    if isinstance(left.expr, Literal):
        known = compare(operator, left.expr.value, value)
        unequal = left.expr.value is None and operator == "=="
        return Literal(value=False if unequal else known, span=span)
    match left.type:
        case "date":
            return _date(operator, left, right, span, scope)
        case "ip" | "boolean" if operator != "==":
            hint = "`cidrMatch` tests for a range of addresses" if left.type == "ip" else ""
            scope.fault(
                f"{scope.excerpt(left.expr)} is {TYPE_NAMES[left.type]}, which has no order", left.expr.span, hint
            )
            return left.expr
        case "ip":
            return _addresses(left, (right,), span, scope)
        case "boolean" if not isinstance(left.expr, Field):
            return left.expr if _converted(left, right, scope).value else negate(left.expr, span)
        case _:
            return Comparison(operator, left.expr, _converted(left, right, scope), span=span)


def _converted(left: Typed, right: Literal, scope: Scope) -> Literal:
    """The constant as a value of the left side's type; a fault when it cannot be one."""
    value = convert(right.value, left.type)
    if value is None:
        _misfit(left, right, scope)
    return Literal(value, span=right.span)


def _misfit(left: Typed, right: Literal, scope: Scope) -> None:
    hint = 'write it like "2024-05-31" or "2024-05-31T12:00:00Z"' if left.type == "date" else ""
    message = (
        f"{scope.excerpt(right)} cannot be a value of {scope.excerpt(left.expr)}, which is {TYPE_NAMES[left.type]}"
    )
    scope.fault(message, right.span, hint)


def _date(operator: ComparisonOperator, left: Typed, right: Literal, span: Span, scope: Scope) -> Expr:
    interval = date_interval(right.value)
    if interval is None:
        _misfit(left, right, scope)
        return left.expr
    first, last = interval
    bounds: Mapping[ComparisonOperator, tuple[int | None, int | None]] = {
        "==": (first, last),
        "<": (None, first - 1),
        "<=": (None, last),
        ">": (last + 1, None),
        ">=": (first, None),
    }
    return InRange(left.expr, *bounds[operator], span=span)


def _addresses(left: Typed, blocks: Sequence[Literal], span: Span, scope: Scope) -> Expr:
    return Call("cidrMatch", (left.expr, *(_converted(left, block, scope) for block in blocks)), span=span)


def membership(node: Membership, operand: Typed, members: Sequence[Typed], scope: Scope) -> Typed:
    """`in` with constants of the operand's type; null members can never be met and are dropped."""
    if node.insensitive and operand.type not in {"keyword", "null", "unknown"}:
        message = f"`in~` compares text, but {scope.excerpt(operand.expr)} is {TYPE_NAMES[operand.type]}"
        scope.fault(message, operand.expr.span, "use `in`")
        return Typed(node, "unknown")
    constants = [
        member.expr
        for position, member in enumerate(members)
        if _is_member(node, operand, member, position, scope) and isinstance(member.expr, Literal)
    ]
    if len(constants) < len(members) or operand.type == "unknown":
        return Typed(node, "unknown")
    known = [each for each in constants if each.value is not None]
    return boolean(_member(operand, known, node, scope))


def _is_member(node: Membership, operand: Typed, member: Typed, position: int, scope: Scope) -> bool:
    """Whether a member may stand in the list; a fault when it may not."""
    if member.type == "unknown":
        return False
    if not member.is_constant:
        message = f"comparisons against fields are not supported: {scope.excerpt(member.expr)} in the list of `in`"
        scope.fault(message, member.expr.span)
        return False
    if _compatible(operand, member):
        return True
    message = (
        f"the {ordinal(position)} member of the list is {TYPE_NAMES[member.type]}, "
        f"but {scope.excerpt(node.operand)} is {TYPE_NAMES[operand.type]}"
    )
    scope.fault(message, member.expr.span)
    return False


def _compatible(operand: Typed, member: Typed) -> bool:
    """Text, numbers and booleans stay among themselves; what other kinds take is for their conversion to say."""
    if operand.type == member.type or {operand.type, member.type} & {"null", "unknown"}:
        return True
    return operand.type in {"date", "ip", "version"} or {operand.type, member.type} <= NUMERIC


def _member(operand: Typed, members: Sequence[Literal], node: Membership, scope: Scope) -> Expr:
    span = node.span
    match operand:
        case Typed(expr=Literal(value=None) as null):
            return null
        case Typed(expr=Literal()):
            return fold(Membership(operand.expr, tuple(members), node.insensitive, span=span), "boolean", scope).expr
        case Typed(type="date"):
            return disjunction((_date("==", operand, each, span, scope) for each in members), span)
        case Typed(type="ip") if members:
            return _addresses(operand, members, span, scope)
    converted = [_converted(operand, each, scope) for each in members]
    if operand.type == "long":
        converted = [each for each in converted if isinstance(each.value, int)]
    distinct = tuple(dict.fromkeys(converted))
    return (
        Membership(operand.expr, distinct, node.insensitive, span=span) if distinct else Literal(value=False, span=span)
    )


def match(node: Match, operand: Typed, scope: Scope) -> Typed:
    """`:`, `like` and `regex` as what they mean: a test for a value, equality, or patterns."""
    if operand.type not in {"keyword", "null", "unknown"}:
        message = f"`{node.operator}` matches text, but {scope.excerpt(operand.expr)} is {TYPE_NAMES[operand.type]}"
        scope.fault(message, operand.expr.span, "use `==`" if node.operator == ":" else "")
        return Typed(node, "unknown")
    patterns = tuple(pattern for pattern in node.patterns if pattern.value is not None)
    sound = [_is_pattern(pattern, node, scope) for pattern in patterns]
    if not all(sound) or operand.type == "unknown":
        return Typed(node, "unknown")
    if not patterns:
        return boolean(Literal(None, span=node.span))
    if operand.type == "null":
        return boolean(Literal(any_true(_null_matches(node, patterns)), span=node.span))
    if _takes_all(node, patterns):
        is_null = fold(IsNull(operand.expr, span=node.span), "boolean", scope).expr
        return boolean(negate(is_null, node.span))
    return fold(_matched(node, operand, patterns), "boolean", scope)


def _is_pattern(pattern: Literal, node: Match, scope: Scope) -> bool:
    """Whether a constant is a pattern; a fault when it is not."""
    if not isinstance(pattern.value, str):
        hint = "use `==`" if node.operator == ":" else "write it in double quotes"
        scope.fault(f"`{node.operator}` takes text, not {scope.excerpt(pattern)}", pattern.span, hint)
        return False
    if node.operator in {"regex", "regex~"}:
        try:
            compile_lucene(pattern.value, node.operator == "regex~")
        except PatternError as error:
            scope.fault(f"{scope.excerpt(pattern)} is no regular expression: {error}", pattern.span)
            return False
    return True


def _null_matches(node: Match, patterns: Sequence[Literal]) -> list[bool | None]:
    """What each pattern makes of the constant null: false where it is really a test for a value, or an equality."""
    texts = [str(pattern.value) for pattern in patterns]
    match node.operator:
        case "regex":
            return [False if len(texts) == 1 and not REGEX_METACHARACTERS & set(texts[0]) else None]
        case "like":
            return [False if _matches_all(text) or not WILDCARDS & set(text) else None for text in texts]
        case "regex~":
            return [None]
        case _:
            return [False if _matches_all(text) else None for text in texts]


def _matched(node: Match, operand: Typed, patterns: tuple[Literal, ...]) -> Expr:
    span = node.span
    if node.operator in {"regex", "regex~"}:
        return Match(operand.expr, node.operator, patterns, span=span)
    if any(WILDCARDS & set(str(pattern.value)) for pattern in patterns):
        return Match(operand.expr, node.operator, patterns, span=span)
    return Membership(operand.expr, tuple(dict.fromkeys(patterns)), node.operator != "like", span=span)


def _takes_all(node: Match, patterns: Sequence[Literal]) -> bool:
    """Whether the patterns only ask for a value, whatever it is."""
    return node.operator not in {"regex", "regex~"} and any(_matches_all(str(pattern.value)) for pattern in patterns)


def _matches_all(pattern: str) -> bool:
    return set(pattern) == {"*"}
