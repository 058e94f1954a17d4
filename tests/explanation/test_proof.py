"""Every near miss that the founding rules are proven with is explained by what was changed in it."""

from collections.abc import Iterator

import pytest

import deckwatch
from deckwatch import Explanation, Rule
from deckwatch.explanation.values import Attempt, Clause, Judgement
from deckwatch.proof.prove import prove_rule
from deckwatch.proof.scenario import Scenario

RULES = list(deckwatch.founding_rules())


def decisive(clause: Clause) -> Iterator[str]:
    if clause.decisive:
        yield clause.text
    for term in clause.terms:
        yield from decisive(term)


def reasons(told: Explanation) -> Iterator[str]:
    """What the nearest miss is said to fail by: clauses, key fields, time, or stages that nothing came near to."""
    match told.nearest:
        case Judgement(clause=clause):
            yield from decisive(clause)
        case Attempt(events=events, candidates=candidates):
            for candidate in candidates:
                yield from decisive(candidate.judgement.clause)
                yield from (difference.field for difference in candidate.differences)
                yield from ["time"] * bool(candidate.timing)
            if None in events and {each.stage for each in candidates} == set():
                yield "absent"


def is_named(scenario: Scenario, rule: Rule, told: Explanation) -> bool:
    """A changed clause, or the member of its list that was, and nothing but it; other changes by their sort."""
    assert scenario.place is not None
    written = " ".join(rule.query[scenario.place.start : scenario.place.end].split())
    found = set(reasons(told))
    clauses = {each for each in found if written in each or scenario.about == each}
    return bool(clauses) or found in ({"time"}, {"absent"}) or (found == set() and "absent" in scenario.about)


@pytest.mark.parametrize("rule", RULES, ids=["sequence", "event"])
def test_near_misses_of_the_proof_are_named(rule: Rule) -> None:
    near = [each.scenario for each in prove_rule(rule, mutants=0).tried if each.scenario.sort == "near miss"]
    assert len(near) > 5
    unnamed = []
    for scenario in near:
        told = deckwatch.explain(rule, list(scenario.documents))
        assert told.fired == 0
        if not is_named(scenario, rule, told):
            unnamed.append((scenario.about, list(reasons(told))))
    assert unnamed == []
