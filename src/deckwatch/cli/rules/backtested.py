"""What a backtest found, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from deckwatch.cli.alerts import STYLES
from deckwatch.cli.aligned import aligned
from deckwatch.cli.render import ARGUMENT_CHARACTERS, CONTAINER_ID_CHARACTERS, NOTHING, escaped, number_of, shortened
from deckwatch.cli.rules.bars import columns, folded, sparkline
from deckwatch.eql.dates import SECOND, format_duration, format_timestamp

if TYPE_CHECKING:
    from deckwatch.backtesting.noise import Rate
    from deckwatch.backtesting.sighting import Sighting
    from deckwatch.backtesting.values import Backtest, Change, OfRule, Period, Values

MOST_ROWS = 10
MOST_COMMANDS = 5
MOST_SIGHTINGS = 20
_HEIGHT = 6
_SPARKS = 24
_SCALE = 10
"""Columns that the scale of a chart may take."""

_INDENT = "    "


def lines(found: Backtest, width: int) -> Iterator[Text]:
    """All of it; no chart is wider than `width`."""
    yield _history(found.period)
    if len(found.rules) == 1:
        yield from _rule(found.rules[0], width)
    else:
        yield Text()
        yield from _rules(found.rules)
    if found.change is not None:
        yield from _change(found.change, found.rules[0])


def _history(period: Period) -> Text:
    places = f"{number_of(period.containers, 'container')} of {number_of(period.images, 'image')}"
    if period.first is None or period.last is None:
        return Text(f"{number_of(period.events, 'event')}, none with a time")
    gaps = "" if period.observed == period.last - period.first else ", gaps left out"
    spell = format_duration(period.observed / SECOND)
    undated = f", {number_of(period.undated, 'event')} without a time" if period.undated else ""
    return Text(
        f"{number_of(period.events, 'event')} from {places}, {_time(period.first)} to {_time(period.last)} UTC "
        f"({spell}{gaps}){undated}"
    )


def _rules(found: Sequence[OfRule]) -> Iterator[Text]:
    rows: list[list[str | Text]] = [
        [
            f"{each.alerts:,}",
            _rate(each.noise.per_week),
            each.noise.level,
            f"{each.firing_containers:,}",
            sparkline(folded(_counts(each), _SPARKS)[0]),
            Text(each.rule.severity, STYLES[each.rule.severity]),
            escaped(each.rule.name),
        ]
        for each in sorted(found, key=lambda each: -each.alerts)
        if each.alerts
    ]
    yield from aligned([" ALERTS", "A WEEK (95 %)", "NOISE", " CONTAINERS", "OVER TIME", "SEVERITY", "RULE"], rows)
    if len(rows) < len(found):
        yield Text(f"{number_of(len(found) - len(rows), 'rule')} stayed silent")


def _rule(found: OfRule, width: int) -> Iterator[Text]:
    yield Text()
    yield Text.assemble((escaped(found.rule.name), "bold"), "  ", (found.rule.severity, STYLES[found.rule.severity]))
    yield Text(escaped(found.verdict))
    if not found.alerts:
        return
    yield from _numbers(found)
    yield from _chart(found, width)
    yield from _images(found)
    yield from _containers(found)
    yield from _commands(found)
    yield from _values(found.values, found.alerts)


def _numbers(found: OfRule) -> Iterator[Text]:
    per_day = found.noise.per_container_day
    if per_day is not None:
        yield Text(f"{_rate(per_day)} alerts a container-day, over {found.noise.container_days:,.1f} of them")
    if found.alerts > found.in_containers:
        yield Text(f"{number_of(found.alerts - found.in_containers, 'alert')} outside of containers")
    if found.undated:
        yield Text(f"{number_of(found.undated, 'alert')} without a time")


def _chart(found: OfRule, width: int) -> Iterator[Text]:
    bars = found.chart.bars
    if not bars:
        return
    counts, together = folded(_counts(found), max(10, width - _SCALE))
    yield Text()
    drawn = list(columns(counts, _HEIGHT))
    for line in drawn:
        yield Text(line, no_wrap=True, overflow="crop")
    unit = found.chart.unit if together == 1 else f"{together} × {found.chart.unit}"
    margin = " " * drawn[0].index("│")
    silent = ", · no events" if None in counts else ""
    yield Text(f"{margin} {_time(bars[0].start)} to {_time(bars[-1].start)}, alerts per {unit}{silent}", "dim")


def _counts(found: OfRule) -> list[int | None]:
    return [bar.alerts if bar.events or bar.alerts else None for bar in found.chart.bars]


def _images(found: OfRule) -> Iterator[Text]:
    shown = found.images[:MOST_ROWS]
    rows = [
        [
            f"{each.alerts:,}",
            _share(each.share),
            f"{each.fired:,} of {each.containers:,}",
            _rate(each.per_container_day),
            escaped(each.name),
        ]
        for each in shown
    ]
    yield from _table([" ALERTS", " SHARE", " CONTAINERS", " A CONTAINER-DAY", "IMAGE"], rows)


def _containers(found: OfRule) -> Iterator[Text]:
    shown = found.containers[:MOST_ROWS]
    rows = [
        [
            f"{each.alerts:,}",
            _share(each.share),
            format_duration(each.lifetime / SECOND),
            f"{escaped(each.name)} {escaped(each.id[:CONTAINER_ID_CHARACTERS])}".strip(),
            escaped(each.image),
        ]
        for each in shown
    ]
    yield from _table([" ALERTS", " SHARE", " SEEN FOR", "CONTAINER", "IMAGE"], rows)
    yield from _more(found.firing_containers - len(shown))


def _commands(found: OfRule) -> Iterator[Text]:
    shown = found.commands[:MOST_COMMANDS]
    rows = [
        [f"{each.alerts:,}", _share(each.alerts / found.alerts), shortened(escaped(each.value), ARGUMENT_CHARACTERS)]
        for each in shown
    ]
    yield from _table([" ALERTS", " SHARE", "COMMAND LINE"], rows)


def _values(found: Sequence[Values], alerts: int) -> Iterator[Text]:
    rows = [
        [
            "" if each.stage is None else f"{each.stage} {each.category}",
            escaped(each.field),
            f"{'≥ ' if each.error else ''}{each.distinct:,}",
            _frequent(each, alerts),
        ]
        for each in found
        if each.top
    ]
    staged = any(each.stage is not None for each in found)
    header = ["STAGE", "FIELD", " VALUES", "MOST FREQUENT"]
    yield from _table(header if staged else header[1:], rows if staged else [row[1:] for row in rows])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Text]:
    """A table with a blank line above; nothing if it has no rows."""
    if rows:
        yield Text()
        yield from aligned(header, rows)


def _frequent(found: Values, alerts: int) -> str:
    shown = (
        f"{shortened(escaped(each.value), 40)} {'(all)' if each.alerts == alerts else f'({each.alerts:,})'}"
        for each in found.top
    )
    return ", ".join(shown)


def _change(change: Change, after: OfRule) -> Iterator[Text]:
    yield Text()
    yield Text("Before and after", "bold")
    for word, each in (("before", change.before), ("after", after)):
        weekly = "" if each.noise.per_week is None else f", {_rate(each.noise.per_week)} a week"
        yield Text(f"  {word:<7} {number_of(each.alerts, 'alert')}{weekly}  {escaped(str(each.rule.source))}")
    moved = f", {len(change.moved):,} consist of other events" if change.moved else ""
    yield Text(f"  {change.stay:,} stay, {len(change.appear):,} appear, {len(change.vanish):,} vanish{moved}")
    yield from _sightings(change.appear, "+", "green")
    yield from _sightings(change.vanish, "-", "red")
    for pair in change.moved[:MOST_SIGHTINGS]:
        yield from _moved(pair.before, pair.after)
    yield from _more(len(change.moved) - MOST_SIGHTINGS)


def _sightings(found: Sequence[Sighting], sign: str, style: str) -> Iterator[Text]:
    for each in found[:MOST_SIGHTINGS]:
        yield _head(each, sign, style)
        yield from (_step(each, number) for number in range(len(each.steps)))
    yield from _more(len(found) - MOST_SIGHTINGS)


def _moved(before: Sighting, after: Sighting) -> Iterator[Text]:
    yield _head(after, "~", "yellow")
    old, new = ({step.id for step in each.steps} for each in (before, after))
    for each, others, sign in ((before, new, "- "), (after, old, "+ ")):
        for number, step in enumerate(each.steps):
            if step.id not in others:
                yield Text.assemble(_INDENT, sign, _step(each, number).plain.strip())


def _head(found: Sighting, sign: str, style: str) -> Text:
    container = f"{escaped(found.name)} {escaped(found.container[:CONTAINER_ID_CHARACTERS])}".strip()
    time = NOTHING if found.time is None else _time(found.time)
    return Text.assemble((f"{sign} ", style), (time, "bold"), "  ", container or NOTHING, "  ", escaped(found.image))


def _step(found: Sighting, number: int) -> Text:
    step = found.steps[number]
    parts = (step.action, shortened(step.command, ARGUMENT_CHARACTERS), step.file)
    return Text(_INDENT + "  ".join(escaped(part) for part in parts if part), no_wrap=True, overflow="ellipsis")


def _more(count: int) -> Iterator[Text]:
    if count > 0:
        yield Text(f"… {count:,} more")


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"


def _rate(rate: Rate | None) -> str:
    return NOTHING if rate is None else f"{_brief(rate.value)} ({_brief(rate.low)}–{_brief(rate.high)})"


def _brief(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _time(time: int) -> str:
    return format_timestamp(time // SECOND * SECOND).removesuffix(".000Z").replace("T", " ")
