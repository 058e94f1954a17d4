"""What the operators and functions of the language do, on Python values.

None is null. Unless a docstring says otherwise, null in means null out.
"""

from __future__ import annotations

import math
import operator
import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deckwatch.eql.addresses import in_block
from deckwatch.eql.dates import format_timestamp
from deckwatch.eql.functions import lowered_function
from deckwatch.eql.nodes import ArithmeticOperator, ComparisonOperator, Scalar
from deckwatch.eql.versions import Version, version_key
from deckwatch.errors import DeckwatchError


class EvaluationError(DeckwatchError):
    """An expression has no value: a division by zero, a number beyond 64 bits, text that is no number."""


Number = int | float

LEAST_LONG, GREATEST_LONG = -(2**63), 2**63 - 1

ORDER: Mapping[ComparisonOperator, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*", re.ASCII)
_DIGITS = re.compile(r"([+-]?)([0-9A-Za-z]+)")
_LONGEST_NUMBER = 1024
_SHOWN = 40


def ascii_lower(text: str) -> str:
    """The text with A to Z in lower case: what case-insensitive operators compare."""
    return text.translate(_ASCII_LOWER)


def string_form(value: Scalar) -> str:
    """The text of a value that is not null: `true`, `42`, `4.0`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _family(value: Scalar) -> type:
    return bool if isinstance(value, bool) else float if isinstance(value, Number) else str


def compare(comparison: ComparisonOperator, left: Scalar, right: Scalar) -> bool | None:
    """A comparison, never `!=`. Values of different types are never equal, and have no order: null.

    A `Version` on the right orders both sides as versions.
    """
    if left is None or right is None:
        return None
    if isinstance(right, Version) and isinstance(left, str) and comparison != "==":
        return ORDER[comparison](version_key(left), version_key(right))
    if _family(left) is not _family(right):
        return False if comparison == "==" else None
    return ORDER[comparison](left, right)


def arithmetic(operation: ArithmeticOperator, left: Scalar, right: Scalar) -> Scalar:
    """A binary operation on numbers: exact and within 64 bits on integers, IEEE 754 as soon as one is a double."""
    if left is None or right is None:
        return None
    if isinstance(left, int) and isinstance(right, int):
        return in_long(INTEGER_OPERATIONS[operation](left, right))
    return DOUBLE_OPERATIONS[operation](_double(left), _double(right))


def negative(value: Scalar) -> Scalar:
    """Unary minus."""
    return arithmetic("-", 0, value) if isinstance(value, int) else arithmetic("*", -1.0, value)


def in_long(value: int) -> int:
    """The integer itself, when 64 bits can hold it."""
    if not LEAST_LONG <= value <= GREATEST_LONG:
        raise EvaluationError("the result does not fit into 64 bits")
    return value


def _double(value: Scalar) -> float:
    if not isinstance(value, Number):
        raise EvaluationError(f"{value!r} is no number")
    return float(value)


def _integer_quotient(left: int, right: int) -> int:
    """Toward zero."""
    if right == 0:
        raise EvaluationError("division by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _integer_remainder(left: int, right: int) -> int:
    """With the sign of the dividend."""
    return left - right * _integer_quotient(left, right)


def _quotient(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if not left or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1.0, right)


def _remainder(left: float, right: float) -> float:
    return math.fmod(left, right) if right and not math.isinf(left) else math.nan


INTEGER_OPERATIONS: Mapping[ArithmeticOperator, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _integer_quotient,
    "%": _integer_remainder,
}

DOUBLE_OPERATIONS: Mapping[ArithmeticOperator, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": _remainder,
}


def call(name: str, arguments: Sequence[Scalar], *, insensitive: bool = False) -> Scalar:
    """The result of a function, by its canonical name. Null in gives null out, unless the signature says otherwise."""
    signature = lowered_function(name)
    if any(each is None and not signature.parameter(i).nullable for i, each in enumerate(arguments)):
        return None
    function = FUNCTIONS[name]
    return function(*arguments, insensitive=True) if insensitive else function(*arguments)


def _cased(text: str, *, insensitive: bool) -> str:
    return text.lower() if insensitive else text


def between(text: str, left: str, right: str, greedy: bool = False, *, insensitive: bool = False) -> str:  # noqa: FBT001, FBT002
    """What stands after the first `left` and before the next, or if greedy the last, `right`; "" without them."""
    if not (text and left and right):
        return text
    # Lower-casing may change the length of text; only where it does not do positions fit the original.
    searched = "".join(low if len(low := char.lower()) == 1 else char for char in text) if insensitive else text
    left, right = _cased(left, insensitive=insensitive), _cased(right, insensitive=insensitive)
    found = searched.find(left)
    start = found + len(left)
    end = searched.rfind(right, start) if greedy else searched.find(right, start)
    return text[start:end] if found >= 0 and end >= 0 else ""


def cidr_match(address: str, *blocks: str) -> bool:
    """Whether any block contains the address."""
    return any(in_block(address, block) for block in blocks)


def concat(*values: Scalar) -> str:
    return "".join(map(string_form, values))


def ends_with(text: str, suffix: str, *, insensitive: bool = False) -> bool:
    return _cased(text, insensitive=insensitive).endswith(_cased(suffix, insensitive=insensitive))


def index_of(text: str, part: str, start: int | None = None, *, insensitive: bool = False) -> int | None:
    """The first position, not before `start`, where the part stands; null when there is none."""
    text, part = _cased(text, insensitive=insensitive), _cased(part, insensitive=insensitive)
    found = text.find(part, min(max(start or 0, 0), len(text)))
    return found if found >= 0 else None


def number(text: str, base: int | None = None) -> int | float:
    """The number a text writes: an integer, or in base 10 a double. Without a base, `0x` at the beginning means 16."""
    if len(text) > _LONGEST_NUMBER:
        raise EvaluationError(f"a text of {len(text)} characters is no number")
    if base is None:
        base = 16 if text.startswith("0x") else 10
    if not 2 <= base <= 36:
        raise EvaluationError(f"a base is between 2 and 36, not {base}")
    if base == 10 and not _fits_long(text) and _DECIMAL.fullmatch(text):
        return float(text)
    digits = _DIGITS.fullmatch(text.removeprefix("0x") if base == 16 else text)
    try:
        return in_long(int("".join(digits.groups() if digits else ()), base))
    except ValueError:
        raise EvaluationError(f'"{text[:_SHOWN]}" is no number in base {base}') from None


def _fits_long(text: str) -> bool:
    return bool(_INTEGER.fullmatch(text)) and LEAST_LONG <= int(text) <= GREATEST_LONG


def starts_with(text: str, prefix: str, *, insensitive: bool = False) -> bool:
    return _cased(text, insensitive=insensitive).startswith(_cased(prefix, insensitive=insensitive))


def string_contains(text: str, part: str, *, insensitive: bool = False) -> bool:
    """Whether the part stands anywhere in the text; false when either is empty."""
    return bool(part) and _cased(part, insensitive=insensitive) in _cased(text, insensitive=insensitive)


def substring(text: str, start: int | None, end: int | None = None) -> str:
    """The characters from `start` up to `end`; negative positions count from the end, null is either end."""
    return text[start:end]


FUNCTIONS: Mapping[str, Callable[..., Scalar]] = {
    "add": lambda left, right: arithmetic("+", left, right),
    "between": between,
    "cidrMatch": cidr_match,
    "concat": concat,
    "dateText": format_timestamp,
    "divide": lambda left, right: arithmetic("/", left, right),
    "endsWith": ends_with,
    "indexOf": index_of,
    "length": len,
    "modulo": lambda left, right: arithmetic("%", left, right),
    "multiply": lambda left, right: arithmetic("*", left, right),
    "number": number,
    "startsWith": starts_with,
    "string": string_form,
    "stringContains": string_contains,
    "substring": substring,
    "subtract": lambda left, right: arithmetic("-", left, right),
}
