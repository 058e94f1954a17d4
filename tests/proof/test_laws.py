"""Laws over random rules: what a proof claims holds on both engines, whatever the rule is."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import islice, product
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from deckwatch.engine.detections import Detection
from deckwatch.eql.errors import QueryError
from deckwatch.eql.nodes import EventQuery
from deckwatch.events.document import leaves
from deckwatch.proof.of_events import EventScenarios
from deckwatch.proof.of_sequences import SequenceScenarios
from deckwatch.proof.prove import prove_rule
from deckwatch.proof.run import find
from deckwatch.proof.score import checked, score
from deckwatch.proof.solver import Solver, Unsolved
from deckwatch.rules.rule import Rule
from tests.engine.random_queries import FIELDS, FILTERS, PLAIN, documents, samples, sequences
from tests.proof.build import rule_of
from tests.proof.contradictions import CONTRADICTIONS

few = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def _rule(query: str) -> Rule:
    try:
        return rule_of(query)
    except QueryError:
        assume(False)
        raise


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    """An event with at most one value in each field, but for its category, of which real events have several too."""
    first = {name: next(leaves(event, name), None) for name in FIELDS}
    return {name: event[name] for name in ("@timestamp", "event.category")} | first


def _unsolved(condition: str) -> bool:
    """Whether it is proven that no event fulfils a condition."""
    try:
        checked = rule_of(f"any where {condition}").checked
    except QueryError:
        return False
    assert isinstance(checked.query, EventQuery)
    outcome = Solver(checked.fields).solve(checked.query.filter.condition, many=True)
    return isinstance(outcome, Unsolved) and outcome.proven


def _finds_nothing(condition: str, events: list[dict[str, Any]]) -> None:
    """A condition holds in none of these events, and in none with any of the usual values in its fields."""
    rule = rule_of(f"any where {condition}")
    plain = {name: [None, *PLAIN[name.rpartition(".")[2]]] for name in sorted(rule.checked.fields) if name in FIELDS}
    every = [dict(zip(plain, values, strict=True)) for values in islice(product(*plain.values()), 300)]
    assert find([Detection.of_rule(rule)], [*events, *every], "reference") == [frozenset()]


def _maker(rule: Rule, seed: int = 0) -> EventScenarios | SequenceScenarios:
    query = rule.checked.query
    return EventScenarios(rule, query, seed) if isinstance(query, EventQuery) else SequenceScenarios(rule, query, seed)


@few
@example("sequence with maxspan=4ms [ any where startsWith(k, string(b)) ] ![ any where b ]")
@example("sequence with maxspan=4ms [ any where b ] ![ any where startsWith(k, string(b)) ]")
@given(st.one_of(FILTERS, sequences(), samples()))
def test_both_engines_fire_where_they_must_and_nowhere_else(query: str) -> None:
    rule = _rule(query)
    detection = Detection.of_rule(rule)
    for scenario in _maker(rule).suite(12).scenarios:
        (found,) = find([detection], list(scenario.documents))
        assert found == find([detection], list(scenario.documents), "reference")[0]
        if scenario.fires:
            assert scenario.match in found, (scenario.sort, scenario.about)
        else:
            assert not found, (scenario.sort, scenario.about)


@few
@example("sample by k [ any where true ] [ any where true ]")
@example('sample by k [ any where k == "a" ] [ any where true ]')
@example("sequence [ q where n > 0 ] by ?k [ q where n > 0 ] by ?j")
@given(st.one_of(FILTERS, sequences(), samples()))
def test_what_is_shown_for_one_scenario_is_shown_among_all_of_them(query: str) -> None:
    proof = prove_rule(_rule(query), mutants=0)
    assert [each.scenario for each in proof.tried if not each.passed] == []
    assert [each.name for each in proof.variants if not each.fired] == []
    assert proof.agreed


@few
@example(
    'sequence by ?d with maxspan=9ms [ p where true ] with runs=2 [ any where true ] until [ q where k == "b" ]',
    [
        {"@timestamp": 0, "event.category": "p"},
        {"@timestamp": 1, "event.category": "p", "k": "b"},
        {"@timestamp": 2, "event.category": "p"},
    ],
)
@given(st.one_of(FILTERS, FILTERS, sequences()), documents())
def test_an_equivalent_mutant_finds_what_the_rule_finds(query: str, events: list[dict[str, Any]]) -> None:
    rule = _rule(query)
    maker = _maker(rule)
    suite = maker.suite(5)
    assume(suite.scenarios)
    judged = score(rule, suite, maker, 15)[0].judged
    same = [each.mutant for each in judged if each.fate == "equivalent"]
    changed = [replace(rule, checked=checked(rule, mutant)) for mutant in same]
    ours, *theirs = find(list(map(Detection.of_rule, [rule, *changed])), [_plain(each) for each in events])
    assert {mutant.change: found for mutant, found in zip(same, theirs, strict=True) if found != ours} == {}


@few
@given(CONTRADICTIONS.filter(_unsolved), documents())
def test_no_event_does_what_is_proven_impossible(condition: str, events: list[dict[str, Any]]) -> None:
    _finds_nothing(condition, events)


@few
@given(st.one_of(FILTERS, sequences()), st.integers(0, 3))
def test_the_same_seed_makes_the_same_events(query: str, seed: int) -> None:
    rule = _rule(query)
    random.seed()
    made = [[scenario.documents for scenario in _maker(rule, seed).suite(5).scenarios] for _ in range(2)]
    assert made[0] == made[1]
