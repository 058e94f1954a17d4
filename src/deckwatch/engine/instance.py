"""The id of a group of alerts that are suppressed together, as the detection engine computes it.

It is the SHA-1 of a text that the JavaScript library object-hash writes of a value. That library also walks what every
object inherits there, and writes of what it has met before only the number: hence the constants.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

_FUNCTION = "fn:string:8:[native]string:20:function-name:Object"
_MET = "string:12:[CIRCULAR:4]"
_INHERITED = (
    "string:9:prototype:Undefined,"
    "string:9:__proto__:object:3:"
    f"string:9:prototype:Undefined,string:9:__proto__:Null,string:11:constructor:{_FUNCTION}object:0:,,"
    f"string:11:constructor:{_FUNCTION}{_MET},"
)
_INHERITED_AGAIN = (
    f"string:9:prototype:Undefined,string:9:__proto__:string:12:[CIRCULAR:3],string:11:constructor:{_FUNCTION}{_MET},"
)

_PLAIN_FROM, _PLAIN_BELOW = 1e-6, 1e21
"""Numbers that JavaScript writes without an exponent."""
_PADDED = re.compile(r"e([+-])0")


def instance_id(terms: Sequence[Mapping[str, Any]], rule_id: str, space: str) -> str:
    """The id of the alerts of a rule that have these terms, each a field and its value.

    A value is None, text, a number, a truth value or a list of these.
    """
    text = "".join(_terms(terms))
    return hashlib.sha1(
        f"array:3:{text}{_scalar(rule_id)}{_scalar(space)}".encode(errors="surrogatepass"), usedforsecurity=False
    ).hexdigest()


def _terms(terms: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"array:{len(terms)}:"
    for number, term in enumerate(terms):
        yield f"object:{len(term) + 3}:{_INHERITED_AGAIN if number else _INHERITED}"
        for key in sorted(term):
            yield f"{_scalar(key)}:{_value(term[key])},"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"array:{len(value)}:" + "".join(map(_scalar, value))
    return _scalar(value)


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "Null"
        case bool():
            return f"bool:{str(value).lower()}"
        case str():
            return f"string:{len(value.encode('utf-16-le', errors='surrogatepass')) // 2}:{value}"
        case _:
            return f"number:{_number(value)}"


def _number(value: float) -> str:
    """As JavaScript writes it, where every number is a double."""
    try:
        double = float(value)
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"
    if not double:
        return "0"
    if _PLAIN_FROM <= abs(double) < _PLAIN_BELOW:
        return format(Decimal(repr(double)).normalize(), "f")
    return _PADDED.sub(r"e\1", repr(double))
