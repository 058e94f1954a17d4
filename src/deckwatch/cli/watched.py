"""How a watch is doing, in words: for the line below the alerts, and for the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rich.text import Text

from deckwatch.cli.letters import malformed
from deckwatch.cli.render import escaped, number_of
from deckwatch.cli.summary import alerts, by_rule, counted, excepted
from deckwatch.eql.dates import format_duration

if TYPE_CHECKING:
    from deckwatch import RuleSet
    from deckwatch.engine.ports import SourceCounts
    from deckwatch.engine.status import Status
    from deckwatch.events.deadletter import DeadLetter

ALARM = "bold red"
UNEASE = "yellow"
_LOSERS = 3


def items(status: Status) -> Iterator[Text]:
    """The moment: how much comes in, what is behind, what is lost and where, what is held in memory."""
    yield Text(alerts(status), "bold" if status.alerts else "")
    yield Text(f"{status.rate:,.0f} events/s")
    yield Text(f"{status.seen:,} seen")
    yield Text(f"{status.evaluated:,} evaluated")
    yield losses(status)
    yield Text(f"{status.late:,} late", UNEASE if status.late else "")
    if status.ahead:
        yield Text(f"{status.ahead:,} from the future", UNEASE)
    if status.lag is not None:
        yield Text(f"newest {format_duration(status.lag)} ago")
    held = status.pending + status.partials + status.waiting
    yield Text(f"state {held:,} ({status.partials:,} sequences begun, {number_of(status.kept, 'event')} kept)")
    yield Text(format_duration(status.seconds), "dim")


def losses(status: Status | SourceCounts) -> Text:
    """How many events are lost, and where; in colour when it is not nothing."""
    lost = sum(status.lost.values())
    text = Text(f"{number_of(lost, 'event')} lost", ALARM if lost else "")
    if lost:
        text.append(f" ({_counts(status.lost)})")
    if any(status.incidents.values()):
        text.append(f", perhaps {'more' if lost else 'some'} ({_counts(status.incidents)})", UNEASE)
    return text


def losers(lost_by_container: Mapping[str, int]) -> Iterator[str]:
    """A line on the containers that lost most, by their short ids, if it is known of any."""
    most = sorted(lost_by_container.items(), key=lambda pair: -pair[1])[:_LOSERS]
    if most:
        yield "of these " + ", ".join(f"{count:,} in container {identity[:12]}" for identity, count in most)


def paragraph(
    status: Status,
    rules: RuleSet,
    first: DeadLetter | None,
    letters: str | None,
    lost_by_container: Mapping[str, int],
) -> Iterator[str]:
    """Some lines at the end: alerts by rule, events, what was lost or left out and why.

    `first` is the first malformed line, `letters` the file that has all of them. Containers are given by their ids.
    """
    yield alerts(status)
    yield from by_rule(status.hits, status.suppressed, rules)
    yield f"{_events(status)} in {format_duration(status.seconds)}"
    yield losses(status).plain
    yield from losers(lost_by_container)
    if first is not None:
        yield malformed(sum(count for place, count in status.lost.items() if "malformed" in place), first, letters)
    for count, thing, what in (
        (status.late, "event", "came after their turn and took part in event rules only"),
        (status.ahead, "event", "came from the future and had to wait for their time"),
        (status.undated, "event", "without a time took no part in sequences"),
        (status.evicted, "sequence", "begun and given up, to bound what is held in memory"),
        (status.withheld, "alert", "withheld: their rule had made one of their events"),
        (status.repeated, "alert", "not repeated: the input holds their events twice"),
        (status.cut_short, "group", "of suppressed alerts ended early: too many were open at once"),
    ):
        if count:
            yield f"{number_of(count, thing)} {what}"
    yield from excepted(status, rules)
    yield counted(rules)


def one_line(status: Status, rules: RuleSet) -> str:
    """The same as one line."""
    lost = losses(status).plain
    late = number_of(status.late, "late event")
    return "; ".join((alerts(status), _events(status), lost, late, *excepted(status, rules), counted(rules)))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{escaped(place)} {count:,}" for place, count in counts.items() if count)


def _events(status: Status) -> str:
    return f"{number_of(status.seen, 'event')} seen, {status.evaluated:,} evaluated"
