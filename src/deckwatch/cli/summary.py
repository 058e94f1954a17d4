"""What a scan did, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deckwatch.cli.letters import malformed
from deckwatch.cli.render import escaped, number_of

if TYPE_CHECKING:
    from deckwatch import RuleSet, Summary
    from deckwatch.events.deadletter import DeadLetter


def paragraph(summary: Summary, rules: RuleSet, first: DeadLetter | None, letters: str | None) -> Iterator[str]:
    """Some lines: alerts by rule, events, what was left out and why.

    `first` is the first malformed line, `letters` the file that has all of them.
    """
    yield number_of(summary.alerts, "alert")
    yield from by_rule(summary.hits, rules)
    yield f"{_events(summary)} in {summary.seconds:,.1f} s ({_rate(summary)})"
    if first is not None:
        yield malformed(summary.malformed, first, letters)
    if summary.undated:
        yield f"{number_of(summary.undated, 'event')} without a time took no part in sequences"
    if summary.suppressed_self:
        yield f"{number_of(summary.suppressed_self, 'alert')} withheld: their rule had made one of their events"
    yield counted(rules)


def one_line(summary: Summary, rules: RuleSet) -> str:
    """The same as one line."""
    parts = (
        number_of(summary.alerts, "alert"),
        f"{_events(summary)} ({_rate(summary)})",
        number_of(summary.malformed, "malformed line"),
        counted(rules),
    )
    return "; ".join(parts)


def counted(rules: RuleSet) -> str:
    """How many rules there are, and how many are not."""
    loaded, faults = number_of(len(rules), "rule"), number_of(len(rules.faults), "fault")
    return f"{loaded} loaded, {len(rules.skipped):,} skipped, {faults}"


def by_rule(hits: Mapping[str, int], rules: RuleSet) -> Iterator[str]:
    """A line for each rule that made alerts, the one with most first."""
    made = [(hits[rule.rule_id], rule) for rule in rules if hits[rule.rule_id]]
    for count, rule in sorted(made, key=lambda pair: -pair[0]):
        yield f"{count:>7,}  {rule.severity:<8}  {escaped(rule.name)}"


def _events(summary: Summary) -> str:
    return f"{number_of(summary.events, 'event')} read"


def _rate(summary: Summary) -> str:
    return f"{summary.events / max(summary.seconds, 1e-9):,.0f} events/s"
