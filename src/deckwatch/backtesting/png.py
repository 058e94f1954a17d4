"""The charts of a backtest as a picture, drawn by matplotlib."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from deckwatch.backtesting.values import Backtest, OfRule
from deckwatch.eql.dates import SECOND
from deckwatch.eql.errors import visible
from deckwatch.errors import DeckwatchError

MOST_CHARTS = 40
"""Of the rules that fire most often."""

_WIDTH, _HEIGHT = 10.0, 2.4
"""Of a chart, in inches."""

_SILENT = "0.93"
"""The grey behind times without events."""


def check() -> None:
    """Make sure that there is something to draw with.

    Raises:
        DeckwatchError: matplotlib is not installed.
    """
    try:
        import_module("matplotlib.figure")
    except ImportError:
        cure = "install it: pip install 'deckwatch[plot]'; or write a page with --html, which needs nothing"
        raise DeckwatchError(f"a PNG picture is drawn by matplotlib, which is not installed; {cure}") from None


def write(found: Backtest, file: str | os.PathLike[str]) -> None:
    """Write a PNG with one chart below the other, one for each rule that fired.

    Raises:
        DeckwatchError: matplotlib is not installed.
    """
    check()
    firing = sorted((each for each in found.rules if each.alerts), key=lambda each: -each.alerts)[:MOST_CHARTS]
    shown = firing or list(found.rules[:1])
    figure: Any = import_module("matplotlib.figure").Figure((_WIDTH, _HEIGHT * len(shown)), layout="constrained")
    for axes, each in zip(figure.subplots(len(shown), squeeze=False)[:, 0], shown, strict=True):
        _draw(axes, each)
    figure.savefig(file, format="png", dpi=110)


def _draw(axes: Any, found: OfRule) -> None:
    bars = found.chart.bars
    axes.set_title(visible(found.rule.name).replace("$", r"\$"), loc="left", fontsize=10)
    axes.set_ylabel(f"alerts per {found.chart.unit}", fontsize=8)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    if not bars:
        return
    times = [datetime.fromtimestamp(bar.start / SECOND, UTC) for bar in bars]
    width = (times[1] - times[0]) if len(times) > 1 else timedelta(seconds=1)
    axes.bar(times, [bar.alerts for bar in bars], width=width, align="edge", color="#c2410c", edgecolor="white")
    silent = [time for time, bar in zip(times, bars, strict=True) if not bar.events]
    if silent:
        above = axes.get_xaxis_transform()
        axes.bar(silent, [1] * len(silent), width=width, align="edge", color=_SILENT, transform=above, zorder=0)
