"""Events that are read twice, whatever they come from."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from typing import IO, Any, Self, cast

from deckwatch.eql.types import Kind
from deckwatch.events.ahead import Ahead
from deckwatch.events.bytestream import standard_input
from deckwatch.events.paths import STANDARD_INPUT
from deckwatch.events.reader import EventSource, Reader, open_events

_PIECE_BYTES = 1 << 20


class Repeatable:
    """A source of events that can be opened several times, one after the other.

    What a stream holds goes to a nameless temporary file first, unless the stream can be set back.
    """

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._stream: IO[bytes] | None = None
        self._start = 0
        self._closing = ExitStack()
        if hasattr(source, "read"):
            self._source = self._stream = self._rewindable(cast("IO[bytes]", source))
        elif isinstance(source, Iterator):
            self._source = list(cast("Iterator[dict[str, Any]]", source))
        elif _names_standard_input(source):
            self._stream = self._rewindable(standard_input())
        if self._stream is not None:
            self._start = self._stream.tell()

    def open(self, fields: Mapping[str, Kind]) -> Reader:
        """A reader from the beginning."""
