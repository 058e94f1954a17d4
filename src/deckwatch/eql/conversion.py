"""Constants as values of a field's kind: what `pid == "5"` or `process.name == 5` compares with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deckwatch.eql.addresses import is_block
from deckwatch.eql.dates import millisecond, parse_date_range
from deckwatch.eql.nodes import Scalar
from deckwatch.eql.scalars import GREATEST_LONG, LEAST_LONG, EvaluationError, number, string_form
from deckwatch.eql.scope import Type
from deckwatch.eql.versions import Version


def convert(value: Scalar, kind: Type) -> Scalar:
    """A constant as a value of the kind; None when it cannot be one. Dates are intervals: see `date_interval`.

    A long with a fraction stays a double, which no long equals but which has its place among them.
    """
    return None if value is None or kind not in CONVERSIONS else CONVERSIONS[kind](value)


def date_interval(value: Scalar) -> tuple[int, int] | None:
    """First and last nanosecond of a date constant: text, or a number of epoch milliseconds."""
    match value:
        case str():
            return parse_date_range(value)
        case bool() | None:
            return None
        case _:
            return millisecond(value)


def _long(value: Scalar) -> Scalar:
    found = _number(value)
    if isinstance(found, float) and found.is_integer() and LEAST_LONG <= found <= GREATEST_LONG:
        return int(found)
    return found


def _double(value: Scalar) -> Scalar:
    found = _number(value)
    return None if found is None else float(found)


def _number(value: Scalar) -> int | float | None:
    match value:
        case bool() | None:
            return None
        case str():
            try:
                return number(value, 10)
            except EvaluationError:
                return None
        case _:
            return value


def _boolean(value: Scalar) -> Scalar:
    match value:
        case bool() | "true" | "false":
            return value in {True, "true"}
        case _:
            return None


def _ip(value: Scalar) -> Scalar:
    return value if isinstance(value, str) and is_block(value) else None


CONVERSIONS: Mapping[Type, Callable[[Scalar], Scalar]] = {
    "keyword": string_form,
    "long": _long,
    "double": _double,
    "boolean": _boolean,
    "ip": _ip,
    "version": lambda value: Version(string_form(value)),
}
