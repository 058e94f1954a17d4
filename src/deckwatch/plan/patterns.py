"""From lists of wildcards and regular expressions to one Polars expression."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypeAlias

import polars as pl

from deckwatch.eql.lucene import compile_lucene
from deckwatch.eql.patterns import wildcard_regex

TextOperator: TypeAlias = Literal[":", "like", "like~", "regex", "regex~", "in~"]

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = {ord(letter): letter.lower() for letter in _UPPER}
_MOST_BYTES = 8_000_000  # Rust compiles up to 10 MB
_MOST_TESTS = 64
_SEPARATE = 16  # so many prefixes cost less one by one than a regular expression costs to compile


def is_folded(kind: TextOperator) -> bool:
    """Whether `match_text` is to be given the text with its ASCII letters in lower case."""
    return kind in (":", "like~", "in~")


def match_text(text: pl.Expr, kind: TextOperator, patterns: Sequence[str]) -> pl.Expr | None:
    """Which values fit any of the patterns. None when Rust's regular expressions cannot say so, or not in bounds."""
    if kind in ("regex", "regex~"):
        return _any_regex(text, patterns, insensitive=kind == "regex~")
    whole = set(patterns) if kind == "in~" else {each for each in patterns if not _has_wildcard(each)}
    wild = [] if kind == "in~" else [each for each in patterns if _has_wildcard(each)]
    if is_folded(kind):
        whole = {each.translate(_LOWER) for each in whole}
        wild = [each.translate(_LOWER) for each in wild]
    if any(_wildcard_bytes(each) > _MOST_BYTES for each in wild):
        return None
    tests = [text.is_in(sorted(whole))] if whole else []
    return _any(tests + _wildcards(text, wild))


def ascii_lower(texts: pl.Series) -> pl.Series:
    """The texts with ASCII letters in lower case and every other character as it is."""
    lower = [None if text is None else fold(text) for text in texts.to_list()]
    return pl.Series(texts.name, lower, dtype=pl.String)


def fold(text: str) -> str:
    """The text with ASCII letters in lower case."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def _has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _wildcards(text: pl.Expr, patterns: Sequence[str]) -> list[pl.Expr]:
    simple = [_simple(text, pattern) for pattern in patterns] if len(patterns) <= _SEPARATE else [None] * len(patterns)
    tests = [test for test in simple if test is not None]
    rest = [pattern for pattern, test in zip(patterns, simple, strict=True) if test is None]
    return tests + _regexes(text, [(wildcard_regex(each, insensitive=False), _wildcard_bytes(each)) for each in rest])


def _wildcard_bytes(pattern: str) -> int:
    """About how many bytes a compiled wildcard takes; any character takes many, as UTF-8 has many forms.

    Stars count more than that: some thousand of them in one expression outgrow the matcher's cache of states, and it
    then takes the size of the expression for each character.
    """
    return 100 * len(pattern) + 2000 * pattern.count("?") + 8000 * pattern.count("*")


def _regexes(text: pl.Expr, bodies: Iterable[tuple[str, int]]) -> list[pl.Expr]:
    """Tests for any of these expressions, given with their compiled sizes, each as large as the crate allows."""
    groups: list[list[str]] = []
    room = 0
    for body, size in bodies:
        if size > room:
            groups.append([])
            room = _MOST_BYTES
        groups[-1].append(body)
        room -= size
    return [text.str.contains(rf"(?s)\A(?:{'|'.join(group)})\z") for group in groups]


def _any(tests: Sequence[pl.Expr]) -> pl.Expr | None:
    """Whether any test holds; None for so many that the row evaluator is quicker than their plan."""
    return pl.any_horizontal(tests) if len(tests) <= _MOST_TESTS else None


def _simple(text: pl.Expr, pattern: str) -> pl.Expr | None:
    """Patterns with stars at their ends only need no regular expression."""
    inner = pattern.strip("*")
    if _has_wildcard(inner):
        return None
    if not inner:
        return text.is_not_null()
    starts, ends = pattern[0] != "*", pattern[-1] != "*"
    forms: dict[tuple[bool, bool], Callable[[], pl.Expr]] = {
        (True, False): lambda: text.str.starts_with(inner),
        (False, True): lambda: text.str.ends_with(inner),
        (False, False): lambda: text.str.contains(inner, literal=True),
    }
    return forms[starts, ends]()


def _any_regex(text: pl.Expr, patterns: Sequence[str], *, insensitive: bool) -> pl.Expr | None:
    bodies: list[tuple[str, int]] = []
    for pattern in patterns:
        compiled = compile_lucene(pattern, insensitive=insensitive)
        if compiled.rust is None:
            return None
        bodies.append((compiled.rust, compiled.rust_bytes))
    return _any(_regexes(text, bodies))
