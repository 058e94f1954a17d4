"""An alert as a backtest looks at it: when, in which container, and made of which events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from deckwatch.backtesting.history import CONTAINER, IMAGE, NAME
from deckwatch.eql.dates import parse_timestamp
from deckwatch.events.document import leaves

POSITION = "kibana.alert.group.index"
_EVENT_TIME = "kibana.alert.original_time"
_ANCESTORS = "kibana.alert.ancestors"

Document: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One event of an alert; `time` in nanoseconds since 1970."""

    id: str
    time: int | None
    action: str
    command: str
    file: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """An alert of some rule. `container`, `name` and `image` are empty where no event tells."""

    time: int | None
    container: str
    name: str
    image: str
    steps: tuple[Step, ...]

    @property
    def key(self) -> bytes:
        """The same for alerts that consist of the same events."""
        return digest("\0".join(sorted(step.id for step in self.steps)))

    @property
    def command(self) -> str:
        """The command line of the last event that has one."""
        return next((step.command for step in reversed(self.steps) if step.command), "")


def sighting(events: Sequence[Document]) -> Sighting:
    """What the documents of an alert tell: one on an event, or the building blocks of a sequence."""
    steps = tuple(map(_step, events))
    times = [step.time for step in steps if step.time is not None]
    container, name, image = (_any(events, field) for field in (CONTAINER, NAME, IMAGE))
    return Sighting(max(times, default=None), container, name, image, steps)


def texts(document: Document, field: str) -> list[str]:
    """Every value of a field, as text."""
    return [
        value if isinstance(value, str) else json.dumps(value)
        for value in leaves(document, field)
        if value is not None and not isinstance(value, dict)
    ]


def digest(text: str) -> bytes:
    """16 bytes that stand for a text."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def _step(event: Document) -> Step:
    source = event[_ANCESTORS][-1]
    written = event.get(_EVENT_TIME)
    return Step(
        id=f"{source['index']}/{source['id']}" if source["index"] else str(source["id"]),
        time=parse_timestamp(written) if isinstance(written, str) else None,
        action="/".join(filter(None, ("+".join(texts(event, name)) for name in ("event.category", "event.action")))),
        command=" ".join(texts(event, "process.args")) or next(iter(texts(event, "process.name")), ""),
        file=next(iter(texts(event, "file.path")), ""),
    )


def _any(events: Sequence[Document], field: str) -> str:
    return next((value for event in events for value in texts(event, field)), "")
