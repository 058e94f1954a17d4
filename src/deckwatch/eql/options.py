"""Numbers that statements take: time spans, runs, pipe counts. Each function returns the value, or what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from deckwatch.eql.nodes import NANOSECONDS, Arithmetic, Expr, Literal, MaxSpan, Sign, Span
from deckwatch.eql.tokens import Token

MAX_RUNS = 100

MAX_COUNT = 2**31 - 1
"""Largest argument of a pipe."""

_LONGEST_SPAN = 2**63 - 1

_UNITS = "the units are `ms`, `s`, `m`, `h` and `d`"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a value, and how to mend it."""

    message: str
    hint: str = ""


def time_span(value: Token, unit: Token | None, span: Span) -> MaxSpan | Problem:
    """`30s` as written: a number and the unit after it."""
    if unit is None:
        return Problem(f"the time `{value.text}` has no unit", f"did you mean `{value.text}s`? {_UNITS}")
    if unit.text not in NANOSECONDS:
        return Problem(f"unknown unit of time `{unit.text}`", _UNITS)
    if not value.text.isdecimal():
        return Problem("decimal times are not supported", _whole_time(value.text, unit.text))
    if value.value == 0:
        return Problem("`maxspan` must be positive", "leave it out when a sequence may take any time")
    if not isinstance(value.value, int) or value.value * NANOSECONDS[unit.text] > _LONGEST_SPAN:
        return Problem(f"`maxspan` is longer than {_LONGEST_SPAN // NANOSECONDS['d']:,} days")
    return MaxSpan(value.value, unit.text, span=span)


def runs(value: Token) -> int | Problem:
    """The number of times a stage is repeated."""
    count = value.value
    if not isinstance(count, int) or count < 1:
        return Problem(f"`runs` must be a positive whole number, found `{value.text}`", "write `with runs=3`")
    if count > MAX_RUNS:
        return Problem(
            f"a stage cannot run more than {MAX_RUNS} times", "count events of one kind with a threshold rule"
        )
    return count


def pipe_count(name: str, arguments: tuple[Expr, ...]) -> int | Problem:
    """The number of results a pipe keeps."""
    example = f"write `| {name} 10`"
    if len(arguments) != 1:
        return Problem(f"pipe `{name}` expects exactly one argument, found {len(arguments)}", example)
    count = _fold(arguments[0])
    if count is None or not 0 <= count <= MAX_COUNT:
        return Problem(f"pipe `{name}` expects a positive integer", example)
    return count


def _whole_time(value: str, unit: str) -> str:
    """How to write a decimal time without a decimal point."""
    if len(value) <= 20:
        nanoseconds = Fraction(value) * NANOSECONDS[unit]
        for name, size in sorted(NANOSECONDS.items(), key=lambda item: -item[1]):
            if nanoseconds and nanoseconds % size == 0:
                return f"did you mean `{nanoseconds // size}{name}`?"
    return "write a whole number of a smaller unit"


def _fold(expression: Expr) -> int | None:
    """The value of a constant integer expression."""
    match expression:
        case Literal(value=bool()):
            return None
        case Literal(value=int(value)):
            return value
        case Sign(operator=operator, operand=operand):
            folded = _fold(operand)
            return -folded if folded is not None and operator == "-" else folded
        case Arithmetic(operator=operator, left=left, right=right):
            return _calculate(operator, _fold(left), _fold(right))
    return None


def _calculate(operator: str, left: int | None, right: int | None) -> int | None:
    if left is None or right is None or (right == 0 and operator in "/%"):
        return None
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return int(Fraction(left, right))
        case _:
            return left - right * int(Fraction(left, right))
