"""Values that a test on one field suggests: some that pass it, and some that just fail."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise

from deckwatch.eql.nodes import (
    Call,
    Comparison,
    Expr,
    Field,
    InRange,
    Literal,
    Match,
    Membership,
    Scalar,
    walk,
)
from deckwatch.eql.scalars import GREATEST_LONG, LEAST_LONG
from deckwatch.eql.types import Kind
from deckwatch.proof.languages import find, language

_LONGEST_PADDING = 4096
_MORE = "xyz"


def passing(test: Expr, kind: Kind, fillers: Sequence[str]) -> Iterator[Scalar]:
    """Values that probably pass, the likeliest in real events first. `fillers` are texts for `*`."""
    match test:
        case Membership(operand=Field(), members=members):
            yield from (member.value for member in members if isinstance(member, Literal))
        case Match(operand=Field(), operator=operator, patterns=patterns) if not operator.startswith("regex"):
            for pattern in patterns:
                yield from _filled(str(pattern.value), fillers)
        case Match(operand=Field()):
            tree = language(test)
            if tree is not None and (value := find([tree]).value) is not None:
                yield value
        case Call(name=name, arguments=(Field(), Literal(value=str(part)))):
            yield from _with_part(name, part, fillers)
        case Comparison(operator=operator, left=Field(), right=Literal(value=str(text))) if operator != "==":
            yield from (f"{text}0", text, text[:-1], "0", "")
        case Comparison(left=Call(name="length"), right=Literal(value=int(size))):
            yield from _padded(size, fillers)
        case _:
            pass
    yield from constants(test, kind)


def lengthened(tests: Sequence[Expr]) -> Iterator[str]:
    """What the wildcards among the tests fit, as long as others among them ask."""
    sizes = [
        each.right.value
        for each in tests
        if isinstance(each, Comparison) and isinstance(each.left, Call) and each.left.name == "length"
        if isinstance(each.right, Literal) and isinstance(each.right.value, int)
    ]
    patterns = [str(each.value) for test in tests if isinstance(test, Match) for each in test.patterns]
    for pattern in patterns:
        head, star, tail = pattern.replace("?", _MORE[0]).rpartition("*")
        least = head.replace("*", "")
        for size in {near for each in sizes for near in (each - 1, each, each + 1)} if star else ():
            if 0 <= (missing := size - len(least) - len(tail)) <= _LONGEST_PADDING:
                yield least + _MORE[0] * missing + tail


def constants(test: Expr, kind: Kind) -> Iterator[Scalar]:
    """Values around the constants of a test. Of comparisons with them, every outcome is among them."""
    for node in walk(test):
        match node:
            case InRange(low=low, high=high):
                yield from _around([edge for edge in (low, high) if edge is not None])
            case Literal(value=value):
                yield from _near(value, kind)
            case _:
                pass


def midpoints(tests: Sequence[Expr]) -> Iterator[float]:
    """Numbers between any two neighbours among the constants of the tests, and beyond the last ones."""
    found = {float(value) for test in tests for value in _numbers(test)}
    numbers = sorted(number for number in found if math.isfinite(number))
    for lower, upper in pairwise(numbers):
        yield lower / 2 + upper / 2
    for number in numbers:
        yield from (math.nextafter(number, math.inf), math.nextafter(number, -math.inf))


def _numbers(test: Expr) -> Iterator[int | float]:
    for node in walk(test):
        if isinstance(node, Literal) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            yield node.value


def _near(value: Scalar, kind: Kind) -> Iterator[Scalar]:
    match kind:
        case "boolean":
            yield from (True, False)
        case "long" if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield from _around([max(LEAST_LONG, min(int(value), GREATEST_LONG))])
        case "double" if isinstance(value, int | float) and not isinstance(value, bool):
            yield from (float(value), value + 0.5, value - 0.5, value + 1.0, value - 1.0)
        case "ip" if isinstance(value, str):
            yield from _addresses(value)
        case "keyword" | "version" if value is not None:
            yield str(value).lower() if isinstance(value, bool) else str(value)
        case _:
            pass


def _around(edges: Sequence[int]) -> Iterator[int]:
    for edge in edges:
        yield from (edge, edge + 1, edge - 1)


def _addresses(block: str) -> Iterator[str]:
    """A few addresses inside of a block, and those just outside."""
    try:
        network: IPv4Network | IPv6Network = ip_network(block, strict=False)
    except ValueError:
        return
    first, last = int(network.network_address), int(network.broadcast_address)
    make = type(network.network_address)
    widest = (1 << network.max_prefixlen) - 1
    for number in (first + 5, first + 1, first, last, first - 1, last + 1):
        if 0 <= number <= widest:
            yield str(make(number))


def _with_part(name: str, part: str, fillers: Sequence[str]) -> Iterator[str]:
    for filler in fillers:
        match name:
            case "startsWith":
                yield part + filler
            case "endsWith":
                yield filler + part
            case _:
                yield f"{filler}{part}"
                yield f"{part}{filler}"


def _padded(size: int, fillers: Sequence[str]) -> Iterator[str]:
    for wanted in (size, size + 1, size - 1):
        if 0 <= wanted <= _LONGEST_PADDING:
            yield (fillers[-1] * wanted)[:wanted] if fillers and fillers[-1] else "x" * wanted


def _filled(pattern: str, fillers: Sequence[str]) -> Iterator[str]:
    """What a wildcard fits: its stars first filled where something must stand to read well, then all alike."""
    parts = pattern.replace("?", _MORE[0]).split("*")
    if len(parts) == 1:
        yield parts[0]
        return
    for filler in fillers:
        yield _joined(parts, filler)
    for filler in ("", *fillers):
        yield filler.join(parts)


def _joined(parts: Sequence[str], filler: str) -> str:
    """A star is filled between separators and where it ends a path, and empty elsewhere."""
    text = parts[0]
    for number, part in enumerate(parts[1:], 1):
        ends = number == len(parts) - 1 and not part
        open_left = not text or text.endswith(("/", "\\", "."))
        if (text and open_left and (ends or part.startswith(("/", "\\", ".")))) or not (text or any(parts)):
            text += filler
        text += part
    return text
