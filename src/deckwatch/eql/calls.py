"""Function calls: the checks of name, number and types of arguments, and the lowered form."""

from __future__ import annotations

from collections.abc import Sequence

from deckwatch.eql.addresses import is_block
from deckwatch.eql.folding import fold
from deckwatch.eql.functions import ACCEPTED_KINDS, DATE_TEXT, SIGNATURES, Accepts, Signature, find_function
from deckwatch.eql.nodes import Call, Expr, Literal
from deckwatch.eql.predicates import ordinal
from deckwatch.eql.scope import TYPE_NAMES, Scope, Type, Typed, constant
from deckwatch.eql.suggest import hint as suggestion

ACCEPTED_NAMES: dict[Accepts, str] = {
    "text": "text",
    "number": "a number",
    "integer": "an integer",
    "boolean": "a boolean",
    "ip": "an IP address",
    "any": "a value",
}

COUNTS = ("no", "one", "two", "three", "four")


def call(node: Call, arguments: Sequence[Typed], scope: Scope) -> Typed:
    """A call by its canonical name, with as many arguments as matter."""
    signature = find_function(node.name)
    if signature is None:
        hint = suggestion(node.name, (each.name for each in SIGNATURES))
        scope.fault(f"unknown function `{node.name}`", node.span, hint)
        return Typed(node, "unknown")
    if not _is_callable(node, signature, scope):
        return Typed(node, "unknown")
    fitting = [_fits(node, signature, argument, i, scope) for i, argument in enumerate(arguments)]
    if not all(fitting):
        return Typed(node, "unknown")
    return _lowered(node, signature, arguments, scope)


def _is_callable(node: Call, signature: Signature, scope: Scope) -> bool:
    """Whether the way and the number of arguments fit; faults when they do not."""
    count = len(node.arguments)
    fits = signature.least <= count and (signature.most is None or count <= signature.most)
    if not fits:
        message = f"`{signature.name}` takes {_arity(signature)}, not {count}"
        scope.fault(message, node.span, kind="syntax")
    if node.insensitive and not signature.insensitive:
        scope.fault(f"`{signature.name}` has no case-insensitive form", node.span, f"write `{signature.name}(…)`")
    return fits and node.insensitive <= signature.insensitive


def _arity(signature: Signature) -> str:
    least = COUNTS[signature.least]
    if signature.most is None:
        return f"at least {least} argument{'s' * (signature.least > 1)}"
    if signature.most == signature.least:
        return f"exactly {least} argument{'s' * (signature.least > 1)}"
    return f"{least} or {COUNTS[signature.most]} arguments"


def _fits(node: Call, signature: Signature, argument: Typed, position: int, scope: Scope) -> bool:
    """Whether one argument is what the function takes; a fault when it is not."""
    parameter = signature.parameter(position)
    if argument.type == "unknown":
        return False
    what = f"the {ordinal(position)} argument of `{signature.name}`"
    span = node.arguments[position].span
    excerpt = scope.excerpt(node.arguments[position])
    if parameter.constant and not argument.is_constant:
        scope.fault(f"{what} must be a constant, not {excerpt}", span)
        return False
    if argument.type != "null" and argument.type not in ACCEPTED_KINDS[parameter.accepts]:
        wanted = ACCEPTED_NAMES[parameter.accepts]
        scope.fault(f"{what} must be {wanted}, but {excerpt} is {TYPE_NAMES[argument.type]}", span)
        return False
    if signature.name == "cidrMatch" and position and not _is_network(argument):
        scope.fault(
            f"{what} must be an address block, not {excerpt}", span, 'write it like "10.0.0.0/8" or "fe80::/10"'
        )
        return False
    return True


def _is_network(argument: Typed) -> bool:
    match argument.expr:
        case Literal(value=str() as block):
            return is_block(block)
        case _:
            return argument.type == "null"


def _lowered(node: Call, signature: Signature, arguments: Sequence[Typed], scope: Scope) -> Typed:
    lowered = [_argument(argument) for argument in arguments]
    for position, argument in enumerate(arguments):
        if argument.type == "null" and not signature.parameter(position).nullable:
            return constant(None, node.span)
    while _is_null(lowered[-1]) and len(lowered) > signature.least:
        lowered.pop()
    if signature.name == "substring" and _is_null(lowered[1]):
        lowered[1] = Literal(0, span=lowered[1].span)
    result = Call(signature.name, tuple(lowered), node.insensitive, span=node.span)
    return fold(result, _result(signature, arguments), scope)


def _argument(argument: Typed) -> Expr:
    """Dates are numbers in lowered conditions, but text to the functions that take any value."""
    if argument.type == "date":
        return Call(DATE_TEXT.name, (argument.expr,), span=argument.expr.span)
    return argument.expr


def _is_null(expr: Expr) -> bool:
    return isinstance(expr, Literal) and expr.value is None


def _result(signature: Signature, arguments: Sequence[Typed]) -> Type:
    if signature.result == "number":
        return "double" if any(argument.type == "double" for argument in arguments) else "long"
    return signature.result
