"""One meaning: columns and rows, any batch split, any order of files, any company of rules give the same results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import deckwatch as dw
from tests.engine.random_queries import FIELDS, QUERIES, documents, samples, sequences
from tests.rules.build import rule

SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
TIEBREAKERS = st.sampled_from([None, "n", "x", "k"])

KNOWN = {"k": "process.name", "j": "file.name", "n": "process.pid", "b": "process.interactive", "o.p": "user.id"}
"""Fields that rules know, for those of the random queries."""

STAGE = st.sampled_from(
    [
        'process.name : "a*"',
        "process.pid > 0",
        "process.interactive",
        "true",
        "startsWith(file.name, process.name)",
        'file.name in~ ("A", "b")',
        'not process.name == "a"',
        'length(process.name) == 1 or file.name regex "[ab]+"',
    ]
)
ONE_RULE = st.one_of(
    st.builds("any where {}".format, STAGE),
    st.builds("p where {} or {}".format, STAGE, STAGE),
    st.builds("sequence by process.name with maxspan=5ms [any where {}] [any where {}]".format, STAGE, STAGE),
    st.builds("sequence by process.pid [p where {}] [any where {}] until [q where true]".format, STAGE, STAGE),
    st.builds("sample by process.name [any where {}] [any where {}]".format, STAGE, STAGE),
)


def _found(query: str, events: Any, **how: Any) -> dw.Result:
    return dw.search(query, events, field_types=FIELDS, size=1000, max_samples_per_key=2, **how)


@SETTINGS
@given(query=QUERIES, events=documents(), tiebreaker=TIEBREAKERS)
def test_columns_and_rows_agree(query: str, events: list[dict[str, Any]], tiebreaker: str | None) -> None:
    found = _found(query, events, tiebreaker_field=tiebreaker)
    event("something" if found.events or found.sequences else "nothing")
    assert found == _found(query, events, tiebreaker_field=tiebreaker, engine="reference")


@settings(SETTINGS, max_examples=60)
@given(query=QUERIES, events=documents(), size=st.integers(1, 5))
def test_any_batch_split_gives_the_same(query: str, events: list[dict[str, Any]], size: int) -> None:
    assert _found(query, events, batch_events=size) == _found(query, events)


@settings(SETTINGS, max_examples=60)
@given(query=QUERIES, events=documents(8))
def test_json_lines_mean_what_documents_mean(query: str, events: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(each) + "\n" for each in events))
    assert _found(query, path) == _found(query, events)


@settings(SETTINGS, max_examples=40)
@given(query=st.one_of(sequences(), samples()), events=documents(), seed=st.randoms(use_true_random=False))
def test_arrival_does_not_matter_where_time_decides(query: str, events: list[dict[str, Any]], seed: Any) -> None:
    dated = [{**each, "@timestamp": moment} for moment, each in enumerate(events)]
    shuffled = seed.sample(dated, len(dated))
    found, again = _found(query, dated), _found(query, shuffled)
    if query.startswith("sample"):  # which of several samples of a key are kept is a matter of arrival
        assert [each.join_keys for each in found.sequences] == [each.join_keys for each in again.sequences]
    else:
        assert found == again


@settings(SETTINGS, max_examples=40)
@given(queries=st.lists(ONE_RULE, min_size=2, max_size=6), events=documents())
def test_rules_do_not_disturb_each_other(queries: list[str], events: list[dict[str, Any]]) -> None:
    renamed = [{KNOWN.get(name, name): value for name, value in each.items() if name != "o"} for each in events]
    together = _alert_ids(queries, renamed)
    assert together == [ids for query in queries for ids in _alert_ids([query], renamed)]
    assert together == _alert_ids(queries, renamed, engine="reference", batch_events=3)


def _alert_ids(queries: Sequence[str], events: list[dict[str, Any]], **how: Any) -> list[set[str]]:
    """The ids of each rule's alerts. Equal rules have different ids, and so have their alerts."""
    rules = [rule(rule_id=query, id=query, query=query, index=["*"]) for query in queries]
    found: dict[str, set[str]] = {query: set() for query in queries}
    for alert in dw.scan(events, rules, **how):
        found[alert["kibana.alert.rule.rule_id"]].add(alert["kibana.alert.uuid"])
    return [found[query] for query in queries]


@pytest.mark.parametrize("query", ["sequence by k with maxspan=1s [any where true] [any where true]", "any where true"])
def test_the_order_of_input_files_does_not_matter(query: str, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("b.ndjson", "a.ndjson", "c.ndjson")]
    for number, path in enumerate(paths):
        events = [{"@timestamp": time, "k": "a", "file": number} for time in (3 - number, 5, 9 + number)]
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
    results = [dw.search(query, order, field_types=FIELDS, size=100) for order in (paths, paths[::-1], [tmp_path])]
    assert results[0] == results[1] == results[2]
    assert results[0].events or results[0].sequences
