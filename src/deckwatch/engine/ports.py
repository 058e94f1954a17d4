"""What the stream loop asks of its surroundings: few methods each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What a source has handed over and what it could not, since it started.

    `lost` counts events by the place and reason of their loss, such as `kernel: ring full`, `malformed`, `shed`.
    `incidents` counts what may have cost events that nobody can count, such as `truncated`.
    """

    events: int = 0
    bytes: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)
    incidents: Mapping[str, int] = field(default_factory=dict)


class Source(Protocol):
    """Where a stream's events come from. Called from one thread."""

    @property
    def name(self) -> str:
        """What to call it where people read."""
        ...

    @property
    def live(self) -> bool:
        """Whether its events are happening now, so that time also passes when none comes.

        Otherwise they are a recording, and their own times alone count.
        """
        ...

    @property
    def lateness(self) -> float | None:
        """For how many seconds an event may still come after one that is later.

        None: not known. `math.inf`: for as long as the source lasts, so that sequences wait for its end.
        """
        ...

    def open(self, fields: Mapping[str, Kind]) -> None:
        """Start; called once. These fields, and `_index` (a keyword), are asked of every batch."""
        ...

    def poll(self, timeout: float) -> EventBatch | None:
        """What has come since the last call, at once if there is anything, else after at most `timeout` seconds.

        Positions (`EventBatch.first`) count all events of the source. None when nothing came. How large a batch can
        get is for the source to bound; whatever exceeds it comes with the next call.
        """
        ...

    @property
    def ended(self) -> bool:
        """Whether no further event will ever come; a kernel has no end."""
        ...

    @property
    def counts(self) -> SourceCounts:
        """The counts so far; also when it is closed."""
        ...

    def documents(self, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
        """The documents of kept events (see `Documents.keep`) by position."""
        ...

    def retain(self, positions: Collection[int]) -> None:
        """Of all events kept so far, no others than these (a set) will be asked for again: let go of the rest."""
        ...

    def close(self) -> None:
        """Stop and let go of everything; may be called twice."""
        ...


@runtime_checkable
class Holder(Protocol):
    """What a source offers besides, if it knows what is still under way to the stream.

    Such as events that it holds back until their container is known, and all that come after them, so that their order
    stays. Time does not pass them by meanwhile: the lateness of the source need not cover for it.
    """

    @property
    def holding(self) -> int | None:
        """A time (nanoseconds since 1970) before which nothing was under way at the last `poll`; None: nothing at all.

        It may be too early, then time passes later than it could.
        """
        ...
