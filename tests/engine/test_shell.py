"""What documents have in common."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.engine.paths import leaves, nested
from deckwatch.engine.shell import common

CASES = [
    pytest.param({"a": 1}, {"b": 1}, {}, id="absent-on-one-side"),
    pytest.param({"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 1}, id="equal-primitives"),
    pytest.param({"a": 1, "b": True}, {"a": "1", "b": 1}, {}, id="types-differ"),
    pytest.param({"a": None}, {"a": None}, {"a": None}, id="null-equals-null"),
    pytest.param({"a": {"b": 1, "c": 1}}, {"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, id="objects"),
    pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, {}, id="objects-with-nothing-left"),
    pytest.param({"a": ["x", "y", "x"]}, {"a": ["z", "x"]}, {"a": ["x"]}, id="arrays"),
    pytest.param({"a": ["x"]}, {"a": ["y"]}, {"a": []}, id="arrays-stay-when-empty"),
    pytest.param({"a": "x"}, {"a": ["y", "x"]}, {"a": ["x"]}, id="scalar-and-array"),
    pytest.param({"a": [{"b": 1}]}, {"a": [{"b": 1}]}, {"a": []}, id="members-that-are-objects"),
    pytest.param({"a": {"b": 1}}, {"a": 1}, {}, id="object-and-primitive"),
    pytest.param({"a.b": 1}, {"a.b": 1}, {"a.b": 1}, id="dotted-in-both"),
    pytest.param({"a.b": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}, id="dotted-in-one"),
    pytest.param({"a.b": {"c": 1}}, {"a": {"b.c": 1}}, {"a": {"b": {"c": 1}}}, id="dotted-in-different-places"),
    pytest.param({"": 1, "a": {"": 1}}, {"": 1, "a": {"": 1}}, {"": 1, "a": {"": 1}}, id="empty-keys"),
]

KEYS = st.sampled_from(["a", "b", "a.b", "b.a", "", "."])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["x", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
).map(lambda value: value if isinstance(value, dict) else {"a": value})


@pytest.mark.parametrize(("left", "right", "expected"), CASES)
def test_intersection(left: dict[str, Any], right: dict[str, Any], expected: dict[str, Any]) -> None:
    assert common([left, right]) == expected


@given(DOCUMENTS, DOCUMENTS)
def test_the_intersection_holds_nothing_new(left: dict[str, Any], right: dict[str, Any]) -> None:
    shared = leaves(common([left, right])).keys()
    assert shared <= leaves(left).keys() & leaves(right).keys()
    assert shared == leaves(common([right, left])).keys()


@given(DOCUMENTS)
def test_leaves_and_back(document: dict[str, Any]) -> None:
    once = nested(leaves(document).values())
    assert leaves(once) == {path: leaf for path, leaf in leaves(document).items() if path in leaves(once)}


def test_one_document_is_shared_whole() -> None:
    document = {"a": [{"b": 1}], "c": {}}
    assert common([document]) == document
