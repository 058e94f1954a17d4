"""Texts in several regular languages at once."""

import pytest

from deckwatch.eql.lucene_nodes import Complement, Regex
from deckwatch.eql.nodes import Not
from deckwatch.proof.languages import find, language
from tests.proof.build import condition_of


@pytest.mark.parametrize(
    ("required", "refused", "value"),
    [
        pytest.param(['k like "a*b"'], [], "ab", id="wildcard"),
        pytest.param(['k like "a*"', 'k like "*b"'], ['k == "ab"'], "aab", id="not the shortest"),
        pytest.param(['k : "ABC"'], ['k == "abc"'], "abC", id="another case"),
        pytest.param(['k regex "[0-9]{2,}"', 'k like "*7"'], [], "07", id="regex and wildcard"),
        pytest.param(['startsWith(k, "x")', 'endsWith(k, "y")', 'stringContains(k, "z")'], [], "xzy", id="functions"),
        pytest.param(['k in ("a", "b")', 'k != "a"'], [], "b", id="membership"),
    ],
)
def test_the_shortest_text_of_pleasant_characters(required: list[str], refused: list[str], value: str) -> None:
    found = find([_tree(each) for each in required], [_tree(each) for each in refused])
    assert found.value is not None
    assert len(found.value) == len(value)
    assert found.value == value or sorted(found.value.lower()) == sorted(value.lower())


def test_that_there_is_none_is_certain() -> None:
    found = find([_tree('k like "a*"'), _tree('k like "*b"')], [_tree('k regex "a.*b"'), _tree('k == "ab"')])
    assert found.value is None
    assert found.proven


def test_a_search_that_is_cut_off_proves_nothing() -> None:
    found = find([_tree('k regex "[ab]{40}c"')], most=10)
    assert found.value is None
    assert not found.proven


def test_what_is_no_regular_language() -> None:
    assert language(condition_of("length(k) == 3")) is None


def _tree(condition: str) -> Regex:
    expr = condition_of(condition)
    tree = language(expr.operand if isinstance(expr, Not) else expr)
    assert tree is not None
    return Complement(tree) if isinstance(expr, Not) else tree
