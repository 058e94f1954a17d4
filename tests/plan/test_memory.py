"""What is remembered of a field's values is what the row evaluator says of them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.nodes import Expr, Scalar, fields
from deckwatch.events.batch import Column
from deckwatch.events.encoding import STORAGE
from deckwatch.plan import memory, texts, trial
from deckwatch.plan.memory import Memory
from deckwatch.plan.texts import TextTests
from deckwatch.plan.views import FieldView
from tests.plan.conditions import KINDS
from tests.plan.test_trial import BY_ROW, COLUMNAR, VALUES, cut, expected

TESTS = [test for text in (*COLUMNAR, *BY_ROW) for test in cut(text) if len(list(fields(test))) == 1]
OF_TEXTS = [test for test in TESTS if next(fields(test)).name == "k"]


def remembered(tests: list[Expr]) -> Memory:
    return Memory({number: trial.Test.compiled(test, KINDS) for number, test in enumerate(tests)})


def view(values: list[Scalar], dtype: pl.DataType) -> FieldView:
    return FieldView(Column(pl.Series(np.arange(len(values), dtype=np.uint32)), pl.Series(values, dtype=dtype)))


@pytest.mark.parametrize("name", KINDS)
def test_verdicts_are_those_of_the_row_evaluator(name: str) -> None:
    tests = [test for test in TESTS if next(fields(test)).name == name]
    values = VALUES[KINDS[name]]
    known = remembered(tests)
    for some in (values[: len(values) // 2], values, values[::-1]):
        verdicts = known.verdicts(view(some, STORAGE[KINDS[name]]), range(len(tests)))
        for number, test in enumerate(tests):
            assert verdicts[number].tolist() == [expected(test, (value,)) for value in some], test


def test_tests_may_be_asked_for_later() -> None:
    known = remembered(OF_TEXTS)
    values = view(VALUES["keyword"], pl.String())
    alone = [known.verdicts(values, [number])[number].tolist() for number in range(len(OF_TEXTS))]
    together = known.verdicts(values, range(len(OF_TEXTS)))
    assert [together[number].tolist() for number in range(len(OF_TEXTS))] == alone


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_what_is_remembered_is_bounded(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_MOST_REMEMBERED", limit)
    known = remembered(OF_TEXTS)
    values = VALUES["keyword"]
    for start in range(len(values)):
        some = values[start : start + 4]
        verdicts = known.verdicts(view(some, pl.String()), range(len(OF_TEXTS)))
        for number, test in enumerate(OF_TEXTS):
            assert verdicts[number].tolist() == [expected(test, (value,)) for value in some]
        assert len(known) <= limit


def test_long_texts_are_judged_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    values = view(VALUES["keyword"], pl.String())
    usual = remembered(OF_TEXTS).verdicts(values, range(len(OF_TEXTS)))
    monkeypatch.setattr(texts, "_MOST_BYTES", 0)
    long = remembered(OF_TEXTS).verdicts(values, range(len(OF_TEXTS)))
    assert all((usual[number] == long[number]).all() for number in range(len(OF_TEXTS)))


def test_words_and_wildcards_are_taken_together() -> None:
    conditions = [
        'k == "a"',
        'k in ("a", "b")',
        'k : "A*"',
        'k like ("*a*", "b")',
        "k == null",
        'k : "*"',
        'k regex "a"',
    ]
    tests = [trial.Test.compiled(test, KINDS) for text in conditions for test in cut(text)]
    assert TextTests(tests).others == [4, 5, 6]


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "ab", "B", "-", None]), max_size=3), max_size=8),
    st.lists(st.lists(st.sampled_from(["a", "b", "ab", "B", "c", None]), max_size=3), max_size=8),
)
def test_lists(first: list[list[str | None]], second: list[list[str | None]]) -> None:
    known = remembered(OF_TEXTS)
    for contents in (first, second, first):
        codes = pl.Series(range(len(contents)), dtype=pl.UInt32)
        field = FieldView(Column(codes, pl.Series(contents, dtype=pl.List(pl.String))))
        verdicts = known.verdicts(field, range(len(OF_TEXTS)))
        for number, test in enumerate(OF_TEXTS):
            elements: list[list[str | None]] = [
                [each for each in content if each is not None] or [None] for content in contents
            ]
            assert verdicts[number].tolist() == [any(expected(test, (each,)) for each in some) for some in elements]
