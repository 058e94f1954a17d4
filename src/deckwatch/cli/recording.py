"""How a recording is getting on, and when it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.text import Text

from deckwatch.cli.live import Bottom, Clock
from deckwatch.cli.render import number_of, printable
from deckwatch.cli.watched import losses
from deckwatch.eql.dates import format_duration

if TYPE_CHECKING:
    from deckwatch.cli.origin import Watched
    from deckwatch.engine.ports import SourceCounts
    from deckwatch.events.batch import EventBatch


class Recording:
    """Watches the clock and the count; on a terminal a line says where they are. A context manager."""

    def __init__(
        self,
        watched: Watched,
        terminal: Console | None,
        *,
        duration: float | None,
        count: int | None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._watched = watched
        self._bottom = Bottom(terminal, clock)
        self._duration, self._count = duration, count
        self._clock = clock
        self._began = clock()
        self._events = 0
        self._stopped = False

    def stop(self) -> None:
        """End soon; may be called from a signal handler."""
        self._stopped = True

    def is_over(self) -> bool:
        """Asked all the time, so it also keeps the line up to date."""
        self._bottom.show(self._items)
        return (
            self._stopped
            or (self._duration is not None and self.seconds >= self._duration)
            or (self._count is not None and self._events >= self._count)
        )

    def took(self, batch: EventBatch) -> None:
        """These events are written."""
        self._events += batch.height

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    def summary(self, counts: SourceCounts, file: Path) -> Iterator[str]:
        """Some lines at the end."""
        size = f"{file.stat().st_size / 1e6:,.1f} MB"
        yield printable(f"{number_of(counts.events, 'event')} in {format_duration(self.seconds)}, {size} in {file}")
        yield losses(counts).plain

    def _items(self) -> Iterator[Text]:
        counts = self._watched.source.counts
        yield Text(number_of(counts.events, "event"))
        yield Text(f"{counts.events / max(self.seconds, 1e-9):,.0f} events/s")
        yield losses(counts)
        yield Text(format_duration(self.seconds), "dim")
        yield from self._watched.notes()

    def __enter__(self) -> Self:
        self._bottom.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bottom.__exit__()
