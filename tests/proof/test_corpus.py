"""Every published rule: events made from it alone make it fire, and its near misses leave it silent."""

from __future__ import annotations

from collections import Counter

import pytest

import deckwatch as dw
from deckwatch.eql.nodes import EventQuery
from deckwatch.proof.prove import Proof, prove_rule
from tests.shared import SHARED, needs_shared

RULES = SHARED / "corpus" / "elastic-rules"

pytestmark = needs_shared


def _sound(proof: Proof) -> bool:
    """At least one event or sequence fires, and no near miss does; on both engines."""
    fired = any(each.passed for each in proof.tried if each.scenario.fires)
    silent = all(each.passed for each in proof.tried if not each.scenario.fires)
    return fired and silent and proof.agreed


@pytest.mark.slow
def test_nearly_every_published_rule_is_proven() -> None:
    proofs = [prove_rule(rule, mutants=0) for rule in dw.load_rules(RULES)]
    of = Counter(isinstance(proof.rule.checked.query, EventQuery) for proof in proofs)
    sound = Counter(isinstance(proof.rule.checked.query, EventQuery) for proof in proofs if _sound(proof))
    rest = [f"{proof.rule.name}: {[gap.reason for gap in proof.gaps]}" for proof in proofs if not _sound(proof)]
    assert len(proofs) == 415
    assert sound[True] >= 0.85 * of[True], rest
    assert sound[False] >= 0.75 * of[False], rest
    unsolved = [gap for proof in proofs for gap in proof.gaps if not gap.certain]
    assert len(unsolved) < 10, [f"{gap.about}: {gap.reason}" for gap in unsolved]


def test_some_published_rules_are_proven_whole() -> None:
    rules = sorted(dw.load_rules(RULES / "network"), key=lambda rule: len(rule.query))[:4]
    proofs = [prove_rule(rule, mutants=200) for rule in rules]
    assert [proof.rule.name for proof in proofs if not proof.proven] == []
    assert all(proof.score and proof.score.value >= 0.95 for proof in proofs)
