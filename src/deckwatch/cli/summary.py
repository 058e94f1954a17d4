"""What a scan did, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deckwatch.cli.letters import malformed
from deckwatch.cli.render import escaped, number_of

if TYPE_CHECKING:
    from deckwatch import RuleSet, Status, Summary
    from deckwatch.events.deadletter import DeadLetter


_NAMED = 3
"""Of the exceptions that removed most events."""


def paragraph(summary: Summary, rules: RuleSet, first: DeadLetter | None, letters: str | None) -> Iterator[str]:
    """Some lines: alerts by rule, events, what was left out and why.

    `first` is the first malformed line, `letters` the file that has all of them.
    """
    yield alerts(summary)
    yield from by_rule(summary.hits, summary.suppressed, rules)
    yield f"{_events(summary)} in {summary.seconds:,.1f} s ({_rate(summary)})"
    if first is not None:
        yield malformed(summary.malformed, first, letters)
    if summary.undated:
        yield f"{number_of(summary.undated, 'event')} without a time took no part in sequences"
    if summary.suppressed_self:
        yield f"{number_of(summary.suppressed_self, 'alert')} withheld: their rule had made one of their events"
    if summary.repeated:
        yield f"{number_of(summary.repeated, 'alert')} not repeated: the input holds their events twice"
    yield from excepted(summary, rules)
    yield from limits(summary, rules)
    yield counted(rules)


def one_line(summary: Summary, rules: RuleSet) -> str:
    """The same as one line."""
    parts = (
        alerts(summary),
        f"{_events(summary)} ({_rate(summary)})",
        number_of(summary.malformed, "malformed line"),
        *excepted(summary, rules),
        *limits(summary, rules),
        counted(rules),
    )
    return "; ".join(parts)


def counted(rules: RuleSet) -> str:
    """How many rules there are, and how many are not; and exceptions, if there are any."""
    loaded, faults = number_of(len(rules), "rule"), number_of(len(rules.faults), "fault")
    items = sum(len(each.items) for each in rules.exception_lists)
    exceptions = f", {number_of(items, 'exception')}" * bool(items)
    return f"{loaded} loaded, {len(rules.skipped):,} skipped, {faults}{exceptions}"


def alerts(done: Summary | Status) -> str:
    """How many alerts there are, and how many more these stand for."""
    suppressed = sum(done.suppressed.values())
    return number_of(done.alerts, "alert") + f" and {suppressed:,} more suppressed" * bool(suppressed)


def excepted(done: Summary | Status, rules: RuleSet) -> Iterator[str]:
    """How many events exceptions kept from rules, and which of these most."""
    counts = Counter[str]()
    for of_rule in done.excepted.values():
        counts.update(of_rule)
    if removed := counts.total():
        names = {item.item_id: item.name for each in rules.exception_lists for item in each.items}
        most = [
            f"{count:,} by {escaped(names.get(name, name))!r}" for name, count in counts.most_common(_NAMED) if count
        ]
        yield f"{number_of(removed, 'event')} removed by exceptions: {', '.join(most)}"


def limits(summary: Summary, rules: RuleSet) -> Iterator[str]:
    """What bounds of what is held or reported have cost."""
    if summary.cut_short:
        yield f"{number_of(summary.cut_short, 'group')} of suppressed alerts ended early: too many were open at once"
    for rule in rules:
        if runs := summary.full_runs.get(rule.rule_id):
            left = number_of(summary.over_limit[rule.rule_id], "alert")
            reached = f"{escaped(rule.name)} reached its limit of {number_of(rule.max_signals, 'alert')}"
            yield f"{reached} in {number_of(runs, 'run')}, {left} not reported"


def by_rule(hits: Mapping[str, int], suppressed: Mapping[str, int], rules: RuleSet) -> Iterator[str]:
    """A line for each rule that made alerts, the one with most first."""
    made = [(hits[rule.rule_id], rule) for rule in rules if hits[rule.rule_id]]
    for count, rule in sorted(made, key=lambda pair: -pair[0]):
        more = suppressed.get(rule.rule_id, 0)
        yield f"{count:>7,}  {rule.severity:<8}  {escaped(rule.name)}" + f", {more:,} more suppressed" * bool(more)


def _events(summary: Summary) -> str:
    return f"{number_of(summary.events, 'event')} read"


def _rate(summary: Summary) -> str:
    return f"{summary.events / max(summary.seconds, 1e-9):,.0f} events/s"
