"""Patterns: wildcards here, regular expressions in `lucene`."""

from __future__ import annotations

from deckwatch.eql.lucene import Lucene, compile_lucene
from deckwatch.eql.lucene_parser import PatternError
from deckwatch.eql.lucene_rust import rust_literal
from deckwatch.eql.scalars import ascii_lower

__all__ = ["Lucene", "PatternError", "compile_lucene", "wildcard_matches", "wildcard_regex"]


def wildcard_matches(pattern: str, value: str, insensitive: bool) -> bool:  # noqa: FBT001
    """Whether a wildcard fits the whole value: `*` is any run, `?` any one character, the rest is literal.

    `insensitive` makes the cases of ASCII letters equal, and of no others.
    """
    if insensitive:
        pattern, value = ascii_lower(pattern), ascii_lower(value)
    first, *others = pattern.split("*")
    if not others:
        return len(first) == len(value) and _fits(first, value)
    *middle, last = others
    end = len(value) - len(last)
    if len(first) > end or not _fits(first, value[: len(first)]) or not _fits(last, value[end:]):
        return False
    at = len(first)
    for part in middle:
        at = _end_of(part, value, at)
        if not 0 <= at <= end:
            return False
    return True


def _fits(part: str, text: str) -> bool:
    """Whether a part without `*` fits a text of its length."""
    return part == text or ("?" in part and all(map(_same, part, text)))


def _same(wanted: str, char: str) -> bool:
    return wanted in ("?", char)


def _end_of(part: str, value: str, start: int) -> int:
    """Where the first occurrence of a part without `*` ends, or -1.

    With `?` in the part, bit n of `fitting` says that its first n + 1 characters end here: no position is read twice.
    """
    if "?" not in part:
        found = value.find(part, start)
        return -1 if found < 0 else found + len(part)
    anywhere = sum(1 << n for n, wanted in enumerate(part) if wanted == "?")
    places = {char: sum(1 << n for n, wanted in enumerate(part) if _same(wanted, char)) for char in set(part) - {"?"}}
    fitting, complete = 0, 1 << (len(part) - 1)
    for at in range(start, len(value)):
        fitting = (fitting << 1 | 1) & places.get(value[at], anywhere)
        if fitting & complete:
            return at + 1
    return -1


def wildcard_regex(pattern: str, insensitive: bool) -> str:  # noqa: FBT001
    r"""The wildcard for Rust's `regex` crate, to stand in `(?s)\A(?:…)\z`.

    A `?` takes about 1 kB compiled, a literal 0.1 kB, and the crate refuses expressions over 10 MB.
    """
    return "".join(_rust(char, insensitive=insensitive) for char in pattern)


def _rust(char: str, *, insensitive: bool) -> str:
    match char:
        case "*":
            return ".*"
        case "?":
            return "."
        case _ if insensitive and char.isascii() and char.isalpha():
            return f"[{char.lower()}{char.upper()}]"
        case _:
            return rust_literal(char)
