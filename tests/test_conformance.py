"""The published EQL cases, through the public API, on both engines and on any batch split."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import deckwatch as dw
from tests.shared import SHARED, needs_shared

CASES = SHARED / "conformance" / "eql"

IMPOSSIBLE = {
    "test_extra-008": "the data set's mapping turns an explicit null into the text NULL (null_value); "
    "field_types names types and has no place for it",
}

pytestmark = needs_shared


@cache
def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((CASES / name).read_text())
    return content


def _cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("cases_*.json")) if CASES.is_dir() else ():
        for case in _read(path.name)["cases"]:
            reason = IMPOSSIBLE.get(case["id"])
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            yield pytest.param(path.name, case, id=f"{case['id']}-{case['name']}", marks=marks)


def _search(suite: dict[str, Any], case: dict[str, Any], position: str, **how: Any) -> dw.Result:
    data = _read(suite["dataset"])
    return dw.search(
        case["query"],
        data["events"],
        field_types=data["field_types"],
        timestamp_field=suite["timestamp_field"],
        event_category_field=suite["event_category_field"],
        tiebreaker_field=suite["tiebreaker_field"],
        size=50 if case["size"] is None else case["size"],
        result_position=position,
        max_samples_per_key=case.get("max_samples_per_key") or 1,
        **how,
    )


def _ids(suite: dict[str, Any], case: dict[str, Any], result: dw.Result) -> list[Any]:
    field = suite["id_field"]
    if case["kind"] == "event":
        return [event[field] for event in result.events]
    return [[-1 if event is None else event[field] for event in found.events] for found in result.sequences]


def _text(value: object) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(
    ("engine", "batch_events"), [("reference", None), ("columnar", None), ("columnar", 1), ("columnar", 7)]
)
@pytest.mark.parametrize(("name", "case"), list(_cases()))
def test_published_case(name: str, case: dict[str, Any], engine: str, batch_events: int | None) -> None:
    suite = _read(name)
    positions = [case["result_position"]] if case.get("result_position") else ["head", "tail"]
    for position in positions:
        result = _search(suite, case, position, engine=engine, batch_events=batch_events)
        expected = case.get("expected_any_of") or [case["expected_event_ids"]]
        assert _ids(suite, case, result) in expected
        if case["join_keys"] and case["kind"] != "event":
            wanted = [[_text(key) for key in keys] for keys in case["join_keys"]]
            assert [[_text(key) for key in found.join_keys] for found in result.sequences] == wanted
