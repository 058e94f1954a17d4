"""Wildcards: tables, and their agreement with a naive definition and with Rust's regular expressions."""

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deckwatch.eql.patterns import wildcard_matches, wildcard_regex

KELVIN = "\N{KELVIN SIGN}"
SYMBOLS = "aAbkK" + KELVIN + "é.\\[]^-#&~ \n\x00😀"

patterns = st.text("aAbkK*?" + SYMBOLS, max_size=10) | st.text("ab*?", max_size=14)
values = st.text(SYMBOLS + "*?", max_size=10) | st.text("ab", max_size=20)


def by_rust(pattern: str, value: str, insensitive: bool) -> bool:
    whole = rf"(?s)\A(?:{wildcard_regex(pattern, insensitive)})\z"
    return bool(pl.Series([value]).str.contains(whole)[0])


def by_definition(pattern: str, value: str) -> bool:
    """Row n of the table: which prefixes of the value the first n characters of the pattern fit."""
    fits = [True] + [False] * len(value)
    for wanted in pattern:
        if wanted == "*":
            fits = [any(fits[: end + 1]) for end in range(len(fits))]
        else:
            steps = [fit and wanted in ("?", char) for fit, char in zip(fits, value, strict=False)]
            fits = [False, *steps]
    return fits[-1]


CASES = [
    pytest.param("", "", False, True, id="empty-fits-empty"),
    pytest.param("", "a", False, False, id="empty-fits-nothing-else"),
    pytest.param("*", "", False, True, id="star-fits-empty"),
    pytest.param("*", "a\nb\r\n", False, True, id="star-crosses-lines"),
    pytest.param("a*b", "ab", False, True, id="star-may-be-empty"),
    pytest.param("a*a", "a", False, False, id="ends-do-not-overlap"),
    pytest.param("a*b*c", "abc", False, True, id="parts-in-order"),
    pytest.param("a*c*b", "abcc", False, False, id="parts-out-of-order"),
    pytest.param("*ab*ab", "ab", False, False, id="parts-do-not-overlap"),
    pytest.param("?", "\n", False, True, id="question-mark-takes-a-newline"),
    pytest.param("?", "", False, False, id="question-mark-takes-one"),
    pytest.param("?", "😀", False, True, id="question-mark-takes-an-astral-character"),
    pytest.param("*a?c*", "aacabc", False, True, id="question-mark-within-a-part"),
    pytest.param("*a?a", "aaaa", False, True, id="last-part-at-the-end"),
    pytest.param(r"C:\*\[x]_%", r"C:\a\[x]_%", False, True, id="everything-else-is-literal"),
    pytest.param(r"\*", "*", False, False, id="no-escape"),
    pytest.param("ab", "AB", False, False, id="case-matters"),
    pytest.param("aB*", "Abc", True, True, id="case-does-not-matter"),
    pytest.param("k", KELVIN, True, False, id="kelvin-is-no-k"),
    pytest.param(KELVIN, "k", True, False, id="k-is-no-kelvin"),
    pytest.param("é", "É", True, False, id="only-ascii-folds"),
]


@pytest.mark.parametrize(("pattern", "value", "insensitive", "expected"), CASES)
def test_wildcard(pattern: str, value: str, insensitive: bool, expected: bool) -> None:
    assert wildcard_matches(pattern, value, insensitive) is expected
    assert by_rust(pattern, value, insensitive) is expected


@settings(deadline=None)
@given(patterns, values)
def test_wildcard_is_its_definition(pattern: str, value: str) -> None:
    assert wildcard_matches(pattern, value, False) == by_definition(pattern, value)


@settings(deadline=None)
@given(patterns, values, st.booleans())
@example("k", KELVIN, True)
def test_wildcard_agrees_with_rust(pattern: str, value: str, insensitive: bool) -> None:
    assert wildcard_matches(pattern, value, insensitive) == by_rust(pattern, value, insensitive)


def test_a_lone_surrogate_in_a_pattern_fits_no_column() -> None:
    assert by_rust("a\ud800", "a", False) is False


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        pytest.param("*a" * 5_000 + "b", "a" * 100_000, id="many-stars"),
        pytest.param("*" + "a?" * 2_000 + "b*", "a" * 100_000, id="long-part-with-question-marks"),
        pytest.param("*" + "a" * 50_000 + "b*", "a" * 100_000, id="long-literal-part"),
    ],
)
def test_hostile_wildcards_end(pattern: str, value: str) -> None:
    assert not wildcard_matches(pattern, value, False)
