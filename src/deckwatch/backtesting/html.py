"""A backtest as one page: no script, nothing from elsewhere, light and dark, tables beside the pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

from deckwatch.backtesting.noise import Rate
from deckwatch.backtesting.sighting import Sighting
from deckwatch.backtesting.svg import moment, picture
from deckwatch.backtesting.values import Backtest, Change, OfRule, Period, Values
from deckwatch.eql.dates import SECOND, format_duration
from deckwatch.eql.errors import visible

MOST_SIGHTINGS = 200
"""Alerts of a change that are shown, of each sort."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(found: Backtest) -> str:
    """The whole page."""
    style = files("deckwatch.backtesting").joinpath("page.css").read_text(encoding="utf-8")
    head = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Backtest</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n<h1>Backtest</h1>",
    ]
    body = [*_summary(found), *(line for number, each in enumerate(found.rules) for line in _rule(number, each))]
    if found.change is not None:
        body += _change(found.change, found.rules[0])
    return "\n".join([*head, *body, "</main>\n</body>\n</html>\n"])


def _summary(found: Backtest) -> Iterator[str]:
    yield f"<p>{_history(found.period)}</p>"
    rows = [
        [
            f'<a href="#rule-{number}">{_text(each.rule.name)}</a>',
            f"{each.alerts:,}",
            _rate(each.noise.per_week),
            each.noise.level,
            f"{each.firing_containers:,}",
        ]
        for number, each in sorted(enumerate(found.rules), key=lambda pair: -pair[1].alerts)
    ]
    yield from _table("Rules", ("Rule", "Alerts", "A week (95 %)", "Noise", "Containers"), rows)


def _history(period: Period) -> str:
    if period.first is None or period.last is None:
        return f"{period.events:,} events, none with a time."
    observed = format_duration(period.observed / SECOND)
    return (
        f"{period.events:,} events from {period.containers:,} containers of {period.images:,} images, "
        f"{moment(period.first)} to {moment(period.last)} UTC, {observed} without gaps."
    )


def _rule(number: int, found: OfRule) -> Iterator[str]:
    yield f'<section id="rule-{number}">\n<h2>{_text(found.rule.name)}</h2>'
    yield f"<p>{_text(found.verdict)}</p>"
    yield from _figure(number, found)
    if found.alerts:
        yield from _tables(found)
    yield "</section>"


def _figure(number: int, found: OfRule) -> Iterator[str]:
    chart = found.chart
    if not chart.bars:
        return
    title = visible(f"Alerts of {found.rule.name} per {chart.unit}")
    yield f"<figure>\n{picture(chart, title, number)}"
    yield f"<figcaption>Alerts per {chart.unit}; where the ground is grey there are no events.</figcaption>\n</figure>"
    rows = [[moment(bar.start), f"{bar.alerts:,}", f"{bar.events:,}"] for bar in chart.bars if bar.events or bar.alerts]
    yield "<details>\n<summary>The chart as a table</summary>"
    yield from _table(f"Per {chart.unit}", ("From (UTC)", "Alerts", "Events"), rows)
    yield "</details>"


def _tables(found: OfRule) -> Iterator[str]:
    images = [
        [
            f"{each.alerts:,}",
            _share(each.share),
            f"{each.fired:,} of {each.containers:,}",
            _rate(each.per_container_day),
            _text(each.name),
        ]
        for each in found.images
    ]
    yield from _table("Images", ("Alerts", "Share", "Containers", "A container-day (95 %)", "Image"), images)
    containers = [
        [
            f"{each.alerts:,}",
            _share(each.share),
            format_duration(each.lifetime / SECOND),
            _text(f"{each.name} {each.id}"),
            _text(each.image),
        ]
        for each in found.containers
    ]
    yield from _table("Containers", ("Alerts", "Share", "Seen for", "Container", "Image"), containers)
    commands = [[f"{each.alerts:,}", _share(each.alerts / found.alerts), _text(each.value)] for each in found.commands]
    yield from _table("Command lines", ("Alerts", "Share", "Command line"), commands)
    values = [_value(each) for each in found.values if each.top]
    yield from _table("Fields that the rule reads", ("Stage", "Field", "Values", "Most frequent"), values)


def _value(found: Values) -> list[str]:
    stage = found.category if found.stage is None else f"{found.stage} {found.category}"
    top = "<br>".join(f"{_text(each.value)} ({each.alerts:,})" for each in found.top)
    return [_text(stage), _text(found.field), f"{'≥ ' if found.error else ''}{found.distinct:,}", top]


def _change(change: Change, after: OfRule) -> Iterator[str]:
    yield "<section>\n<h2>Before and after</h2>"
    rows = [
        [word, f"{each.alerts:,}", _rate(each.noise.per_week), _text(each.verdict)]
        for word, each in (("before", change.before), ("after", after))
    ]
    yield from _table("Versions", ("Version", "Alerts", "A week (95 %)", "Verdict"), rows)
    yield (
        f"<p>{change.stay:,} alerts stay, {len(change.appear):,} appear, {len(change.vanish):,} vanish, "
        f"{len(change.moved):,} consist of other events.</p>"
    )
    yield from _sightings("appear", change.appear)
    yield from _sightings("vanish", change.vanish)
    yield from _sightings("consist of other events, before", [each.before for each in change.moved])
    yield from _sightings("consist of other events, after", [each.after for each in change.moved])
    yield "</section>"


def _sightings(what: str, found: Sequence[Sighting]) -> Iterator[str]:
    shown = found[:MOST_SIGHTINGS]
    rows = [
        [
            "" if each.time is None else moment(each.time),
            _text(f"{each.name} {each.container}"),
            _text(each.image),
            "<br>".join(_text(f"{step.action} {step.command} {step.file}") for step in each.steps),
        ]
        for each in shown
    ]
    yield f'<div class="{what.split(maxsplit=1)[0]}">'
    yield from _table(f"Alerts that {what}", ("Time (UTC)", "Container", "Image", "Events"), rows)
    if len(found) > len(shown):
        yield f"<p>… {len(found) - len(shown):,} more</p>"
    yield "</div>"


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table whose cells are HTML; nothing if it has no rows."""
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    if lines:
        titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
        yield f'<div class="wide">\n<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{titles}</tr></thead>'
        yield "<tbody>\n" + "\n".join(lines) + "\n</tbody>\n</table>\n</div>"


def _text(text: str) -> str:
    """What an attacker may have chosen, as it may stand in a page."""
    return f"<bdi>{escape(visible(text.strip()))}</bdi>"


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"


def _rate(rate: Rate | None) -> str:
    return "–" if rate is None else f"{rate.value:,.3g} ({rate.low:,.3g} to {rate.high:,.3g})"
