"""Samples: which events are chosen, in which order, and how much is kept."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.nodes import EventFilter, Field, Literal, SampleQuery, Stage
from deckwatch.sequences.records import Key, SnapshotError, key_order
from deckwatch.sequences.samples import SampleCollector, compile_sample, find_samples
from deckwatch.sequences.steps import Predicate

TRUE = Literal(True)


@pytest.mark.parametrize(
    ("items", "per_key", "expected"),
    [
        pytest.param(["1 2", "1"], 1, ["2 1"], id="an-event-serves-one-item"),
        pytest.param(["1", "1"], 1, [], id="no-two-different-events"),
        pytest.param(["1 2", "3"], 1, ["1 3"], id="one-sample-by-default"),
        pytest.param(["1 2", "3"], 2, ["1 3", "2 3"], id="two-samples"),
        pytest.param(["1 2", "1 2"], 5, ["1 2", "2 1"], id="depth-first"),
        pytest.param(["1", ""], 1, [], id="an-item-without-events"),
        pytest.param(["1 2 3", "1 2", "1"], 1, ["3 2 1"], id="searches-back"),
    ],
)
def test_choice(items: list[str], per_key: int, expected: list[str]) -> None:
    hits = [[(token, ("h",)) for token in tokens.split()] for tokens in items]
    found = find_samples(hits, size=10, max_samples_per_key=per_key)
    assert [(sample.key, " ".join(map(str, sample.events))) for sample in found] == [
        (("h",), each) for each in expected
    ]


def test_keys_ascend_null_first_and_size_limits_all() -> None:
    keys: list[Key] = [("b", 2), ("é", None), (None, 1), ("b", None), ("Z", 1), ("b", 10), ("b", True), ("b", 2.5)]
    hits = [
        [(number, key) for number, key in enumerate(keys)],
        [(number + 100, key) for number, key in enumerate(keys)],
    ]
    ascending = [(None, 1), ("Z", 1), ("b", None), ("b", True), ("b", 2), ("b", 2.5), ("b", 10), ("é", None)]
    assert [sample.key for sample in find_samples(hits)] == ascending
    assert [sample.key for sample in find_samples(hits, size=3)] == ascending[:3]


def test_collector_keeps_no_more_than_it_can_need() -> None:
    collector = SampleCollector(items=3, max_samples_per_key=2)
    for token in range(100_000):
        collector.add(0, ("k",), token)
    assert len(collector.snapshot()) < 50


def test_dead_ends_are_bounded() -> None:
    many = [(token, ("k",)) for token in range(10_000)]
    few = [(token, ("k",)) for token in (-1, -2, -3)]
    assert find_samples([many, few, few, few, few], size=10, max_samples_per_key=1000) == []


KEYS: tuple[Key, ...] = (("a",), (None,))


@given(
    hits=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(KEYS), st.integers(0, 5)), unique=True, max_size=40),
    per_key=st.integers(1, 3),
    restart=st.integers(0, 40),
)
def test_collector_agrees_with_exhaustive_search(hits: list[tuple[int, Key, int]], per_key: int, restart: int) -> None:
    collector = SampleCollector(3, per_key)
    for number, (item, key, token) in enumerate(hits):
        if number == restart:
            collector = SampleCollector.restore(collector.snapshot(), 3, per_key)
        collector.add(item, key, token)
    expected: list[tuple[Key, tuple[int, ...]]] = []
    for key in sorted(KEYS, key=key_order):
        choices = [[token for item, at, token in hits if (item, at) == (wanted, key)] for wanted in range(3)]
        capped = [tokens[: 3 * per_key] for tokens in choices]
        expected += [(key, events) for events in product(*capped) if len(set(events)) == 3][:per_key]
    assert collector.samples() == expected


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        pytest.param(b"", "cannot read the saved state of a sample", id="empty"),
        pytest.param(
            b"\x92\x81\x91\xa1k\x92\x90\x90\x80", "the saved state is of a sample without 3 items", id="another-sample"
        ),
    ],
)
def test_unusable_snapshot_says_so(snapshot: bytes, message: str) -> None:
    with pytest.raises(SnapshotError, match=message):
        SampleCollector.restore(snapshot, 3)


def test_compiled_keys_are_global_then_own() -> None:
    host, own = Field("host.name"), Field("user.name", optional=True)
    item = Stage(EventFilter("process", TRUE), by=(own,))
    program = compile_sample(SampleQuery((item, item), by=(host,)))
    assert program.predicates == (Predicate(EventFilter("process", TRUE), (host, own)),) * 2
