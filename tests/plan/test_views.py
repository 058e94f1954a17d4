"""What a test sees of a column: each element once, and the way back to values and events."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.events.batch import Column
from deckwatch.plan.views import FieldView, distinct


def view(codes: list[int | None], values: list[Any], dtype: Any = None) -> FieldView:
    return FieldView(Column(pl.Series(codes, dtype=pl.UInt32), pl.Series(values, dtype=dtype)))


TABLE = [
    pytest.param(view([0, 1, 0], ["a", "b"]), [["a"], ["b"], ["a"]], ["a", "b"], id="single"),
    pytest.param(view([0, None], ["a"]), [["a"], []], ["a", None], id="missing"),
    pytest.param(view([None, None], [], pl.String), [[], []], [None], id="all-missing"),
    pytest.param(view([1, 0, 1], [["a", "b"], ["b"]]), [["b"], ["a", "b"], ["b"]], ["a", "b"], id="lists"),
    pytest.param(view([0, None], [["a", "a", "b"]]), [["a", "b"], []], ["a", "b", None], id="repeated-element"),
    pytest.param(view([0, 1], [["a", None], [None]]), [["a"], []], ["a", None], id="nulls-in-lists"),
    pytest.param(view([0, 1], [[], ["a"]]), [[], ["a"]], ["a", None], id="empty-list"),
    pytest.param(view([0, 1], [1.5, -0.0]), [[1.5], [-0.0]], [1.5, -0.0], id="numbers"),
]


@pytest.mark.parametrize(("field", "events", "elements"), TABLE)
def test_contents_and_elements(field: FieldView, events: list[list[Any]], elements: list[Any]) -> None:
    assert field.python_lists(field.codes) == events
    assert field.elements.to_list() == elements
    assert field.counts.sum() == len(events)


@pytest.mark.parametrize(("field", "events", "elements"), TABLE)
def test_verdicts_travel_from_elements_to_events(
    field: FieldView, events: list[list[Any]], elements: list[Any]
) -> None:
    for wanted in elements:
        verdicts = np.array([element == wanted for element in elements])
        of_events = field.any_element(verdicts)[field.codes].tolist()
        assert of_events == [wanted in (content or [None]) for content in events]


@given(st.lists(st.one_of(st.none(), st.lists(st.sampled_from(["a", "b", "c", None]), max_size=3)), max_size=12))
def test_any_column(events: list[list[str | None] | None]) -> None:
    contents: list[list[str | None]] = []
    codes: list[int | None] = []
    for content in events:
        if content is not None and content not in contents:
            contents.append(content)
        codes.append(None if content is None else contents.index(content))
    field = view(codes, contents, pl.List(pl.String))
    elements = field.elements.to_list()
    assert len(elements) == len(set(elements))
    verdicts = np.array([element == "a" for element in elements], dtype=np.bool_)
    assert field.any_element(verdicts)[field.codes].tolist() == ["a" in (content or []) for content in events]
    assert field.gathered(np.arange(len(events))).to_list() == field.python_lists(field.codes)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_distinct_combinations(rows: list[tuple[int, int, int]]) -> None:
    first, which = distinct([np.array(column, dtype=np.uint32) for column in zip(*rows, strict=True)])
    assert len(first) == len(set(rows))
    assert [rows[first[number]] for number in which] == rows
    assert all(rows.index(rows[place]) == place for place in first)
