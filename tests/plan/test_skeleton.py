"""Which parts a condition is cut into."""

from __future__ import annotations

import pytest

from deckwatch.plan.skeleton import All, AnyOf, Constant, Cutter, Inverse, Joint, Part, Single, Verdict, single_tests
from tests.plan.conditions import lowered_filter


def cut(*filters: str) -> tuple[Cutter, list[str]]:
    cutter = Cutter()
    return cutter, [shown(cutter.cut(lowered_filter(text), "event.category")) for text in filters]


def shown(part: Part) -> str:
    match part:
        case Constant(value=value):
            return str(value).lower()
        case Single(field=field, verdict=verdict):
            return f"{field}:{_verdict(verdict)}"
        case Joint(fields=fields, test=test):
            return f"({','.join(fields)}):{test}"
        case Inverse(part=inner):
            return f"not {shown(inner)}"
        case All(parts=parts):
            return f"all[{'; '.join(map(shown, parts))}]"
        case AnyOf(parts=parts):
            return f"any[{'; '.join(map(shown, parts))}]"


def _verdict(verdict: Verdict) -> str:
    if isinstance(verdict, int):
        return str(verdict)
    connective, terms = verdict
    return f"{connective}({','.join(map(_verdict, terms))})"


TABLE = [
    pytest.param("any where true", "true", id="true"),
    pytest.param("any where false", "false", id="false"),
    pytest.param("any where ?nothing == 1", "false", id="null"),
    pytest.param("p where true", "all[event.category:0; true]", id="category-alone"),
    pytest.param('any where k == "a"', "k:0", id="one-test"),
    pytest.param('p where k == "a"', "all[event.category:0; k:1]", id="category-and-test"),
    pytest.param('p where event.category == "q"', "event.category:and(0,1)", id="category-twice"),
    pytest.param('any where k == "a" and n == 1', "all[k:0; n:1]", id="two-fields"),
    pytest.param('any where k == "a" or n == 1', "any[k:0; n:1]", id="either-of-two-fields"),
    pytest.param('any where k == "a" and k : "b*"', "k:and(0,1)", id="one-field-twice"),
    pytest.param('any where k == "a" or k : "b*" or n == 1', "any[k:or(0,1); n:2]", id="those-of-a-field-together"),
    pytest.param('any where not k == "a"', "k:not(0)", id="not"),
    pytest.param('any where k != "a"', "k:not(0)", id="unequal"),
    pytest.param('any where not (k == "a" and k : "b*")', "k:not(and(0,1))", id="not-of-one-field"),
    pytest.param('any where not (k == "a" or n == 1)', "not any[k:0; n:1]", id="not-of-two-fields"),
    pytest.param('any where (k == "a" and n == 1) and k : "b*"', "all[k:and(0,2); n:1]", id="nested-and"),
    pytest.param('any where (k == "a" and n == 1) or k : "b*"', "any[k:2; all[k:0; n:1]]", id="and-in-or"),
    pytest.param('any where (k == "a" or n == 1) and k : "b*"', "all[k:2; any[k:0; n:1]]", id="or-in-and"),
    pytest.param("any where startsWith(k, j)", "(k,j):0", id="two-fields-in-a-test"),
    pytest.param('any where concat(k, k) == "aa"', "(k,k):0", id="a-field-twice-in-a-test"),
    pytest.param('any where startsWith(k, j) and k == "a"', "all[k:1; (k,j):0]", id="joint-and-single"),
    pytest.param("any where not startsWith(k, j)", "not (k,j):0", id="not-joint"),
    pytest.param('any where length(k) == 1 and k == "a"', "k:and(0,1)", id="function-of-one-field"),
    pytest.param("any where k == null or k != null", "k:or(0,not(0))", id="equal-tests-once"),
]


@pytest.mark.parametrize(("text", "parts"), TABLE)
def test_parts(text: str, parts: str) -> None:
    _, (found,) = cut(text)
    assert found == parts


def test_equal_tests_and_parts_of_different_conditions_are_shared() -> None:
    cutter = Cutter()
    first, second, third = (
        cutter.cut(lowered_filter(text), "event.category")
        for text in ('any where k == "a"', 'any where k == "a"', 'any where k == "b"')
    )
    assert first is second is not third
    assert len(cutter.tests) == 2


def test_values_that_python_takes_for_equal_are_told_apart() -> None:
    cutter, parts = cut("any where x == 1", "any where b == true", "any where n == 1")
    assert len(cutter.tests) == len(set(parts)) == 3


@pytest.mark.parametrize(
    ("text", "tests"),
    [
        pytest.param("any where true", set(), id="constant"),
        pytest.param('any where k == "a" and (n == 1 or not k : "b*")', {("k", 0), ("n", 1), ("k", 2)}, id="nested"),
        pytest.param('any where not (k == "a" or n == 1)', {("k", 0), ("n", 1)}, id="inverse"),
        pytest.param("any where startsWith(k, j) and n == 1", {("n", 1)}, id="joint-is-none"),
    ],
)
def test_tests_on_single_fields(text: str, tests: set[tuple[str, int]]) -> None:
    assert set(single_tests(Cutter().cut(lowered_filter(text), "event.category"))) == tests
