"""What exceptions would do to past alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from deckwatch.engine.marks import UUID, Marks, Verdict
from deckwatch.engine.reporter import Alert
from deckwatch.engine.scan import Scan
from deckwatch.engine.summary import Summary
from deckwatch.engine.visibility import TimeRange
from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.reader import EventSource, Reader
from deckwatch.rules.rule import Rule

_RULE = "kibana.alert.rule.rule_id"
_POSITION = "kibana.alert.group.index"
_AFTER = " with exceptions"
NO_MARKS = Marks({}, {"true": 0, "false": 0})


@dataclass(frozen=True, slots=True)
class Changed:
    """An alert that exceptions remove or bring about; of a sequence its shell, with the building blocks."""

    alert: Mapping[str, Any]
    blocks: tuple[Mapping[str, Any], ...]
    mark: Verdict | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The alerts of a rule without and with some exceptions, over the same events.

    `removed` and `added` hold the first of them, and all that an analyst had marked true; `removals` counts all by
    their mark. A sequence counts once. `additions`: sequences that only come about because events are removed.
    `missed`: alerts marked true that the events at hand do not lead to, with or without exceptions. `excepted`: by
    item, events that satisfied a filter of the rule and were removed; `by_stage` for each stage, and for `until`.
    """

    alerts: int
    removed: tuple[Changed, ...]
    added: tuple[Changed, ...]
    removals: Mapping[Verdict | None, int]
    additions: int
    missed: int
    excepted: Mapping[str, int]
    by_stage: Mapping[str, Sequence[int]]
    summary: Summary

    @property
    def lost(self) -> int:
        """Alerts that would be removed although they are marked true."""
        return self.removals.get("true", 0)


def preview(
    before: Rule,
    after: Rule,
    events: EventSource,
    *,
    marks: Marks = NO_MARKS,
    most: int = 20,
    within: TimeRange | None = None,
    dead_letter: Callable[[DeadLetter], None] | None = None,
    on_batch: Callable[[Reader], None] | None = None,
) -> Preview:
    """Run a rule with two sets of exceptions over the same events; suppression is left out of it.

    Args:
        before: the rule with the exceptions it has.
        after: the same rule with those it would have.
        events: as for `scan`.
        marks: what analysts found of past alerts.
        most: keep so many of the removed and of the added alerts.
        within: only events in this range of time.
        dead_letter: called with every line that is not an event.
        on_batch: called after every batch with the reader, for progress.

    Raises:
        DeckwatchError: the events cannot be opened.
    """
    rules = [_renamed(after), _plain(before)]
    scan = Scan(events, rules, within=within or TimeRange(), dead_letter=dead_letter, on_batch=on_batch)
    comparison = _Comparison(marks, most)
    with closing(scan) as alerts:
        for changed, is_after in _whole(alerts, rules[0].rule_id):
            comparison.add(changed, is_after=is_after)
    return comparison.result(scan.summary, rules[0].rule_id)


def _renamed(after: Rule) -> Rule:
    """The rule under another `rule_id`, so that its alerts can be told apart; their ids stay those of the rule."""
    plain = _plain(after)
    return replace(plain, rule_id=plain.rule_id + _AFTER)


def _plain(rule: Rule) -> Rule:
    return replace(
        rule, parameters={key: value for key, value in rule.parameters.items() if key != "alert_suppression"}
    )


def _whole(alerts: Iterator[Alert], rule_id: str) -> Iterator[tuple[tuple[Alert, tuple[Alert, ...]], bool]]:
    """Alerts with their building blocks, and whether they are of the rule with the exceptions."""
    blocks: list[Alert] = []
    for alert in alerts:
        if _POSITION in alert:
            blocks.append(alert)
        else:
            yield (alert, tuple(blocks)), alert[_RULE] == rule_id
            blocks = []


class _Comparison:
    """Tells what both rules find from what one of them does.

    Of an event, and of all sequences, the alerts of the rule with the exceptions come first.
    """

    def __init__(self, marks: Marks, most: int) -> None:
        self._marks = marks
        self._most = most
        self._waiting: dict[str, list[tuple[Alert, tuple[Alert, ...]]]] = {}
        self._removed: list[Changed] = []
        self._removals: Counter[Verdict | None] = Counter()
        self._alerts = 0
        self._met = 0

    def add(self, found: tuple[Alert, tuple[Alert, ...]], *, is_after: bool) -> None:
        alert, blocks = found
        if is_after:
            self._waiting.setdefault(alert[UUID], []).append(found)
            return
        self._alerts += 1
        mark = self._marks.of(alert)
        self._met += mark == "true"
        if same := self._waiting.get(alert[UUID]):
            same.pop()
            if not same:
                del self._waiting[alert[UUID]]
        else:
            self._removals[mark] += 1
            if len(self._removed) < self._most or mark == "true":
                self._removed.append(Changed(alert, blocks, mark))

    def result(self, summary: Summary, rule_id: str) -> Preview:
        added = [
            Changed(alert, blocks, self._marks.of(alert)) for each in self._waiting.values() for alert, blocks in each
        ]
        met = self._met + sum(each.mark == "true" for each in added)
        return Preview(
            alerts=self._alerts,
            removed=tuple(self._removed),
            added=tuple(added[: self._most]),
            removals=dict(self._removals),
            additions=len(added),
            missed=max(self._marks.counts["true"] - met, 0),
            excepted=summary.excepted.get(rule_id, {}),
            by_stage=summary.excepted_by_stage.get(rule_id, {}),
            summary=summary,
        )
