"""Real rules: nothing crashes, and what is found is what was reviewed."""

from collections import Counter

import pytest

from deckwatch.lint.run import lint, selected
from deckwatch.rules.load import load_rules
from tests.shared import SHARED, needs_shared

REVIEWED = {
    "costly-pattern": 5,
    "duplicate-member": 96,
    "literal-wildcard": 16,
    "loose-placeholder": 1,
    "name-behind-path": 1,
    "no-maxspan": 2,
    "redundant-clause": 21,
    "subsumed-member": 84,
    "subsumed-rule": 2,
    "trailing-missing": 1,
    "unused-transform": 1,
}
CONVENTIONS = {
    "repository-guide": 7,
    "repository-license": 1,
    "repository-sequence-timestamp": 28,
    "repository-triage": 1,
}
"""Findings by code, as docs/lint-review.md judges them. A change here wants another look at the rules it is about."""


@needs_shared
@pytest.mark.slow
def test_the_corpus() -> None:
    rules = load_rules(SHARED / "corpus" / "elastic-rules")
    found = lint(rules, selected(profile="detection-rules"))
    assert all(finding.line and (finding.column or finding.span is None) for finding in found)
    counts = dict(sorted(Counter(finding.code for finding in found).items()))
    assert {code: count for code, count in counts.items() if not code.startswith("repository-")} == REVIEWED
    assert {code: count for code, count in counts.items() if code.startswith("repository-")} == CONVENTIONS
