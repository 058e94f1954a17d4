"""From lists of wildcards and regular expressions to one Polars expression."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Literal, TypeAlias

import polars as pl

from deckwatch.eql.lucene import compile_lucene
from deckwatch.eql.patterns import wildcard_regex

TextOperator: TypeAlias = Literal[":", "like", "like~", "regex", "regex~", "in~"]

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = {ord(letter): letter.lower() for letter in _UPPER}
_MOST_BYTES = 4_000_000  # Rust compiles up to 10 MB
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
    if any(_compiled_size(each) > _MOST_BYTES for each in wild):
        return None
    tests = [text.is_in(sorted(whole))] if whole else []
    return reduce(operator.or_, tests + _wildcards(text, wild))


def ascii_lower(texts: pl.Series) -> pl.Series:
    """The texts with ASCII letters in lower case and every other character as it is."""
    lowered = [
        text if text is None else text.lower() if text.isascii() else text.translate(_LOWER) for text in texts.to_list()
    ]
    return pl.Series(texts.name, lowered, dtype=pl.String)


def _has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _wildcards(text: pl.Expr, patterns: Sequence[str]) -> list[pl.Expr]:
    simple = [_simple(text, pattern) for pattern in patterns] if len(patterns) <= _SEPARATE else [None] * len(patterns)
    tests = [test for test in simple if test is not None]
    rest = [pattern for pattern, test in zip(patterns, simple, strict=True) if test is None]
    return tests + [
        text.str.contains(_whole([wildcard_regex(pattern, insensitive=False) for pattern in group]))
        for group in _groups(rest)
    ]


def _groups(patterns: Sequence[str]) -> Iterator[list[str]]:
    """The patterns in groups, each small enough for one regular expression."""
    group: list[str] = []
    size = 0
    for pattern in patterns:
        size += _compiled_size(pattern)
        if group and size > _MOST_BYTES:
            yield group
            group, size = [], _compiled_size(pattern)
        group.append(pattern)
    if group:
        yield group


def _compiled_size(pattern: str) -> int:
    """About how many bytes a compiled wildcard takes; any character takes many, as UTF-8 has many forms."""
    return 100 * len(pattern) + 2000 * (pattern.count("?") + pattern.count("*"))


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
    tests = []
    for pattern in patterns:
        body = compile_lucene(pattern, insensitive=insensitive).rust
        if body is None:
            return None
        tests.append(text.str.contains(_whole([body])))
    return reduce(operator.or_, tests)


def _whole(bodies: Sequence[str]) -> str:
    return rf"(?s)\A(?:{'|'.join(bodies)})\z"
