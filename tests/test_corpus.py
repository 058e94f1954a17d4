"""Every published rule loads and runs, and columns find what rows find."""

from __future__ import annotations

import gzip
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest

import deckwatch as dw
from deckwatch.events.reader import EventSource
from tests.corpus_documents import made_for
from tests.shared import SHARED, needs_shared

RULES = SHARED / "corpus" / "elastic-rules"
TELEMETRY = SHARED / "telemetry"
ATTACKS, BENIGN = TELEMETRY / "attacks.ndjson", TELEMETRY / "benign.ndjson.gz"

pytestmark = needs_shared

Detections: TypeAlias = Counter[tuple[str, tuple[str, ...]]]
"""How often each rule found each event, or each sequence of events."""


@cache
def corpus() -> dw.RuleSet:
    return dw.load_rules(RULES)


@pytest.fixture(scope="module")
def rules() -> list[dw.Rule]:
    """All rules, each reading every stream: the recordings are of two streams only, which few rules name."""
    return [replace(rule, index=("*",)) for rule in corpus()]


@pytest.fixture(scope="module")
def made(rules: list[dw.Rule]) -> list[dict[str, Any]]:
    """Documents made of what the rules ask for."""
    chance = random.Random(415)
    return [document for rule in rules for document in made_for(rule, chance)]


@pytest.fixture(scope="module")
def attacks() -> list[dict[str, Any]]:
    with ATTACKS.open() as lines:
        return [json.loads(line) for line in lines]


def detections(events: EventSource, rules: Iterable[dw.Rule], **how: Any) -> Detections:
    """What a scan finds, without what differs from run to run; also that its summary adds up."""
    scan = dw.scan(events, rules, **how)
    groups: dict[str, tuple[str, list[str]]] = {}
    shells = 0
    for alert in scan:
        rule, group = alert["kibana.alert.rule.rule_id"], alert.get("kibana.alert.group.id")
        if group is None or "kibana.alert.group.index" in alert:
            groups.setdefault(group or alert["kibana.alert.uuid"], (rule, []))[1].append(
                alert["kibana.alert.original_event.id"]
            )
        else:
            shells += 1
    summary = scan.summary
    assert summary.lines == summary.events + summary.blank + summary.malformed
    assert summary.documents == shells + sum(len(events) for _, events in groups.values())
    return Counter((rule, tuple(events)) for rule, events in groups.values())


def test_every_rule_loads() -> None:
    assert len(corpus()) == 415 == len({rule.rule_id for rule in corpus()})
    assert not corpus().faults
    assert not corpus().skipped


def test_every_rule_reads_streams_that_can_be_named() -> None:
    assert all(rule.index for rule in corpus())


def test_every_kind_of_query_is_among_them() -> None:
    kinds = Counter(type(rule.checked.query).__name__ for rule in corpus())
    assert kinds.keys() == {"EventQuery", "SequenceQuery"} or kinds["SampleQuery"]
    assert kinds["SequenceQuery"] > 50


def test_engines_agree_on_recorded_events(rules: list[dw.Rule], attacks: list[dict[str, Any]]) -> None:
    some = attacks[::3]
    columnar = detections(some, rules)
    assert columnar == detections(some, rules, engine="reference")
    assert len({rule for rule, _ in columnar}) > 10


def test_engines_agree_on_events_made_for_the_rules(rules: list[dw.Rule], made: list[dict[str, Any]]) -> None:
    """Each rule over the documents made for it and its neighbours; all over all would take minutes by rows."""
    found: set[str] = set()
    size = 20
    for first in range(0, len(rules), size):
        some = rules[first : first + size]
        wanted = {rule.rule_id for rule in some}
        near = [document for document in made if document["event.id"].split(":")[0] in wanted]
        columnar = detections(near, some)
        assert columnar == detections(near, some, engine="reference")
        found |= {rule for rule, _ in columnar}
    assert len(found) > 300


def test_company_and_batches_do_not_matter(rules: list[dw.Rule], made: list[dict[str, Any]], tmp_path: Path) -> None:
    """All rules together over all made documents, as JSON lines and in batches of any size, find the same."""
    path = tmp_path / "made.ndjson"
    path.write_text("".join(json.dumps(document) + "\n" for document in made))
    together = detections(made, rules)
    assert together == detections(path, rules)
    assert together == detections(path, rules, batch_events=700)
    parts = [detections(made, rules[start::4]) for start in range(4)]
    assert together == sum(parts, Counter())


@pytest.mark.slow
def test_all_rules_over_both_recordings(rules: list[dw.Rule]) -> None:
    found = detections([ATTACKS, BENIGN], rules)
    assert found == detections([BENIGN, ATTACKS], rules, batch_events=5_000)


@pytest.mark.slow
def test_engines_agree_on_more_recorded_events(rules: list[dw.Rule], attacks: list[dict[str, Any]]) -> None:
    """All recorded attacks and the first 12,000 of 28,834 benign events: about three minutes by rows."""
    with gzip.open(BENIGN, "rt") as lines:
        events = [*attacks, *map(json.loads, itertools.islice(lines, 12_000))]
    assert detections(events, rules) == detections(events, rules, engine="reference")
