"""Texts with two sets of changes, merged line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher


def merged(base: str, yours: str, new: str) -> str | None:
    """The base with both sets of changes, or None where they touch the same lines, or lines beside each other."""
    origin, left, right = (text.splitlines(keepends=True) for text in (base, yours, new))
    taken: list[str] = []
    at = (0, 0, 0)
    for start, in_left, in_right, length in _shared(origin, left, right):
        chunk = _settled(origin[at[0] : start], left[at[1] : in_left], right[at[2] : in_right])
        if chunk is None:
            return None
        taken += chunk
        taken += origin[start : start + length]
        at = (start + length, in_left + length, in_right + length)
    return "".join(taken)


def _settled(origin: list[str], left: list[str], right: list[str]) -> list[str] | None:
    """What becomes of lines that are not the same in all three."""
    if left == right or right == origin:
        return left
    return right if left == origin else None


def _shared(origin: Sequence[str], left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where runs of lines that all three share begin in each, and their lengths; at last the common end, empty."""
    in_left, in_right = (SequenceMatcher(None, origin, other, autojunk=False) for other in (left, right))
    for a in in_left.get_matching_blocks():
        for b in in_right.get_matching_blocks():
            start, end = max(a.a, b.a), min(a.a + a.size, b.a + b.size)
            if start < end:
                yield start, start - a.a + a.b, start - b.a + b.b, end - start
    yield len(origin), len(left), len(right), 0
