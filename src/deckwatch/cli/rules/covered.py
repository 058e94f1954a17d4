"""What rules cover, as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from deckwatch.cli.aligned import aligned
from deckwatch.cli.render import NOTHING, escaped, number_of

if TYPE_CHECKING:
    from deckwatch.backtesting.coverage import Coverage, Tactic
    from deckwatch.backtesting.streams import Streams

MOST_PATTERNS = 15
MOST_NAMED = 5
_NAMELESS = "(no stream named)"


def lines(found: Coverage) -> Iterator[Text]:
    """All of it."""
    yield Text(
        f"{number_of(found.rules, 'rule')} against the matrix for containers; looked at: {', '.join(found.asked)}"
    )
    yield Text()
    yield from aligned(
        ["TACTIC", " TECHNIQUES", " CLAIMED", " PROVEN", " OBSERVED"],
        ([each.name, f"{each.techniques}", *_evidence(each, found.asked)] for each in found.tactics),
    )
    yield Text("Techniques with evidence; in brackets, how many rules of the tactic there are.", "dim")
    yield from _gaps(found)
    if found.unplaced:
        yield Text()
        yield Text(f"No technique named by {_named(found.unplaced)}")
    yield Text()
    yield from _streams(found.streams)


def _evidence(tactic: Tactic, asked: tuple[str, ...]) -> Iterator[str]:
    counts = {
        "claimed": (tactic.covered, tactic.claimed_by),
        "proven": (tactic.proven, tactic.proven_by),
        "observed": (tactic.observed, tactic.observed_by),
    }
    for evidence, (techniques, rules) in counts.items():
        shown = f"{techniques} ({number_of(rules, 'rule')})" if rules else "0"
        yield shown if evidence in asked else NOTHING


def _gaps(found: Coverage) -> Iterator[Text]:
    names = {each.id: each.name for each in found.tactics}
    rows = [
        [names[tactic], ", ".join(f"{each.id} {each.name}" for each in gaps)]
        for tactic, gaps in groupby(found.gaps, key=lambda each: each.tactic)
    ]
    if rows:
        yield Text()
        yield Text("Techniques of the matrix that no rule claims", "bold")
    for tactic, gaps in rows:
        yield Text(f"  {tactic}: {gaps}")


def _streams(found: Streams) -> Iterator[Text]:
    looked = any(each.events is not None for each in found.patterns)
    rows = [
        [f"{each.rules:,}", NOTHING if each.events is None else f"{each.events:,}", escaped(each.pattern)]
        for each in found.patterns[:MOST_PATTERNS]
    ]
    yield from aligned([" RULES", " EVENTS", "INDEX PATTERN"], rows)
    if len(found.patterns) > MOST_PATTERNS:
        yield Text(f"… {len(found.patterns) - MOST_PATTERNS:,} more")
    if not looked:
        return
    yield Text()
    yield from aligned(
        [" EVENTS", "DATA STREAM"], ([f"{count:,}", escaped(name) or _NAMELESS] for name, count in found.seen.items())
    )
    if found.blind:
        yield Text()
        yield Text(f"No event to see for {_named(found.blind)}")
    if found.absent:
        yield Text()
        yield from aligned(
            ["FIELD THAT NO EVENT HAS", "READ BY"], ([escaped(each.field), _named(each.rules)] for each in found.absent)
        )


def _named(rules: tuple[str, ...]) -> str:
    more = f", {len(rules) - MOST_NAMED:,} more" if len(rules) > MOST_NAMED else ""
    return f"{number_of(len(rules), 'rule')}: {', '.join(escaped(name) for name in rules[:MOST_NAMED])}{more}"
