"""Laws: what is told agrees with what the engine does, whatever the query and the events."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

import deckwatch
from deckwatch.cli.explain import plain
from deckwatch.cli.explained import lines
from deckwatch.cli.render import json_line
from deckwatch.engine.detections import Detection
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.check import check
from deckwatch.eql.evaluate import matches
from deckwatch.eql.parser import parse
from deckwatch.events.document import field_values
from deckwatch.events.fields import SchemaWith, field_table
from deckwatch.events.reader import open_events
from deckwatch.explanation.clauses import Reading
from deckwatch.explanation.evidence import MOST_UNMET, Gathering
from deckwatch.explanation.focus import Focus
from deckwatch.explanation.values import Clause
from deckwatch.rules.rule import RuleError
from tests.engine.random_queries import FIELDS, FILTERS, documents, sequences
from tests.rules.build import rule

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def detection_of(query: str) -> Detection:
    return Detection.of(check(parse(query), SchemaWith(FIELDS, field_table()), text=query))


@SETTINGS
@given(query=FILTERS, events=documents())
def test_the_tree_of_an_event_agrees_with_the_engine(query: str, events: list[dict[str, Any]]) -> None:
    detection = detection_of(query)
    reading = Reading(query, "event.category", detection.fields)
    (predicate,) = detection.predicates
    for document in events:
        clause, distance = reading.judge(predicate.filter, document)
        values = {name: field_values(document, name, kind) for name, kind in detection.fields.items()}
        found = matches(predicate.filter, "event.category", values.__getitem__)
        assert (clause.verdict == "true") is (distance == 0) is found
        assert sum(_decisive(clause)) >= min(distance, 1) or distance >= 1_000


@SETTINGS
@given(query=st.one_of(FILTERS, sequences()), events=documents())
def test_distances_of_columns_and_of_rows_agree(query: str, events: list[dict[str, Any]]) -> None:
    detection = detection_of(query)
    gathering = Gathering(detection, TimeRange(), Focus())
    with open_events(events, gathering.fields) as reader:
        for batch in reader:
            gathering.take(batch)
    evidence = gathering.evidence()
    reading = Reading(query, "event.category", detection.fields)
    for number, frame in evidence.near.items():
        near = dict(frame.select("position", "unmet").iter_rows())
        for position, document in enumerate(events):
            _, distance = reading.judge(detection.predicates[number].filter, document)
            assert near.get(position, MOST_UNMET + 1) == min(distance, MOST_UNMET + 1)
    if detection.program is not None:
        assert sum(course.how == "completed" for course in evidence.courses) == len(evidence.found)


@SETTINGS
@given(query=st.one_of(FILTERS, sequences()), events=documents(), about=st.integers(0, 20))
def test_all_of_it_can_be_told(query: str, events: list[dict[str, Any]], about: int) -> None:
    try:
        known = rule(query=query, index=["*"])
    except RuleError:
        assume(False)
    events = [{**each, "_id": str(n)} for n, each in enumerate(events)]
    told = deckwatch.explain(known, events)
    event("attempts" if told.attempts else "judgements" if told.judgements else "nothing")
    scan = deckwatch.scan(events, [known])
    assert all(scan)
    assert told.fired == scan.summary.alerts + scan.summary.repeated
    assert json_line(plain(told))
    assert "\n" not in "".join(line.plain for line in lines(told))
    if about < len(events):
        one = deckwatch.explain(known, events, event=str(about))
        assert {each.event.position for each in one.judgements} == {about}
        assert list(lines(one))


def _decisive(clause: Clause) -> list[bool]:
    return [clause.decisive, *(each for term in clause.terms for each in _decisive(term))]
