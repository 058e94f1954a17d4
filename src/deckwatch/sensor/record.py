"""Events of a source, written to a file that `deckwatch scan` reads."""

from __future__ import annotations

import gzip
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Protocol, Self, cast

import msgspec
import pyarrow as pa

from deckwatch.engine.ports import Holder, Source, SourceCounts
from deckwatch.errors import DeckwatchError
from deckwatch.events.batch import EventBatch
from deckwatch.sensor.parquet import ParquetFile

_PATIENCE = 0.1
_LAST_SECONDS = 2.0


class Writer(AbstractContextManager["Writer"], Protocol):
    """A file of documents; closed, and whole, when the context ends."""

    def write(self, documents: Sequence[dict[str, Any]]) -> None: ...


def record(
    source: Source,
    path: str | Path,
    *,
    stop: Callable[[], bool],
    on_batch: Callable[[EventBatch], None] | None = None,
) -> SourceCounts:
    """Write all events until `stop` says so (asked about ten times a second) or the source ends.

    The name tells the format: `.parquet`, else one JSON document per line, compressed for `.gz` and `.zst`. Opens the
    source and leaves it open; the counts are the source's.

    Raises:
        DeckwatchError: the file cannot be written, or its name does not tell the format.
    """
    path = Path(path)
    kind = _FORMATS.get(path.suffix)
    if kind is None:
        raise DeckwatchError(f"{path}: cannot tell the format; end the name in one of {', '.join(_FORMATS)}")
    try:
        with kind(path) as file:
            source.open({})
            for batch in _batches(source, stop):
                file.write(batch.documents.documents(range(batch.height)))
                if on_batch is not None:
                    on_batch(batch)
    except OSError as fault:
        raise DeckwatchError(f"{path}: cannot be written: {fault.strerror or fault}; name another file") from None
    return source.counts


def _batches(source: Source, stop: Callable[[], bool]) -> Iterator[EventBatch]:
    """All there are until the source ends or is to stop; then what is on its way is taken in, if that is quick."""
    stopped, deadline = 0, math.inf
    while True:
        if not stopped and stop():
            stopped, deadline = time.time_ns(), time.monotonic() + _LAST_SECONDS
        batch = source.poll(_PATIENCE)
        if batch is not None:
            yield batch
        holding = source.holding if isinstance(source, Holder) else None
        if source.ended or (stopped and (holding is None or holding >= stopped)) or time.monotonic() >= deadline:
            return


class LinesFile:
    """One JSON document per line."""

    def __init__(self, path: Path) -> None:
        self._file = cast("IO[bytes]", _COMPRESSED.get(path.suffix, _plain)(path))
        self._encoder = msgspec.json.Encoder()

    def write(self, documents: Sequence[dict[str, Any]]) -> None:
        self._file.write(self._encoder.encode_lines(documents))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _plain(path: Path) -> object:
    return path.open("wb")


_COMPRESSED: Mapping[str, Callable[[Path], object]] = {
    ".gz": lambda path: gzip.GzipFile(path, "wb", compresslevel=6),
    ".zst": lambda path: pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd"),
}

_FORMATS: Mapping[str, Callable[[Path], Writer]] = {
    ".ndjson": LinesFile,
    ".jsonl": LinesFile,
    ".json": LinesFile,
    ".gz": LinesFile,
    ".zst": LinesFile,
    ".parquet": ParquetFile,
}
