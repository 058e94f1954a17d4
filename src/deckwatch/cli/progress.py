"""How far a scan is, on the terminal of the standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from deckwatch.events.reader import Reader


class ScanProgress(Progress):
    """A bar that vanishes in the end.

    `console` is where rows go meanwhile, if that is a terminal: the bar stays below them.
    """

    def __init__(self, console: Console | None, *, shown: bool) -> None:
        super().__init__(
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[rate]:,.0f} events/s"),
            TimeRemainingColumn(),
            console=console or Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not shown,
        )
        self._scan = self.add_task("scan", total=None, rate=0.0)

    def show(self, reader: Reader) -> None:
        """Say how far the reader is."""
        elapsed = self.tasks[0].elapsed or 0.0
        rate = reader.counts.events / elapsed if elapsed else 0.0
        self.update(self._scan, completed=reader.bytes_read, total=reader.size_bytes, rate=rate)
