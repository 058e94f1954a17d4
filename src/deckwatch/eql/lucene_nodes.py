"""The tree of a Lucene regular expression, and arithmetic on sets of characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

LAST = 0x10FFFF

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""A set of characters: inclusive ranges of code points, ascending, with a gap between any two."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Concat:
    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Union:
    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Intersection:
    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Complement:
    part: Regex


@dataclass(frozen=True, slots=True)
class Repeat:
    """`low` to `high` copies of a part; no limit when `high` is None."""

    part: Regex
    low: int
    high: int | None


Regex: TypeAlias = Chars | Concat | Union | Intersection | Complement | Repeat

ANY = Chars(((0, LAST),))
EMPTY = Concat(())
NEVER = Union(())


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges in any order as a set."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return tuple(merged)


def inverted(ranges: Ranges) -> Ranges:
    """Every other character."""
    starts = [0, *(high + 1 for _, high in ranges)]
    ends = [*(low - 1 for low, _ in ranges), LAST]
    return tuple((low, high) for low, high in zip(starts, ends, strict=True) if low <= high)


def folded(ranges: Ranges) -> Ranges:
    """The set with both cases of its ASCII letters."""
    other_case = [
        (max(low, first) + shift, min(high, last) + shift)
        for low, high in ranges
        for first, last, shift in ((ord("A"), ord("Z"), 32), (ord("a"), ord("z"), -32))
        if low <= last and first <= high
    ]
    return joined([*ranges, *other_case])


def concat(parts: Sequence[Regex]) -> Regex:
    flat = [leaf for part in parts for leaf in (part.parts if isinstance(part, Concat) else (part,))]
    return flat[0] if len(flat) == 1 else Concat(tuple(flat))


def union(parts: Sequence[Regex]) -> Regex:
    return parts[0] if len(parts) == 1 else Union(tuple(parts))


def intersection(parts: Sequence[Regex]) -> Regex:
    return parts[0] if len(parts) == 1 else Intersection(tuple(parts))


def complement(part: Regex) -> Regex:
    return part.part if isinstance(part, Complement) else Complement(part)


def repeat(part: Regex, low: int, high: int | None) -> Regex:
    """A repetition. Those of nothing, and chains like `a+?*`, are simplified, so no text nests them without end."""
    match part:
        case _ if part == EMPTY or high == 0:
            return EMPTY
        case _ if low == high == 1:
            return part
        case Repeat(inner, inner_low, inner_high) if {low, inner_low} <= {0, 1} and {high, inner_high} <= {1, None}:
            return Repeat(inner, low * inner_low, 1 if high == inner_high == 1 else None)
        case _:
            return Repeat(part, low, high)


def size(node: Regex) -> int:
    """How many nodes the tree has once every counted repetition is written out."""
    match node:
        case Chars():
            return 1
        case Concat(parts):
            return sum(map(size, parts))
        case Union(parts) | Intersection(parts):
            return 1 + sum(map(size, parts))
        case Complement(part):
            return 1 + size(part)
        case Repeat(part, low, high):
            return size(part) * max(low, high or 1)


def combines(node: Regex) -> bool:
    """Whether `~` or `&` is used."""
    match node:
        case Chars():
            return False
        case Concat(parts) | Union(parts):
            return any(map(combines, parts))
        case Repeat(part=part):
            return combines(part)
        case Intersection() | Complement():
            return True
