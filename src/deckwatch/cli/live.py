"""What stands at the bottom of a terminal while something goes on, and what is said of it elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import IO, TYPE_CHECKING, Self, TypeAlias

import click
from rich.console import Console, Group
from rich.live import Live
from rich.rule import Rule
from rich.text import Text

from deckwatch.cli.packed import Packed
from deckwatch.cli.watched import losses

if TYPE_CHECKING:
    from deckwatch.engine.status import Status

REFRESH = 0.25
"""Seconds between two looks of the line at the bottom of a terminal."""

REMINDER = 5.0
"""Seconds between two lines about losses where there is no terminal."""

_CONTROL_C = 2
"""Cells of the ^C that a terminal shows behind the last line, and that must not begin another."""

Clock: TypeAlias = Callable[[], float]


def screen(stream: IO[str]) -> Console | None:
    """A terminal that can be written to anywhere, if the stream is one."""
    console = Console(file=stream, highlight=False, emoji=False, markup=False)
    return console if stream.isatty() and not console.is_dumb_terminal else None


class Bottom:
    """A line or some at the bottom of a terminal, gone in the end; what is printed meanwhile appears above.

    Without a terminal it shows nothing. A context manager.
    """

    def __init__(self, terminal: Console | None, clock: Clock = time.monotonic) -> None:
        self._live = (
            Live(console=terminal, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
            if terminal
            else None
        )
        self._clock = clock
        self._next = 0.0

    def show(self, items: Callable[[], Iterable[Text]]) -> None:
        """Show these, if it is time for a new look; may be called as often as one likes."""
        if self._live is None or self._clock() < self._next:
            return
        self._next = self._clock() + REFRESH
        self._live.update(Group(Rule(style="dim"), Packed(tuple(items()), _CONTROL_C)), refresh=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()


class LossLines:
    """A line on the standard error whenever something more was lost."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0
        self._told: Mapping[str, int] = {}

    def show(self, status: Status) -> None:
        """To be called after every step."""
        if self._clock() < self._next:
            return
        counts = {place: count for place, count in (*status.lost.items(), *status.incidents.items()) if count}
        if counts != self._told:
            self._told = counts
            self._next = self._clock() + REMINDER
            click.echo(losses(status).plain, err=True)
