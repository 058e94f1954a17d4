"""Rules over a history, measured instead of listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from deckwatch.backtesting.comparison import Comparison
from deckwatch.backtesting.history import History
from deckwatch.backtesting.profile import Profile
from deckwatch.backtesting.results import World, of_rule
from deckwatch.backtesting.sighting import POSITION, Document, sighting
from deckwatch.backtesting.values import Backtest
from deckwatch.engine.scan import Scan
from deckwatch.engine.visibility import TimeRange
from deckwatch.errors import DeckwatchError
from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.reader import EventSource, Reader
from deckwatch.rules.rule import Rule

_RULE_ID = "kibana.alert.rule.rule_id"


def backtest(
    rules: Iterable[Rule],
    events: EventSource,
    *,
    before: Rule | None = None,
    since: int | None = None,
    until: int | None = None,
    dead_letter: Callable[[DeadLetter], None] | None = None,
    on_batch: Callable[[Reader], None] | None = None,
) -> Backtest:
    """What rules would have done in a history: how often they fire, where, on which values, and how noisy that is.

    Memory grows with the number of containers, not with that of alerts; but alerts in which two versions of a rule
    differ are kept.

    Args:
        rules: a `RuleSet`, or any rules.
        events: as for `scan`.
        before: an older version of the one rule, to compare with.
        since: only events at or after this time (nanoseconds since 1970); `until` likewise, exclusive.
        until: see `since`.
        dead_letter: called with every line that is not an event.
        on_batch: called after every batch with the reader, for progress.

    Raises:
        DeckwatchError: the events cannot be opened, or `before` comes with several rules.
    """
    tested = tuple(rules)
    if before is not None and len(tested) != 1:
        raise DeckwatchError(f"a rule is compared with one older version of itself; {len(tested)} rules were given")
    within = TimeRange(since, until)
    history = History(within)
    older = None if before is None else _older(before)
    profiles = {each.rule_id: Profile(each) for each in (*tested, *([older] if older else []))}
    comparison = Comparison()
    scan = Scan(
        events,
        (profile.rule for profile in profiles.values()),
        within=within,
        dead_letter=dead_letter,
        on_batch=on_batch,
        onlooker=history,
    )
    with closing(scan):
        for rule_id, documents in _alerts(scan):
            found = sighting(documents)
            profiles[rule_id].add(found, documents)
            if older is not None:
                comparison.add("before" if rule_id == older.rule_id else "after", found)
    world = World(history)
    change = None
    if before is not None and older is not None:
        change = comparison.result(replace(of_rule(profiles.pop(older.rule_id), world), rule=before))
    results = tuple(of_rule(profile, world) for profile in profiles.values())
    return Backtest(world.period(), results, change, scan.summary)


def _alerts(scan: Scan) -> Iterator[tuple[str, Sequence[Document]]]:
    """The rule_id of each alert, and the documents of its events."""
    blocks: list[Document] = []
    for alert in scan:
        if POSITION in alert:
            blocks.append(alert)
        else:
            yield alert[_RULE_ID], blocks or [alert]
            blocks = []


def _older(rule: Rule) -> Rule:
    """The rule under ids of its own, so that its alerts can be told from those of the newer version."""
    return replace(rule, id=f"{rule.id} before", rule_id=f"{rule.rule_id} before")
