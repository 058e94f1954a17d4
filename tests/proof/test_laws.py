"""Laws over random rules: what a proof claims holds on both engines, whatever the rule is."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from deckwatch.engine.detections import Detection
from deckwatch.eql.errors import QueryError
from deckwatch.eql.nodes import EventQuery
from deckwatch.proof.of_events import EventScenarios
from deckwatch.proof.of_sequences import SequenceScenarios
from deckwatch.proof.prove import prove_rule
from deckwatch.proof.run import find
from deckwatch.proof.score import checked
from deckwatch.proof.solver import Solver, Unsolved
from deckwatch.rules.rule import Rule
from tests.engine.random_queries import CONDITIONS, FILTERS, documents, samples, sequences
from tests.proof.build import rule_of

few = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def _rule(query: str) -> Rule:
    try:
        return rule_of(query)
    except QueryError:
        assume(False)
        raise


def _suite(rule: Rule) -> Any:
    query = rule.checked.query
    maker = EventScenarios(rule, query, 0) if isinstance(query, EventQuery) else SequenceScenarios(rule, query, 0)
    return maker.suite(12)


@few
@given(st.one_of(FILTERS, sequences(), samples()))
def test_both_engines_fire_where_they_must_and_nowhere_else(query: str) -> None:
    rule = _rule(query)
    detection = Detection.of_rule(rule)
    for scenario in _suite(rule).scenarios:
        (found,) = find([detection], list(scenario.documents))
        assert found == find([detection], list(scenario.documents), "reference")[0]
        if scenario.fires:
            assert scenario.match in found, (scenario.sort, scenario.about)
        else:
            assert not found, (scenario.sort, scenario.about)


@few
@given(st.one_of(FILTERS, FILTERS, sequences()), documents())
def test_an_equivalent_mutant_finds_what_the_rule_finds(query: str, events: list[dict[str, Any]]) -> None:
    rule = _rule(query)
    proof = prove_rule(rule, mutants=15)
    assume(proof.score is not None)
    assert proof.score is not None
    same = [each.mutant for each in proof.score.judged if each.fate == "equivalent"]
    plain = [{name: value[:1] if isinstance(value, list) else value for name, value in each.items()} for each in events]
    for mutant in same:
        changed = replace(rule, checked=checked(rule, mutant))
        (ours,), (theirs,) = find([Detection.of_rule(rule)], plain), find([Detection.of_rule(changed)], plain)
        assert ours == theirs


@few
@given(CONDITIONS, documents())
def test_no_event_does_what_is_proven_impossible(condition: str, events: list[dict[str, Any]]) -> None:
    rule = _rule(f"any where {condition}")
    query = rule.checked.query
    assert isinstance(query, EventQuery)
    outcome = Solver(rule.checked.fields).solve(query.filter.condition, many=True)
    assume(isinstance(outcome, Unsolved) and outcome.proven)
    assert find([Detection.of_rule(rule)], events, "reference") == [frozenset()]


@few
@given(st.one_of(FILTERS, sequences()), st.integers(0, 3))
def test_the_same_seed_makes_the_same_events(query: str, seed: int) -> None:
    rule = _rule(query)
    random.seed()
    query_tree = rule.checked.query
    made = []
    for _ in range(2):
        maker = (
            EventScenarios(rule, query_tree, seed)
            if isinstance(query_tree, EventQuery)
            else SequenceScenarios(rule, query_tree, seed)
        )
        made.append([scenario.documents for scenario in maker.suite(5).scenarios])
    assert made[0] == made[1]
