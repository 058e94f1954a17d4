"""What of an event an alert can hold."""

from typing import Any

import pytest

from deckwatch.engine.conformance import MAX_DEPTH, conforming

KEPT = [
    pytest.param({"mine": {"any": [1, {"x": None}]}, "other": []}, id="unknown-fields"),
    pytest.param({"process": {"pid": "12", "name": ["a", 1]}}, id="numbers-as-text-and-arrays"),
    pytest.param({"source": {"ip": ["::1", "10.0.0.1"], "geo": {"location": {"lat": 1, "lon": 2}}}}, id="ip-and-geo"),
    pytest.param({"process.interactive": "true", "@timestamp": 5}, id="boolean-and-date"),
    pytest.param({"labels": {"a": "b"}, "process": {"name": None}, "event": {}}, id="objects-and-null"),
    pytest.param({"email": {"attachments": [{"file": {"size": 3}}]}}, id="nested"),
    pytest.param({"file": {"pe": {"imports": {"any": {"thing": 1}}}}}, id="flattened"),
]
CUT = [
    pytest.param({"process": {"pid": "twelve", "name": "a"}}, {"process": {"name": "a"}}, id="no-number"),
    pytest.param({"source": {"ip": ["::1", "localhost"]}}, {"source": {"ip": ["::1"]}}, id="members-one-by-one"),
    pytest.param({"event": {"created": "yesterday"}}, {}, id="emptied-containers-go"),
    pytest.param({"process.interactive": "maybe"}, {}, id="no-boolean"),
    pytest.param({"process": {"name": {"first": "a"}}}, {}, id="object-for-a-leaf"),
    pytest.param({"process": "sh", "host": ["h"], "labels": 1}, {}, id="leaf-for-an-object"),
    pytest.param({"process.name.first": "a", "process": {"name.first": 1}}, {}, id="below-a-leaf"),
    pytest.param({"email": {"attachments": ["a"]}}, {}, id="scalar-in-nested"),
    pytest.param({"process": {"pid": [["x"], [1, "y"]]}}, {"process": {"pid": [[1]]}}, id="arrays-in-arrays"),
]


@pytest.mark.parametrize("document", KEPT)
def test_kept(document: dict[str, Any]) -> None:
    assert conforming(document) == document


@pytest.mark.parametrize(("document", "expected"), CUT)
def test_cut(document: dict[str, Any], expected: dict[str, Any]) -> None:
    assert conforming(document) == expected


def test_bottomless_documents_end_somewhere() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5 * MAX_DEPTH):
        deep = {"x": deep}
    assert conforming({"x": deep, "a": 1}) == {"a": 1}
