"""A chart as inline SVG; the page's style colours it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from deckwatch.backtesting.values import Bar, Chart
from deckwatch.eql.dates import SECOND, format_timestamp

_WIDTH, _HEIGHT = 800, 200
_LEFT, _TOP, _BOTTOM = 48, 12, 22
_GAP = 0.15
"""Of a bar's room, what stays free."""


def picture(chart: Chart, title: str, number: int) -> str:
    """Bars over time, with the number of alerts for each; `number` tells the charts of a page apart."""
    most = max((bar.alerts for bar in chart.bars), default=0)
    total = sum(bar.alerts for bar in chart.bars)
    about = (
        f"{total:,} alerts in {len(chart.bars):,} times {chart.unit}, at most {most:,} in one. The table has them all."
    )
    return "\n".join(
        [
            f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="title-{number} about-{number}">',
            f'<title id="title-{number}">{escape(title)}</title>',
            f'<desc id="about-{number}">{about}</desc>',
            *_scale(most),
            *_bars(chart, most),
            *_ends(chart),
            "</svg>",
        ]
    )


def moment(time: int) -> str:
    """A time to the second, in UTC."""
    return format_timestamp(time // SECOND * SECOND).removesuffix(".000Z").replace("T", " ")


def _scale(most: int) -> Iterator[str]:
    floor = _HEIGHT - _BOTTOM
    for label, y in ((f"{most:,}", _TOP), ("0", floor)):
        yield f'<line class="rule" x1="{_LEFT}" x2="{_WIDTH}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{label}</text>'


def _bars(chart: Chart, most: int) -> Iterator[str]:
    room = (_WIDTH - _LEFT) / max(1, len(chart.bars))
    height = _HEIGHT - _BOTTOM - _TOP
    for silent, some in groupby(enumerate(chart.bars), key=lambda each: not (each[1].events or each[1].alerts)):
        places = list(some)
        if silent:
            x, width = _LEFT + places[0][0] * room, len(places) * room
            yield f'<rect class="silent" x="{x:.1f}" y="{_TOP}" width="{width:.1f}" height="{height}"/>'
            continue
        for place, bar in places:
            if bar.alerts:
                x, tall = _LEFT + (place + _GAP / 2) * room, max(1.0, height * bar.alerts / most)
                yield (
                    f'<rect class="bar" x="{x:.1f}" y="{_TOP + height - tall:.1f}" width="{room * (1 - _GAP):.1f}" '
                    f'height="{tall:.1f}"><title>{_told(bar)}</title></rect>'
                )


def _told(bar: Bar) -> str:
    return f"{moment(bar.start)}: {bar.alerts:,}"


def _ends(chart: Chart) -> Iterator[str]:
    if chart.bars:
        y = _HEIGHT - 6
        yield f'<text x="{_LEFT}" y="{y}">{moment(chart.bars[0].start)}</text>'
        yield f'<text x="{_WIDTH}" y="{y}" text-anchor="end">{moment(chart.bars[-1].start)} UTC</text>'
