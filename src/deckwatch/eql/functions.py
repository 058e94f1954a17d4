"""The functions of the language: what they are called, what they take, what they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from deckwatch.eql.types import Kind

Accepts: TypeAlias = Literal["text", "number", "integer", "boolean", "ip", "any"]

ACCEPTED_KINDS: Mapping[Accepts, frozenset[Kind]] = {
    "text": frozenset({"keyword"}),
    "number": frozenset({"long", "double"}),
    "integer": frozenset({"long"}),
    "boolean": frozenset({"boolean"}),
    "ip": frozenset({"ip"}),
    "any": frozenset({"keyword", "long", "double", "boolean", "date", "ip", "version"}),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function; `constant` when it may not depend on the event.

    `nullable`: a null argument means the default instead of making the result null.
    """

    accepts: Accepts
    constant: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """A function. The result "number" is a double if an argument is, else a long; `repeats`: the last parameter may."""

    name: str
    parameters: tuple[Parameter, ...]
    result: Kind | Literal["number"]
    optional: int = 0
    repeats: bool = False
    insensitive: bool = False

    @property
    def least(self) -> int:
        return len(self.parameters) - self.optional

    @property
    def most(self) -> int | None:
        return None if self.repeats else len(self.parameters)

    def parameter(self, position: int) -> Parameter:
        """What the argument at a position, counted from 0, has to be."""
        return self.parameters[min(position, len(self.parameters) - 1)]


_TEXT = Parameter("text")
_NUMBER = Parameter("number")
_ANY = Parameter("any")
_POSITION = Parameter("integer", nullable=True)
_DELIMITER = Parameter("text", constant=True)

SIGNATURES: tuple[Signature, ...] = (
    Signature("add", (_NUMBER, _NUMBER), "number"),
    Signature(
        "between",
        (_TEXT, _DELIMITER, _DELIMITER, Parameter("boolean", constant=True)),
        "keyword",
        optional=1,
        insensitive=True,
    ),
    Signature("cidrMatch", (Parameter("ip"), Parameter("text", constant=True)), "boolean", repeats=True),
    Signature("concat", (_ANY,), "keyword", repeats=True),
    Signature("divide", (_NUMBER, _NUMBER), "number"),
    Signature("endsWith", (_TEXT, _TEXT), "boolean", insensitive=True),
    Signature("indexOf", (_TEXT, _TEXT, _POSITION), "long", optional=1, insensitive=True),
    Signature("length", (_TEXT,), "long"),
    Signature("modulo", (_NUMBER, _NUMBER), "number"),
    Signature("multiply", (_NUMBER, _NUMBER), "number"),
    Signature("number", (_TEXT, _POSITION), "double", optional=1),
    Signature("startsWith", (_TEXT, _TEXT), "boolean", insensitive=True),
    Signature("string", (_ANY,), "keyword"),
    Signature("stringContains", (_TEXT, _TEXT), "boolean", insensitive=True),
    Signature("substring", (_TEXT, _POSITION, _POSITION), "keyword", optional=1),
    Signature("subtract", (_NUMBER, _NUMBER), "number"),
)

DATE_TEXT = Signature("dateText", (Parameter("any"),), "keyword")
"""Only in lowered conditions: the text of a date, which `string` and `concat` take."""

_BY_NAME = {signature.name.lower(): signature for signature in SIGNATURES}
_LOWERED = {signature.name: signature for signature in (*SIGNATURES, DATE_TEXT)}


def find_function(name: str) -> Signature | None:
    """The function of that name, in any case; None when there is none."""
    return _BY_NAME.get(name.lower())


def lowered_function(name: str) -> Signature:
    """The function of a call in a lowered condition."""
    return _LOWERED[name]
