"""Events that are read more than once, streams included."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import IO, Any, Self, cast

from deckwatch.eql.types import Kind
from deckwatch.events.ahead import Ahead
from deckwatch.events.bytestream import standard_input
from deckwatch.events.paths import STANDARD_INPUT
from deckwatch.events.reader import EventSource, Reader, open_events

_PIECE_BYTES = 1 << 20


class Repeatable:
    """A source that can be opened several times, one reader after the other.

    A stream is set back to where it stood. One that cannot be is copied to a nameless temporary file first, and what an
    iterator yields is kept.
    """

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._closing = ExitStack()
        self._stream: IO[bytes] | None = None
        if hasattr(source, "read"):
            self._source = self._stream = self._rewindable(cast("IO[bytes]", source))
        elif isinstance(source, Iterator):
            self._source = list(source)
        elif isinstance(source, str | list | tuple | set) and STANDARD_INPUT in _paths(source):
            self._stream = self._rewindable(standard_input())
        self._start = self._stream.tell() if self._stream is not None else 0

    def open(self, fields: Mapping[str, Kind], **options: Any) -> Reader:
        """A reader of the whole source; see `open_events`."""
        if self._stream is not None:
            self._stream.seek(self._start)
        return open_events(self._source, fields, stdin=self._stream, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def _rewindable(self, stream: IO[bytes]) -> IO[bytes]:
        if stream.seekable():
            return stream
        return cast("IO[bytes]", self._closing.enter_context(_Copy(stream)))


class _Copy(io.RawIOBase):
    """All that a stream held, under the stream's name."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.name = getattr(stream, "name", "stream")
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`
        with closing(Ahead(_pieces(stream))) as ahead:  # a wait for input must not hold up Ctrl-C
            for piece in ahead:
                self._file.write(piece)
        self._file.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Any, /) -> int:
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def _pieces(stream: IO[bytes]) -> Generator[bytes, None, None]:
    while piece := stream.read(_PIECE_BYTES):
        yield piece


def _paths(source: str | list[Any] | tuple[Any, ...] | set[Any]) -> Collection[Any]:
    return (source,) if isinstance(source, str) else source
