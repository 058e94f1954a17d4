from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.types import Kind
from deckwatch.events.document import content_hash, document_id, field_values, index_name, leaves, unwrap

keys = st.sampled_from(["a", "b", "c"])
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.text("xy", max_size=2)
documents = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=12,
    ),
)
paths = st.lists(keys, min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("document", "name", "kind", "values"),
    [
        pytest.param({"process": {"parent": {"name": "sh"}}}, "process.parent.name", "keyword", ["sh"], id="nested"),
        pytest.param({"process.parent.name": "sh"}, "process.parent.name", "keyword", ["sh"], id="dotted"),
        pytest.param({"process": {"parent.name": "sh"}}, "process.parent.name", "keyword", ["sh"], id="nested dotted"),
        pytest.param({"process.parent": {"name": "sh"}}, "process.parent.name", "keyword", ["sh"], id="dotted nested"),
        pytest.param({"a.b": 1, "a": {"b": 2}}, "a.b", "long", [1, 2], id="both spellings"),
        pytest.param({"a": {"b": 2}, "a.b": 1}, "a.b", "long", [2, 1], id="both spellings in document order"),
        pytest.param({"a": [{"b": 1}, {"b": [2, 3]}, {}, 4]}, "a.b", "long", [1, 2, 3], id="array of objects"),
        pytest.param({"a": [1, [2, [3, []]], 1]}, "a", "long", [1, 2, 3, 1], id="arrays in arrays"),
        pytest.param({"a": [None, "x", 5, {"b": 1}]}, "a", "long", [5], id="what is no value is dropped"),
        pytest.param({"a": {"b": 1}}, "a", "keyword", [], id="object is no value"),
        pytest.param({"a": "x"}, "a.b", "keyword", [], id="value is no object"),
        pytest.param({"a": None}, "a", "keyword", [], id="null"),
        pytest.param({"a": []}, "a", "keyword", [], id="empty array"),
        pytest.param({}, "a", "keyword", [], id="absent"),
        pytest.param({"a": ""}, "a", "keyword", [""], id="empty text"),
        pytest.param({"@timestamp": 1}, "@timestamp", "date", [1_000_000], id="coerced"),
    ],
)
def test_field_values(document: dict[str, Any], name: str, kind: Kind, values: list[object]) -> None:
    assert field_values(document, name, kind) == values


def test_leaves_are_what_json_has() -> None:
    assert list(leaves({"a": [None, {"b": 1}, [1.5]]}, "a")) == [None, {"b": 1}, 1.5]


def test_arrays_nest_to_any_depth() -> None:
    value: object = 1
    for _ in range(100_000):
        value = [value]
    assert field_values({"a": value}, "a", "long") == [1]


def dotted(node: Any, choose: random.Random) -> Any:
    """The same document, where some objects with one key are merged into the key above them."""
    if isinstance(node, list):
        return [dotted(item, choose) for item in node]
    if not isinstance(node, dict):
        return node
    merged: dict[str, Any] = {}
    for key, value in node.items():
        below = dotted(value, choose)
        match below:
            case dict() if len(below) == 1 and choose.random() < 0.7:
                [(rest, inner)] = below.items()
                merged[f"{key}.{rest}"] = inner
            case _:
                merged[key] = below
    return merged


@given(document=documents, name=paths, choose=st.randoms(use_true_random=False))
def test_dotted_spelling_changes_nothing(document: dict[str, Any], name: str, choose: random.Random) -> None:
    assert field_values(dotted(document, choose), name, "keyword") == field_values(document, name, "keyword")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({"a": 1}, ({"a": 1}, None, None), id="bare"),
        pytest.param({"_index": "i", "_id": "7", "_source": {"a": 1}}, ({"a": 1}, "i", "7"), id="envelope"),
        pytest.param(
            {"_index": "i", "_id": "7", "_score": 1, "fields": {"a": [2]}, "_source": {"a": 1}},
            ({"a": 1}, "i", "7"),
            id="search hit",
        ),
        pytest.param({"_index": "i", "a": 1}, ({"_index": "i", "a": 1}, "i", None), id="kept envelope"),
        pytest.param({"_source": "x"}, ({"_source": "x"}, None, None), id="source is no object"),
        pytest.param({"_index": 1, "_id": "", "_source": {}}, ({}, None, None), id="envelope without names"),
    ],
)
def test_unwrap(document: dict[str, Any], expected: tuple[dict[str, Any], str | None, str | None]) -> None:
    assert unwrap(document) == expected


@pytest.mark.parametrize(
    ("document", "envelope", "expected"),
    [
        pytest.param({"event": {"id": "e1"}}, "x9", "x9", id="envelope first"),
        pytest.param({"event": {"id": "e1"}}, None, "e1", id="event id"),
        pytest.param({"event.id": ["e1"]}, None, "e1", id="event id in an array"),
    ],
)
def test_document_id(document: dict[str, Any], envelope: str | None, expected: str) -> None:
    assert document_id(document, envelope) == expected


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"a": 1}, id="no event id"),
        pytest.param({"event": {"id": ["e1", "e2"]}}, id="several event ids"),
        pytest.param({"event": {"id": ""}}, id="empty event id"),
    ],
)
def test_document_id_of_the_content(document: dict[str, Any]) -> None:
    assert document_id(document, None) == content_hash(document)


def test_content_hash_is_that_of_canonical_json() -> None:
    # printf '{"a":[1,"\\u00e9"],"b":null}' | sha256sum
    expected = "e6ad993c7a569e941cdd65aa57c817cb74d20d9877b15dfc8cc0ac151c74785d"
    assert content_hash({"b": None, "a": [1, "é"]}) == expected


def test_content_hash_of_a_lone_surrogate() -> None:
    assert content_hash(json.loads('{"a": "\\ud800"}')) != content_hash({"a": "?"})


def _deep(innermost: Any) -> dict[str, Any]:
    value = innermost
    for _ in range(5_000):
        value = {"x": [value], "b": 1}
    return {"a": value}


def test_content_hash_of_a_deep_document() -> None:
    assert content_hash(_deep({"k": 1, "l": 2})) == content_hash(_deep({"l": 2, "k": 1}))
    assert len({content_hash(_deep(value)) for value in (1, "1", [1], [], {}, {"1": None}, ["{1"], None)}) == 8


@given(document=documents, choose=st.randoms(use_true_random=False))
def test_content_hash_ignores_key_order(document: dict[str, Any], choose: random.Random) -> None:
    def shuffled(node: Any) -> Any:
        match node:
            case Mapping():
                return {key: shuffled(node[key]) for key in choose.sample(list(node), len(node))}
            case list():
                return [shuffled(item) for item in node]
            case _:
                return node

    assert content_hash(shuffled(document)) == content_hash(document)


@pytest.mark.parametrize(
    ("document", "envelope", "stream"),
    [
        pytest.param({}, ".ds-logs-a-default-2026.03.02-000001", "logs-a-default", id="backing index"),
        pytest.param({"event": {"dataset": "b"}}, "logs-a-default", "logs-a-default", id="index first"),
        pytest.param(
            {"data_stream": {"type": "metrics", "dataset": "a.b", "namespace": "prod"}, "event": {"dataset": "c"}},
            None,
            "metrics-a.b-prod",
            id="data stream",
        ),
        pytest.param({"data_stream.dataset": "a"}, None, "logs-a-default", id="data stream with the usual rest"),
        pytest.param({"event": {"dataset": ["c", "d"]}}, None, "logs-c-default", id="dataset"),
        pytest.param({"event": {"dataset": ""}}, None, None, id="empty dataset"),
        pytest.param({"data_stream": {"type": "logs", "namespace": "prod"}}, None, None, id="no dataset"),
        pytest.param({"process": {"name": "sh"}}, None, None, id="nothing"),
    ],
)
def test_index_name(document: dict[str, Any], envelope: str | None, stream: str | None) -> None:
    assert index_name(document, envelope) == stream
