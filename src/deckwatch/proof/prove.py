"""The proof of a rule: events made from it alone, what it and its mutants make of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from deckwatch.engine.detections import Detection
from deckwatch.engine.reporter import Reporter
from deckwatch.eql.nodes import EventQuery
from deckwatch.proof.of_events import EventScenarios
from deckwatch.proof.of_sequences import SequenceScenarios
from deckwatch.proof.run import Findings, outcomes
from deckwatch.proof.scenario import Gap, Scenario, Sort, Suite
from deckwatch.proof.score import Score, score
from deckwatch.proof.variants import Variant, variants
from deckwatch.rules.exceptions.link import NO_EXCEPTIONS
from deckwatch.rules.rule import Rule

MOST_WAYS = 400
"""Of one filter: events for which it is true, and as many for which it is just false."""

MOST_MUTANTS = 1000


@dataclass(frozen=True, slots=True)
class Tried:
    """A scenario, and whether the rule did what it must."""

    scenario: Scenario
    passed: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a rule.

    `tried`: every scenario. `gaps`: the parts of the rule for which no event was made. `left_out`: how many more
    scenarios there would be. `variants` are of the first scenario on which the rule fires. `agreed`: the reference
    engine found the same in all scenarios. `score` is None where mutants were not asked for.
    """

    rule: Rule
    tried: tuple[Tried, ...]
    gaps: tuple[Gap, ...]
    left_out: int
    variants: tuple[Variant, ...]
    agreed: bool
    score: Score | None

    def of(self, sort: Sort) -> list[Tried]:
        """The scenarios of one sort."""
        return [each for each in self.tried if each.scenario.sort == sort]

    @property
    def proven(self) -> bool:
        """Whether the rule fires at all, and did what it must in every scenario and variant, on both engines."""
        return (
            any(each.scenario.fires for each in self.tried)
            and all(each.passed for each in self.tried)
            and all(each.fired for each in self.variants)
            and self.agreed
        )


def prove(rules: Iterable[Rule], *, seed: int = 0, mutants: int = MOST_MUTANTS) -> Iterator[Proof]:
    """The proof of every rule, one after the other.

    Args:
        rules: a `RuleSet`, or any rules.
        seed: for the values that a rule leaves open.
        mutants: how many changed rules to try at most; 0: none.
    """
    for rule in rules:
        yield prove_rule(rule, seed=seed, mutants=mutants)


def prove_rule(rule: Rule, *, seed: int = 0, mutants: int = MOST_MUTANTS) -> Proof:
    """The proof of one rule; see `prove`. Its exceptions are left out: they are about somebody's events."""
    rule = replace(rule, exceptions=NO_EXCEPTIONS)
    query = rule.checked.query
    maker = EventScenarios(rule, query, seed) if isinstance(query, EventQuery) else SequenceScenarios(rule, query, seed)
    suite = maker.suite(MOST_WAYS)
    scored: Score | None = None
    if mutants and suite.scenarios:
        scored, added = score(rule, suite, maker, mutants)
        suite.scenarios += added
    (detection,) = Reporter([rule]).detections()
    found, agreed = _found(detection, suite)
    tried = tuple(Tried(each, each.is_borne_out(matches)) for each, matches in zip(suite.scenarios, found, strict=True))
    first = next((each.scenario for each in tried if each.scenario.fires and each.passed), None)
    return Proof(
        rule=rule,
        tried=tried,
        gaps=tuple(suite.gaps),
        left_out=suite.left_out,
        variants=() if first is None else variants(detection, first),
        agreed=agreed,
        score=scored,
    )


def _found(detection: Detection, suite: Suite) -> tuple[list[Findings], bool]:
    """What the rule finds in each scenario, and whether both engines say so."""
    (found,) = outcomes([detection], suite.scenarios, apart=suite.apart)
    (again,) = outcomes([detection], suite.scenarios, apart=suite.apart, engine="reference")
    return found, found == again
