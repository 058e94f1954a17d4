"""Which values a test of one field lets through, and what follows from that.

What these functions claim is always so; what they do not claim may be so too. Patterns are compared token by token,
regular expressions only with themselves and with texts.
"""

from __future__ import annotations

import contextlib
import ipaddress
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from deckwatch.eql.nodes import Call, Comparison, Expr, Field, InRange, IsNull, Literal, Match, Membership
from deckwatch.eql.patterns import compile_lucene
from deckwatch.eql.scalars import ascii_lower

ONE, RUN = "one", "run"
"""Tokens of a pattern: any character, any run of characters. All others are single characters."""

Tokens: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Glob:
    """Texts that fit a pattern as a whole."""

    tokens: Tokens
    insensitive: bool = False

    @classmethod
    def literal(cls, text: str, *, insensitive: bool = False) -> Glob:
        return cls(tuple(text), insensitive)

    @classmethod
    def wildcard(cls, text: str, *, insensitive: bool = False) -> Glob:
        return cls(_ordered({"*": RUN, "?": ONE}.get(char, char) for char in text), insensitive)

    @property
    def is_literal(self) -> bool:
        return ONE not in self.tokens and RUN not in self.tokens


@dataclass(frozen=True, slots=True)
class Regex:
    pattern: str
    insensitive: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers, dates or booleans between two ends, which belong to it unless `open`."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses of a network."""

    network: ipaddress.IPv6Network

    @classmethod
    def of(cls, text: str) -> Block:
        """Raises ValueError for what is no address block. Addresses of version 4 stand among those of version 6."""
        network = ipaddress.ip_network(text, strict=False)
        if isinstance(network, ipaddress.IPv4Network):
            network = ipaddress.IPv6Network(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
        return cls(network)


@dataclass(frozen=True, slots=True)
class Missing:
    """No value at all."""


Alternative: TypeAlias = "Glob | Regex | Interval | Block | Missing"


@dataclass(frozen=True, slots=True)
class Values:
    """A test of a field: it holds when any of the field's values is in any of the alternatives."""

    field: str
    alternatives: tuple[Alternative, ...]


def values_of(test: Expr) -> Values | None:
    """What a lowered test lets through; None when it is about several fields, or about anything else than values."""
    match test:
        case IsNull(operand=Field(name=name)):
            return Values(name, (Missing(),))
        case InRange(operand=Field(name=name), low=low, high=high):
            return Values(name, (Interval(-math.inf if low is None else low, math.inf if high is None else high),))
        case Comparison(operator=operator, left=Field(name=name), right=Literal(value=value)):
            found = _compared(operator, value)
            return Values(name, (found,)) if found else None
        case Membership(operand=Field(name=name), members=members, insensitive=insensitive):
            found_all = [_member(member, insensitive=insensitive) for member in members]
            return Values(name, tuple(each for each in found_all if each)) if all(found_all) else None
        case Match(operand=Field(name=name)):
            return Values(name, tuple(pattern_of(test.operator, str(each.value)) for each in test.patterns))
        case Call(arguments=(Field(name=name), *others)):
            found_others = tuple(_called(test, others))
            return Values(name, found_others) if found_others else None
        case _:
            return None


def pattern_of(operator: str, text: str) -> Alternative:
    """What one pattern of `:`, `like` or `regex` fits."""
    insensitive = operator not in {"like", "regex"}
    if operator in {"regex", "regex~"}:
        return Regex(text, insensitive)
    return Glob.wildcard(text, insensitive=insensitive)


def _compared(operator: str, value: object) -> Alternative | None:
    match value:
        case str():
            return Glob.literal(value) if operator == "==" and type(value) is str else None
        case int() | float():
            number = float(value) if isinstance(value, float) else value
            match operator:
                case "==":
                    return Interval(number, number)
                case "<" | "<=":
                    return Interval(high=number, high_open=operator == "<")
                case _:
                    return Interval(low=number, low_open=operator == ">")
        case _:
            return None


def _member(member: Expr, *, insensitive: bool) -> Alternative | None:
    match member:
        case Literal(value=str(text)) if insensitive:
            return Glob.literal(text, insensitive=True)
        case Literal(value=value):
            return _compared("==", value)
        case _:
            return None


def _called(test: Call, others: Sequence[Expr]) -> Iterator[Alternative]:
    texts = [other.value for other in others if isinstance(other, Literal) and isinstance(other.value, str)]
    if len(texts) < len(others) or test.insensitive:
        return
    match test.name, texts:
        case "cidrMatch", _:
            with contextlib.suppress(ValueError):
                yield from [Block.of(text) for text in texts]
        case "startsWith", [text]:
            yield Glob((*text, RUN))
        case "endsWith", [text]:
            yield Glob((RUN, *text))
        case "stringContains", [text] if text:
            yield Glob((RUN, *text, RUN))


def covers(wide: Alternative, narrow: Alternative) -> bool:
    """Whether every value of the narrow one is certainly a value of the wide one."""
    if wide == narrow:
        return True
    match wide, narrow:
        case Glob(), Glob():
            return _absorbs(*_comparable(wide, narrow))
        case Regex(), Glob() if narrow.is_literal:
            return _fits(wide, narrow)
        case Interval(), Interval():
            below = (narrow.low, narrow.low_open) >= (wide.low, wide.low_open)
            above = (-narrow.high, narrow.high_open) >= (-wide.high, wide.high_open)
            return below and above
        case Block(network=outer), Block(network=inner):
            return inner.subnet_of(outer)
        case _:
            return False


def apart(left: Alternative, right: Alternative) -> bool:
    """Whether certainly no value belongs to both."""
    match left, right:
        case Missing(), Missing():
            return False
        case (Missing(), _) | (_, Missing()):
            return True
        case Glob(), Glob():
            fold = left.insensitive or right.insensitive
            return _parted(_folded(left.tokens, fold), _folded(right.tokens, fold))
        case (Regex() as regex, Glob() as glob) | (Glob() as glob, Regex() as regex) if glob.is_literal:
            return not (glob.insensitive and not regex.insensitive) and not _fits(regex, glob)
        case Interval(), Interval():
            return _ends_before(left, right) or _ends_before(right, left)
        case Block(network=one), Block(network=other):
            return not one.overlaps(other)
        case _:
            return False


def follows(wide: Values, narrow: Values) -> bool:
    """Whether the wide test certainly holds wherever the narrow one does."""
    return wide.field == narrow.field and all(
        any(covers(whole, part) for whole in wide.alternatives) for part in narrow.alternatives
    )


def excluded(left: Values, right: Values) -> bool:
    """Whether no single value passes both tests. A field with several values may pass both even so."""
    return all(apart(one, other) for one, other in product(left.alternatives, right.alternatives))


def _ordered(tokens: Iterator[str]) -> Tokens:
    """Wildcards side by side in one order, `?` first and one `*`: the same texts, and fewer ways to write them."""
    found: list[str] = []
    for token in tokens:
        if token == ONE and found and found[-1] == RUN:
            found.insert(-1, token)
        elif not (token == RUN and found and found[-1] == RUN):
            found.append(token)
    return tuple(found)


def _comparable(wide: Glob, narrow: Glob) -> tuple[Tokens, Tokens]:
    """The tokens of both, folded where the wide one ignores case; where only the narrow one does, its letters are
    tokens that no character equals.
    """
    if wide.insensitive:
        return _folded(wide.tokens, fold=True), _folded(narrow.tokens, fold=True)
    if narrow.insensitive:
        return wide.tokens, tuple(
            f"{token}{token.swapcase()}" if len(token) == 1 and token.isascii() and token.isalpha() else token
            for token in narrow.tokens
        )
    return wide.tokens, narrow.tokens


def _folded(tokens: Tokens, fold: bool) -> Tokens:  # noqa: FBT001
    return tuple(ascii_lower(token) if len(token) == 1 else token for token in tokens) if fold else tokens


def _absorbs(wide: Tokens, narrow: Tokens) -> bool:
    """Whether the wide pattern can be laid over the narrow one: a run over anything, `?` over one character."""
    reached = _skipping({0}, wide)
    for token in narrow:
        moved = set()
        for at in reached:
            if at == len(wide):
                continue
            over = wide[at]
            if over == RUN:
                moved.add(at)
            elif token != RUN and over in (ONE, token):
                moved.add(at + 1)
        reached = _skipping(moved, wide)
        if not reached:
            return False
    return len(wide) in reached


def _skipping(places: set[int], wide: Tokens) -> set[int]:
    """The places, and those behind the runs that may be empty."""
    found = set(places)
    for place in places:
        at = place
        while at < len(wide) and wide[at] == RUN:
            at += 1
            found.add(at)
    return found


def _parted(left: Tokens, right: Tokens) -> bool:
    """Whether the fixed beginnings or ends of two patterns differ, or the fixed lengths."""
    if RUN not in left and RUN not in right and len(left) != len(right):
        return True
    for wild, fixed in ((left, right), (right, left)):
        if RUN not in fixed and sum(token != RUN for token in wild) > len(fixed):
            return True
        if RUN not in fixed and ONE not in fixed and not _absorbs(wild, fixed):
            return True
    return _clash(left, right) or _clash(left[::-1], right[::-1])


def _clash(left: Tokens, right: Tokens) -> bool:
    for one, other in zip(left, right, strict=False):
        if RUN in (one, other):
            return False
        if ONE not in (one, other) and one != other:
            return True
    return False


def _fits(regex: Regex, glob: Glob) -> bool:
    """Whether a literal text fits; one of any case fits only what ignores case itself."""
    if glob.insensitive and not regex.insensitive:
        return False
    return compile_lucene(regex.pattern, regex.insensitive).matches("".join(glob.tokens))


def _ends_before(left: Interval, right: Interval) -> bool:
    return left.high < right.low or (left.high == right.low and (left.high_open or right.low_open))


def repeated(alternatives: Sequence[Alternative]) -> Iterator[tuple[int, int]]:
    """Alternatives of one list that another one covers, each with the other's place; of equal ones the first stays."""
    patterns = [(place, each) for place, each in enumerate(alternatives) if not _is_point(each)]
    first: dict[Alternative, int] = {}
    for place, narrow in enumerate(alternatives):
        known = first.setdefault(_point(narrow), place)
        if known != place:
            yield place, known
            continue
        for other, wide in patterns:
            if other != place and covers(wide, narrow) and (other < place or not covers(narrow, wide)):
                yield place, other
                break


def _is_point(alternative: Alternative) -> bool:
    """Whether it is a single value, which covers nothing but itself."""
    return isinstance(alternative, Interval) or (isinstance(alternative, Glob) and alternative.is_literal)


def _point(alternative: Alternative) -> Alternative:
    """The same for all spellings of a text whose case does not count."""
    match alternative:
        case Glob(tokens=tokens, insensitive=True):
            return Glob(_folded(tokens, fold=True), insensitive=True)
        case _:
            return alternative
