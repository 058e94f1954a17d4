"""What conditions mean, event by event: the tables of the specification."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.check import check
from deckwatch.eql.evaluate import MOST_CHOICES, evaluate_constant, matches, outcomes
from deckwatch.eql.functions import SIGNATURES, find_function
from deckwatch.eql.nodes import Arithmetic, Comparison, EventQuery, Field, Literal, Scalar
from deckwatch.eql.parser import parse, parse_expression
from deckwatch.eql.scalars import FUNCTIONS
from tests.eql.mapping import SCHEMA

Event = Mapping[str, Any]


def holds(text: str, event: Event) -> bool:
    """Whether a condition, or a whole query, is true for an event of single values, lists and nothing."""
    query = check(parse(text if " where " in text else f"any where {text}"), SCHEMA, text=text)
    assert isinstance(query.query, EventQuery)

    def values(name: str) -> list[Scalar]:
        found = event.get(name)
        return [each for each in (found if isinstance(found, list) else [found]) if each is not None]

    return matches(query.query.filter, query.category_field, values)


MISSING = ({}, {"f": None}, {"f": []}, {"f": [None]})


@pytest.mark.parametrize(
    ("condition", "of_a", "of_b", "of_missing"),
    [
        pytest.param(condition, *verdicts, id=condition)
        for condition, *verdicts in [
            ('f == "a"', True, False, False),
            ('f != "a"', False, True, True),
            ('not f : "a*"', False, True, True),
            ('f not in ("a")', False, True, True),
            ('not f like "a*"', False, True, True),
            ("f == null", False, False, True),
            ("f != null", True, True, False),
            ("length(f) == 1", True, True, False),
            ("length(f) != 1", False, False, True),
            ("length(f) == null", False, False, True),
            ('f like "*"', True, True, False),
            ('f : "*"', True, True, False),
            ('startsWith(f, "")', True, True, False),
            ('endsWith(f, "")', True, True, False),
            ('(f == "a") == null', False, False, True),
            ('string(f == "a") == "false"', False, True, False),
            ('f == "a" or f == "b"', True, True, False),
            ('not (f == "a" and f != null)', False, True, True),
        ]
    ],
)
def test_two_valued_leaves(condition: str, of_a: bool, of_b: bool, of_missing: bool) -> None:
    assert [holds(condition, {"f": "a"}), holds(condition, {"f": "b"})] == [of_a, of_b]
    assert [holds(condition, event) for event in MISSING] == [of_missing] * len(MISSING)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(condition, expected, id=condition)
        for condition, expected in [
            ("n > 5", False),
            ("not n > 5", True),
            ("(n > 5) == null", True),
            ("(n > 5) == false", True),
            ("b", False),
            ("not b", True),
            ("b == false", False),
            ("b != true", True),
            ("n + 1 == 2", False),
            ("n + 1 == null", True),
        ]
    ],
)
def test_missing(condition: str, expected: bool) -> None:
    assert holds(condition, {}) is expected


def test_empty_text_is_a_value() -> None:
    assert holds('f == "" and f != null and length(f) == 0', {"f": ""})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(condition, expected, id=condition)
        for condition, expected in [
            ('f == "a"', True),
            ('f : "A"', True),
            ('f like "b*"', True),
            ('f in ("z", "b")', True),
            ('f regex "[ab]"', True),
            ('f != "a"', False),
            ('f == "a" and f == "b"', True),
            ("n > 100 and n < 200", True),
            ("f == null", False),
            ("f != null", True),
            ('f not in ("a")', False),
            ('concat(f, f) == "ab"', True),
            ('concat(f, f) == "ba"', True),
            ('concat(f, f) != "aa"', False),
            ("n - n == 250", True),
            ("length(f) > 0 and length(f) < 2", True),
            ("concat(f, g) == null", True),
            ('indexOf(f, "a") == null', True),
            ('indexOf(f, "a") == 0', True),
            ('string(n) : ("50", "7")', True),
            ("((n > 100) == true) and ((n < 200) == true)", True),
            ("(n > 100) == false", False),
        ]
    ],
)
def test_several_values(condition: str, expected: bool) -> None:
    assert holds(condition, {"f": ["a", "b"], "n": [50, 300]}) is expected


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        pytest.param("process", True, id="one"),
        pytest.param(["file", "process"], True, id="any of several"),
        pytest.param("Process", False, id="case counts"),
        pytest.param([], False, id="none"),
    ],
)
def test_category(categories: object, expected: bool) -> None:
    assert holds("process where true", {"event.category": categories}) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(condition, expected, id=condition)
        for condition, expected in [
            ('f == "bäsh"', False),
            ('f in ("bäsh")', False),
            ('f like "bä*"', False),
            ('f regex "bä.*"', False),
            ('f >= "a"', False),
            ('f : "bäsh"', True),
            ('f in~ ("bäsh")', True),
            ('f like~ "bä*"', True),
            ('f regex~ "bä.*"', True),
            ('f : "BÄSH"', False),
            ('f in~ ("BÄSH")', False),
            ('startsWith(f, "bä")', False),
            ('startsWith~(f, "BÄ")', True),
            ('endsWith~(f, "SH")', True),
            ('stringContains~(f, "ÄS")', True),
            ('indexOf~(f, "ÄSH") == 1', True),
            ('between~(f, "b", "H") == "äS"', True),
        ]
    ],
)
def test_case(condition: str, expected: bool) -> None:
    assert holds(condition, {"f": "BäSh"}) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("a*", True, id="star at the end"),
        pytest.param("*\\\\x?y\\n*", True, id="backslash is literal, stars take line ends"),
        pytest.param("a", False, id="the whole value"),
        pytest.param("a?b*", False, id="one character exactly"),
        pytest.param("a%", False, id="percent is literal"),
        pytest.param("**", True, id="only stars"),
    ],
)
def test_wildcards(pattern: str, expected: bool) -> None:
    assert holds(f'f like "{pattern}"', {"f": "ab\\x*y\nz"}) is expected


@pytest.mark.parametrize(
    ("condition", "event", "expected"),
    [
        pytest.param('v > "1.5.0"', {"v": "1.11.3"}, True, id="versions by number"),
        pytest.param('v < "1.0.0"', {"v": "1.0.0-rc.1"}, True, id="prerelease"),
        pytest.param('v == "1.2.4"', {"v": "1.2.4"}, True, id="equal version"),
        pytest.param('f > "1.5.0"', {"f": "1.11.3"}, False, id="text by character"),
        pytest.param('ip == "10.0.0.0/8"', {"ip": "10.1.2.3"}, True, id="address in block"),
        pytest.param('ip != "10.1.2.3"', {"ip": "10.1.2.3"}, False, id="address"),
        pytest.param('ip in ("::1", "10.1.2.3")', {"ip": "10.1.2.3"}, True, id="address in list"),
        pytest.param('cidrMatch(ip, "10.6.48.157/8")', {"ip": ["8.8.8.8", "10.1.2.3"]}, True, id="any address"),
        pytest.param('string(cidrMatch(ip, "10.0.0.0/8")) : "true"', {"ip": "10.1.2.3"}, True, id="text of a test"),
        pytest.param("@timestamp > 1", {"@timestamp": 1_999_999}, False, id="still that millisecond"),
        pytest.param('@timestamp == "1970-01-01"', {"@timestamp": 5}, True, id="that day"),
        pytest.param(
            'string(@timestamp) == "1970-01-01T00:00:00.001Z"', {"@timestamp": 1_000_000}, True, id="date text"
        ),
        pytest.param("n == 4.5", {"n": 4}, False, id="no integer is a fraction"),
        pytest.param("n > 4.5", {"n": 5}, True, id="integer above a fraction"),
        pytest.param("n / m == 3", {"n": 7, "m": 2}, True, id="integer division"),
        pytest.param("66.0 / n == 1", {"n": 66}, True, id="double division"),
        pytest.param("1 / n == 1", {"n": [0, 1]}, True, id="a choice without a value is skipped"),
        pytest.param("1 / n == 1", {"n": 0}, False, id="division by zero is not true"),
        pytest.param("number(f) == 17", {"f": "x"}, False, id="no number is not true"),
        pytest.param("subtract(n, m) == 0", {"n": 7, "m": 7}, True, id="two fields"),
        pytest.param("stringContains~(f, g)", {"f": "Command", "g": "MAND"}, True, id="one field in another"),
        pytest.param("f == 5", {"f": "5"}, True, id="keyword and number"),
        pytest.param("d == 1", {"d": 1.0}, True, id="double and integer"),
    ],
)
def test_kinds(condition: str, event: Event, expected: bool) -> None:
    assert holds(condition, event) is expected


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param(expression, value, id=expression)
        for expression, value in [
            ("add(1, 2.5)", 3.5),
            ("subtract(1, 3)", -2),
            ("multiply(2, 3)", 6),
            ("divide(-7, 2)", -3),
            ("divide(30, 4.0)", 7.5),
            ("modulo(-10, 6)", -4),
            ('between("a[b]c]d", "[", "]")', "b"),
            ('between("a[b]c]d", "[", "]", true)', "b]c"),
            ('between("a[b", "[", "]")', ""),
            ('between("]a[b", "[", "]", true)', ""),
            ('between("abc", "", "c")', "abc"),
            ('between("", "a", "c")', ""),
            ('between~("İxAby", "XA", "Y")', "b"),
            ('between("abc", "a", "c", null)', None),
            ('concat("a", 1, 4.0, true)', "a14.0true"),
            ('concat("a")', "a"),
            ('concat("a", null)', None),
            ('endsWith("abc", "")', True),
            ('startsWith("abc", "ab")', True),
            ('startsWith("abc", null)', None),
            ('stringContains("abc", "bc")', True),
            ('stringContains("abc", "")', False),
            ('stringContains("", "a")', False),
            ('indexOf("banana", "an")', 1),
            ('indexOf("banana", "an", 2)', 3),
            ('indexOf("banana", "an", -5)', 1),
            ('indexOf("banana", "x")', None),
            ('indexOf("abc", "")', 0),
            ('indexOf("abc", "", 2)', 2),
            ('indexOf("abc", "", 99)', 3),
            ('length("äb")', 2),
            ('substring("abcdef", -3)', "def"),
            ('substring("abcdef", 1, -1)', "bcde"),
            ('substring("abcdef", 4, 2)', ""),
            ('substring("abcdef", 99)', ""),
            ("string(42)", "42"),
            ("string(42.5)", "42.5"),
            ("string(null)", None),
            ('number("0xff")', 255),
            ('number("0xff", 16)', 255),
            ('number("ff", 16)', 255),
            ('number("0xff", null)', 255),
            ('number("31", 13)', 40),
            ('number("42.5")', 42.5),
            ('number("1e3")', 1000.0),
            ('number(" 1337 ")', 1337.0),
            ('number("+7")', 7),
            ('number("-zz", 36)', -1295),
            ('number("9223372036854775808")', 2.0**63),
            ("number(null)", None),
        ]
    ],
)
def test_functions(expression: str, value: Scalar) -> None:
    found = evaluate_constant(parse_expression(expression), expression)
    assert (type(found), found) == (type(value), value)


def test_every_function_is_there_and_found_in_any_case() -> None:
    assert len(SIGNATURES) == 16
    assert {signature.name for signature in SIGNATURES} == FUNCTIONS.keys() - {"dateText"}
    assert [find_function(signature.name.upper()) for signature in SIGNATURES] == [*SIGNATURES]
    assert find_function("dateText") is None


def test_choices_are_bounded() -> None:
    width = 300
    condition = Comparison("==", Arithmetic("+", Field("n"), Field("n")), Literal(10**9))
    found = list(outcomes(condition.left, lambda _: range(width)))
    assert len(found) == MOST_CHOICES < width * width
    total = " + ".join(["n"] * 12)
    assert not holds(f"{total} == -1", {"n": list(range(50))})


@given(
    first=st.lists(st.integers(-3, 3), max_size=3),
    second=st.lists(st.integers(-3, 3), max_size=3),
    operator=st.sampled_from("+-*/%"),
    constant=st.integers(-4, 4),
)
def test_a_leaf_is_true_when_some_choice_is(first: list[int], second: list[int], operator: str, constant: int) -> None:
    condition = f"n {operator} m == {constant}"
    some = any(holds(condition, {"n": n, "m": m}) for n, m in product(first, second))
    assert holds(condition, {"n": first, "m": second}) is some
    assert holds(f"not ({condition})", {"n": first, "m": second}) is not some
