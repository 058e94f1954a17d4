"""From lists of wildcards and regular expressions to one Polars expression."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Literal, TypeAlias

import polars as pl

from deckwatch.eql.lucene import compile_lucene
from deckwatch.eql.patterns import wildcard_regex

TextOperator: TypeAlias = Literal[":", "like", "like~", "regex", "regex~", "in~"]

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = {ord(letter): letter.lower() for letter in _UPPER}
_SEPARATE = 16  # so many prefixes cost less one by one than a regular expression costs to compile


def is_folded(kind: TextOperator) -> bool:
    """Whether `match_text` is to be given the text with its ASCII letters in lower case."""
    return kind in (":", "like~", "in~")


def match_text(text: pl.Expr, kind: TextOperator, patterns: Sequence[str]) -> pl.Expr | None:
    """Which values fit any of the patterns. None when a pattern has no form in Rust's regular expressions."""
    if kind in ("regex", "regex~"):
        return _any_regex(text, patterns, insensitive=kind == "regex~")
    whole = set(patterns) if kind == "in~" else {each for each in patterns if not _has_wildcard(each)}
    wild = [] if kind == "in~" else [each for each in patterns if _has_wildcard(each)]
    if is_folded(kind):
        whole = {each.translate(_LOWER) for each in whole}
        wild = [each.translate(_LOWER) for each in wild]
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
    rest = [wildcard_regex(pattern, insensitive=False) for pattern, test in zip(patterns, simple, strict=True) if test is None]
    return tests + ([text.str.contains(_whole(rest))] if rest else [])


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
    bodies = [compile_lucene(pattern, insensitive=insensitive).rust for pattern in patterns]
    known = [body for body in bodies if body is not None]
    return text.str.contains(_whole(known)) if len(known) == len(bodies) else None


def _whole(bodies: Sequence[str]) -> str:
    return rf"(?s)\A(?:{'|'.join(bodies)})\z"
