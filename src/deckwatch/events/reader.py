"""Any input, opened: event batches from files, streams, documents and frames."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeAlias, cast

import polars as pl
import pyarrow as pa

from deckwatch.eql.types import Kind
from deckwatch.events.ahead import Ahead
from deckwatch.events.batch import Columns, EventBatch
from deckwatch.events.bytestream import standard_input
from deckwatch.events.deadletter import Counts, DeadLetter
from deckwatch.events.lines import LineReader, Spool, damaged
from deckwatch.events.memory import read_documents
from deckwatch.events.ndjson import LineDecoder
from deckwatch.events.parquet import Again, read_parquet
from deckwatch.events.parts import BatchDocuments, Part, Shelf
from deckwatch.events.paths import STANDARD_INPUT, InputError, expand
from deckwatch.events.tabular import Frame, read_frame

AnyPath: TypeAlias = "str | os.PathLike[str]"
EventSource: TypeAlias = "AnyPath | Iterable[AnyPath] | IO[bytes] | Iterable[dict[str, Any]] | Frame"
"""One path or several (files, folders, patterns, `-`), an open binary file, documents, or a frame or table."""

_PARQUET = b"PAR1"
_ENVELOPE: Mapping[str, Kind] = {"_index": "keyword", "_id": "keyword"}


def open_events(
    source: EventSource,
    fields: Mapping[str, Kind],
    *,
    dead_letter: Callable[[DeadLetter], None] | None = None,
    batch_events: int | None = None,
    stdin: IO[bytes] | None = None,
) -> Reader:
    """A reader of the events of a source, with these fields as columns, and `_index` and `_id` of an export's envelope.

    Whatever is no event is counted and handed to `dead_letter`. No batch has more than `batch_events` events.
    The path `-` stands for `stdin` if that is given.

    Raises:
        InputError: a path does not exist, matches nothing, or may not be read.
    """
    wanted = {**fields, **_ENVELOPE}
    match source:
        case pl.DataFrame() | pl.LazyFrame() | pa.Table():
            return Reader(read_frame(source, batch_events), wanted, dead_letter)
        case str() | os.PathLike():
            return _open_paths([source], wanted, dead_letter, batch_events, stdin)
        case _ if hasattr(source, "read"):
            spool = Spool()
            parts = _read_stream(cast("IO[bytes]", source), wanted, batch_events, spool)
            return Reader(parts, wanted, dead_letter, spool=spool, ahead=True)
        case Iterable():
            items = iter(source)
            start = list(itertools.islice(items, 1))
            if start and isinstance(start[0], str | os.PathLike):
                return _open_paths(cast("list[AnyPath]", [*start, *items]), wanted, dead_letter, batch_events, stdin)
            return Reader(read_documents(itertools.chain(start, items), batch_events), wanted, dead_letter)
        case _:
            raise InputError(f"cannot read events from {type(source).__name__}; give paths, a binary file or documents")


class Reader:
    """Batches of events, once, in order. `counts` covers what has been handed out so far."""

    def __init__(
        self,
        parts: Generator[Part, None, None],
        fields: Mapping[str, Kind],
        dead_letter: Callable[[DeadLetter], None] | None = None,
        *,
        size_bytes: int | None = None,
        spool: Spool | None = None,
        ahead: bool = False,
    ) -> None:
        self.counts = Counts()
        self.size_bytes = size_bytes
        """How many bytes the input has, as stored; None when that is not known."""
        self.bytes_read = 0
        """How many of them have been read."""
        self._fields = fields
        self._dead_letter = dead_letter
        self._shelf = Shelf()
        self._closing = contextlib.ExitStack()
        if spool is not None:
            self._closing.callback(spool.close)
        self._parts: Iterable[Part] = self._closing.enter_context(contextlib.closing(Ahead(parts) if ahead else parts))
        self._batches = self._read()

    def __iter__(self) -> Iterator[EventBatch]:
        return self._batches

    def document(self, position: int) -> dict[str, Any]:
        """The document of a kept event, by its position in the whole input.

        Raises:
            DeckwatchError: the event was not kept, or its file is gone.
        """
        return self._shelf.documents([position])[position]

    def documents(self, positions: Iterable[int | None]) -> dict[int, dict[str, Any]]:
        """The documents of kept events by position, read in the order of the input; None is passed over."""
        return self._shelf.documents({position for position in positions if position is not None})

    def close(self) -> None:
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> Iterator[EventBatch]:
        for part in self._parts:
            first = self.counts.events
            self.counts.add(part.counts)
            self.bytes_read = max(self.bytes_read, part.consumed)
            if self._dead_letter is not None:
                for letter in part.letters:
                    self._dead_letter(letter)
            if part.rows is not None and part.fields is not None and part.counts.events:
                height = part.counts.events
                documents = BatchDocuments(part.rows, height, first, self._shelf)
                yield EventBatch(height, first, Columns(part.fields, self._fields), documents)


def _open_paths(
    paths: Iterable[AnyPath],
    fields: Mapping[str, Kind],
    dead_letter: Callable[[DeadLetter], None] | None,
    height: int | None,
    stdin: IO[bytes] | None,
) -> Reader:
    files = expand(paths)
    size = None if STANDARD_INPUT in files else sum(Path(file).stat().st_size for file in files)
    spool = Spool()
    parts = _read_files(files, fields, height, spool, stdin)
    return Reader(parts, fields, dead_letter, size_bytes=size, spool=spool, ahead=True)


def _read_files(
    files: Iterable[str], fields: Mapping[str, Kind], height: int | None, spool: Spool, stdin: IO[bytes] | None
) -> Generator[Part, None, None]:
    done = 0
    with contextlib.closing(LineDecoder(fields)) as decoder:
        reader, again = LineReader(decoder, fields, spool, height), Again()
        for name in files:
            for part in _read_file(name, reader, again, stdin):
                yield dataclasses.replace(part, consumed=done + part.consumed)
            if name != STANDARD_INPUT:
                done += Path(name).stat().st_size
        yield Part(Counts(), consumed=done)


def _read_file(name: str, reader: LineReader, again: Again, stdin: IO[bytes] | None) -> Iterator[Part]:
    if name == STANDARD_INPUT:
        yield from reader.read(stdin or standard_input(), "standard input")
        return
    try:
        with Path(name).open("rb", buffering=0) as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and os.pread(file.fileno(), len(_PARQUET), 0) == _PARQUET:
                yield from read_parquet(name, reader.fields, again, reader.height)
            else:
                yield from reader.read(cast("IO[bytes]", file), name)
    except OSError as fault:
        yield damaged(name, f"cannot be read: {fault.strerror or fault}")


def _read_stream(
    file: IO[bytes], fields: Mapping[str, Kind], height: int | None, spool: Spool
) -> Generator[Part, None, None]:
    with contextlib.closing(LineDecoder(fields)) as decoder:
        yield from LineReader(decoder, fields, spool, height).read(file, str(getattr(file, "name", "stream")))
