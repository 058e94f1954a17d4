"""The same pattern for Rust's `regex` crate, which Polars compiles."""

from __future__ import annotations

from deckwatch.eql.lucene_nodes import (
    ANY,
    Chars,
    Complement,
    Concat,
    Intersection,
    Ranges,
    Regex,
    Repeat,
    Union,
    combines,
)

MAX_BYTES = 8_000_000
"""What one pattern may take compiled. The crate's limit is 10 MB for a whole expression."""

NEVER = r"[^\s\S]"

_SPECIAL = frozenset("\\.+*?()|[]{}^$#&-~")
_SURROGATES = (0xD800, 0xDFFF)
_OPTIONAL_BYTES = 150
_BYTES = ((0x7F, 32), (0x7FF, 100), (0xFFFF, 400), (0x10FFFF, 650))
"""Up to this code point, a range takes about so many bytes (measured, rounded up)."""


def rust(node: Regex) -> str | None:
    """The pattern without anchors, for `(?s)`. None when it uses `~` or `&`, or would take too much memory."""
    return None if combines(node) or compiled_bytes(node) > MAX_BYTES else _text(node)


def rust_literal(char: str) -> str:
    """One character that stands for itself. A lone surrogate is in no Polars text, hence never fits."""
    if _SURROGATES[0] <= ord(char) <= _SURROGATES[1]:
        return NEVER
    return f"\\{char}" if char in _SPECIAL else char


def compiled_bytes(node: Regex) -> int:
    """About what the crate needs for it, rather too much than too little."""
    match node:
        case Chars(ranges):
            return 40 + sum(_range_bytes(low, high) for low, high in ranges)
        case Concat(parts) | Union(parts):
            return _OPTIONAL_BYTES + sum(map(compiled_bytes, parts))
        case Repeat(part, low, high):
            return (compiled_bytes(part) + _OPTIONAL_BYTES) * max(low + (high is None), high or 1)
        case Intersection() | Complement():
            raise TypeError(f"has no form in Rust: {node}")


def _range_bytes(low: int, high: int) -> int:
    starts = (0, *(last + 1 for last, _ in _BYTES))
    return sum(cost for (last, cost), first in zip(_BYTES, starts, strict=False) if low <= last and first <= high)


def _text(node: Regex) -> str:
    match node:
        case Chars(ranges):
            return _chars_text(ranges)
        case Concat(parts):
            return "".join(f"(?:{_text(part)})" if isinstance(part, Union) else _text(part) for part in parts)
        case Union(parts):
            return "|".join(map(_text, parts)) or NEVER
        case Repeat(part, low, high):
            return (_text(part) if isinstance(part, Chars) else f"(?:{_text(part)})") + _quantifier(low, high)
        case Intersection() | Complement():
            raise TypeError(f"has no form in Rust: {node}")


def _quantifier(low: int, high: int | None) -> str:
    short = {(0, 1): "?", (0, None): "*", (1, None): "+"}.get((low, high))
    return short or (f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}")


def _chars_text(ranges: Ranges) -> str:
    if ranges == ANY.ranges:
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return rust_literal(chr(ranges[0][0]))
    encodable = [_without_surrogates(low, high) for low, high in ranges]
    inside = "".join(
        _point(low) if low == high else f"{_point(low)}-{_point(high)}" for low, high in encodable if low <= high
    )
    return f"[{inside}]" if inside else NEVER


def _without_surrogates(low: int, high: int) -> tuple[int, int]:
    first, last = _SURROGATES
    return (last + 1 if first <= low <= last else low), (first - 1 if first <= high <= last else high)


def _point(code: int) -> str:
    char = chr(code)
    return char if char.isascii() and char.isalnum() else f"\\x{{{code:x}}}"
