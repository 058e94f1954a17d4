"""What a JSON value means as a value of a field: the lenient reading a mapping gives it at indexing time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from deckwatch.eql.addresses import canonical_ip
from deckwatch.eql.dates import MILLISECOND, parse_timestamp
from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind

INT64 = range(-(2**63), 2**63)

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BOOLEANS: Mapping[str, bool] = {"true": True, "false": False, "": False}


def coerce(value: object, kind: Kind) -> Scalar:
    """The value as one of `kind` in its storage type, or None when it is not one and the field counts as missing.

    Numbers written as text are numbers, fractions are cut off where an integer is wanted, and numbers are
    dates in milliseconds since 1970. Objects, arrays and null have no value.
    """
    return _READERS[kind](value)


def _text(value: object) -> str | None:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(Decimal(value))  # unlike str(value), not limited in digits
        case float() if math.isfinite(value):
            return repr(value)
        case _:
            return None


def _decimal(value: object) -> Decimal | None:
    match value:
        case bool():
            return None
        case int():
            return Decimal(value)
        case float() if math.isfinite(value):
            return Decimal(repr(value))
        case str() if _NUMBER.fullmatch(value):
            try:
                return Decimal(value)
            except InvalidOperation:  # an exponent beyond all bounds
                return None
        case _:
            return None


def _integer(number: Decimal) -> int | None:
    """The number cut off at the point, when it fits 64 bits."""
    if number.adjusted() >= 19:  # before int(), which would write out every digit of 1e999999
        return None
    whole = int(number)
    return whole if whole in INT64 else None


def _long(value: object) -> int | None:
    if type(value) is int:
        return value if value in INT64 else None
    number = _decimal(value)
    return None if number is None else _integer(number)


def _double(value: object) -> float | None:
    number = value if type(value) is float else _decimal(value)
    if number is None:
        return None
    double = float(number)
    return double if math.isfinite(double) else None


def _boolean(value: object) -> bool | None:
    match value:
        case bool():
            return value
        case str():
            return _BOOLEANS.get(value)
        case _:
            return None


def _date(value: object) -> int | None:
    match value:
        case str():
            return parse_timestamp(value)
        case bool():
            return None
        case int():
            return _long(value * MILLISECOND)
        case float() if math.isfinite(value):
            return _integer(Decimal(repr(value)) * MILLISECOND)
        case _:
            return None


def _ip(value: object) -> str | None:
    return canonical_ip(value) if isinstance(value, str) else None


_READERS: Mapping[Kind, Callable[[object], Scalar]] = {
    "keyword": _text,
    "long": _long,
    "double": _double,
    "boolean": _boolean,
    "date": _date,
    "ip": _ip,
    "version": _text,
}
