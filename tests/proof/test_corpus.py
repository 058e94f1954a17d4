"""Every published rule: events made from it alone make it fire, and its near misses leave it silent."""

from __future__ import annotations

import pytest

import deckwatch as dw
from deckwatch.proof.prove import prove_rule
from tests.shared import SHARED, needs_shared

RULES = SHARED / "corpus" / "elastic-rules"

pytestmark = needs_shared


@pytest.mark.slow
def test_every_published_rule_is_proven() -> None:
    proofs = [prove_rule(rule, mutants=0) for rule in dw.load_rules(RULES)]
    assert len(proofs) == 415
    assert [proof.rule.name for proof in proofs if not proof.proven] == []
    unsolved = [gap for proof in proofs for gap in proof.gaps if not gap.certain]
    assert len(unsolved) < 10, [f"{gap.about}: {gap.reason}" for gap in unsolved]


def test_some_published_rules_are_proven_whole() -> None:
    rules = sorted(dw.load_rules(RULES / "network"), key=lambda rule: len(rule.query))[:4]
    proofs = [prove_rule(rule, mutants=200) for rule in rules]
    assert [proof.rule.name for proof in proofs if not proof.proven] == []
    assert all(proof.score and proof.score.value >= 0.95 for proof in proofs)
