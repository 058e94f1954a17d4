"""Every kind of test, columnar or not, over rows of values: the same verdicts as the row evaluator's."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import polars as pl
import pytest

from deckwatch.eql.evaluate import holds
from deckwatch.eql.nodes import Expr, Scalar, fields
from deckwatch.eql.types import Kind
from deckwatch.events.encoding import STORAGE
from deckwatch.plan import trial
from deckwatch.plan.expressions import compile_test
from deckwatch.plan.rename import numbered
from deckwatch.plan.skeleton import Cutter
from tests.plan.conditions import KINDS, lowered_filter

NANOSECONDS = 1_704_067_200_000_000_000  # 2024-01-01
VALUES: Mapping[Kind, list[Scalar]] = {
    "keyword": [
        *(None, "", "a", "A", "ab", "aB", "b", "a*b", "a?b", "axb", "ba", "é", "É", "K", "\u212a", "ß", "ſ", "İ"),
        *("a\nb", "a\rb", "\n", "x" * 50, "5", "0x1f", "1.5", "[", "\\", ".", "a.b", "日本", "😀", "\x00", "-1", "1e3"),
    ],
    "long": [None, 0, 1, -1, 2, 4, 5, 2**53 + 1, 2**63 - 1, -(2**63)],
    "double": [None, 0.0, -0.0, 0.5, 1.0, -1.5, 2.5, 1e300, -1e300, 2.0**53],
    "boolean": [None, True, False],
    "date": [None, 0, NANOSECONDS - 1, NANOSECONDS, NANOSECONDS + 1, NANOSECONDS + 86_400 * 10**9, -(2**62)],
    "ip": [None, "10.0.0.1", "10.1.2.3", "::1", "192.168.0.9", "2001:db8::1"],
    "version": [None, "1.2.3", "1.10.0", "2.0.0-rc1", "x", ""],
}
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]

COLUMNAR = [
    *(f'k {each} "ab"' for each in COMPARISONS),
    *(f"n {each} {value}" for each in COMPARISONS for value in (1, 1.5, 9007199254740993.0, 1e300, -1e300, "9.5e18")),
    *(f"x {each} {value}" for each in COMPARISONS for value in (0, 1, 0.5, -0.0, 9007199254740993)),
    *("b", "not b", "b == false", "b != true"),
    *(f'd {each} "2024-01-01"' for each in COMPARISONS),
    'd == "2024-01-01T00:00:00.000000001Z"',
    *(f"{field} == null" for field in KINDS),
    *(f"{field} != null" for field in KINDS),
    'k in ("a", "b")',
    'k not in ("a", "")',
    "n in (1, 2, 4)",
    "b in (true, false)",
    'k in~ ("A", "é", "k")',
    'k in~ ("\u212a", "ss", "S")',
    *(
        f"k {operator} {pattern}"
        for operator in (":", "like", "like~")
        for pattern in (
            '"a*"',
            '"*B"',
            '"*"',
            '"?"',
            '"a?b"',
            '"A*b"',
            '"*.*"',
            '"É"',
            '"k"',
            '"[*"',
            '"**a**"',
            '"?*?"',
        )
    ),
    'k : ("a*", "é", "x?")',
    "k : (" + ", ".join(f'"{letter}*{letter}?"' for letter in "abcdefghijklmnopqrstuvwxyz") + ")",
    "k like (" + ", ".join(f'"{letter}*"' for letter in "abcdefghijklmnopqrstuvwxyz") + ")",
    *(
        f"k {operator} {pattern}"
        for operator in ("regex", "regex~")
        for pattern in (
            '"a+b?"',
            '"[ab]*"',
            '".*"',
            '"A|é"',
            '"."',
            '"<1-9>"',
            '"\\\\[|\\\\\\\\"',
            '""',
            '"[^a]+"',
            '"k"',
        )
    ),
    'startsWith(k, "a")',
    'startsWith~(k, "A")',
    'endsWith(k, "b")',
    'endsWith~(k, "B")',
    'stringContains(k, ".")',
    'stringContains~(k, "AB")',
    'stringContains(k, "")',
    "startsWith(k, j)",
    "endsWith~(k, j)",
    "stringContains(k, j)",
    "stringContains~(k, j)",
    *(f"length(k) {each} 1" for each in COMPARISONS),
    'concat(k, j) == "ab"',
    'concat(k, "b") : "a*b"',
    "length(concat(k, j)) > 3",
    "concat(k, j) == null",
    'startsWith(k, "a") == false',
    'endsWith~(k, "B") != true',
    "length(k) in (1, 2, 3)",
    'cidrMatch(a, "10.0.0.0/8", "::/64")',
    'not cidrMatch(a, "10.0.0.0/8")',
    'a == "10.0.0.1"',
    'a in ("10.0.0.1", "::1")',
]
BY_ROW = [
    "x in (0.5, 1)",
    'between(k, "a", "b") == ""',
    'between~(k, "A", "B", true) == "*"',
    "number(k) == 5",
    "number(k, 16) > 4",
    "number(k) == null",
    *(f'v {each} "1.9.0"' for each in COMPARISONS),
    'substring(k, 1) == "b"',
    'substring(k, -1, 3) : "*b"',
    "substring(k, n, m) == null",
    'indexOf(k, "b") == 1',
    'indexOf~(k, "B", n) >= 0',
    'string(n) : "*1"',
    'string(x) == "1.0"',
    'string(b) == "true"',
    'string(d) : "2024*"',
    'concat(k, n, b) : "a*true"',
    "n + 1 == 2",
    "n - m > 0",
    "n * m == 4",
    "n / m == 1",
    "n % m == 1",
    "x / n > 1",
    "x % 2 == 0.5",
    "-n == 1",
    "-x > 0",
    "n / 0 == null",
    'startsWith(k, "a") == null',
    'k regex "~(a.*)"',
    'k regex~ "a.*&.*B"',
]
MOST_ROWS = 2_000


def rows(kinds: list[Kind]) -> list[tuple[Scalar, ...]]:
    """All combinations of values, or evenly spaced ones of them."""
    everything = list(itertools.product(*(VALUES[kind] for kind in kinds)))
    return everything[:: len(everything) // MOST_ROWS + 1]


@pytest.mark.parametrize("text", [*COLUMNAR, *BY_ROW])
def test_verdicts_are_those_of_the_row_evaluator(text: str) -> None:
    for test in cut(text):
        kinds = [KINDS[field.name] for field in fields(test)]
        values = rows(kinds)
        frame = pl.DataFrame(
            [
                pl.Series(str(number), column, dtype=STORAGE[kind])
                for number, (kind, column) in enumerate(zip(kinds, zip(*values, strict=True), strict=True))
            ]
        )
        (verdicts,) = trial.run(frame, [trial.Test.compiled(test, KINDS)])
        assert [row for row, verdict in zip(values, verdicts, strict=True) if verdict != expected(test, row)] == []


@pytest.mark.parametrize("text", COLUMNAR)
def test_has_a_columnar_form(text: str) -> None:
    assert all(compile_test(test, KINDS) is not None for test in cut(text))


@pytest.mark.parametrize("text", BY_ROW)
def test_is_left_to_the_row_evaluator(text: str) -> None:
    assert any(compile_test(test, KINDS) is None for test in cut(text))


def test_several_tests_run_together() -> None:
    tests = [test for text in ('k == "a"', 'k : "A*"', "number(k) == 5") for test in cut(text)]
    frame = pl.DataFrame({"0": ["a", "ab", "5", None]})
    found = trial.run(frame, [trial.Test.compiled(test, KINDS) for test in tests])
    assert [mask.tolist() for mask in found] == [
        [True, False, False, False],
        [True, True, False, False],
        [False, False, True, False],
    ]


def cut(text: str) -> list[Expr]:
    """The tests of a condition, without `and`, `or`, `not` around them."""
    cutter = Cutter()
    cutter.cut(lowered_filter(f"any where {text}"), "event.category")
    assert cutter.tests
    return list(cutter.tests)


def expected(test: Expr, row: tuple[Scalar, ...]) -> bool:
    """What the row evaluator says, with each occurrence of a field under a name of its own."""
    return holds(numbered(test), lambda name: [] if row[int(name)] is None else [row[int(name)]])
