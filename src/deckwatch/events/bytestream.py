"""Where bytes come from: files and pipes, plain or compressed, whole or cut short."""

from __future__ import annotations

import gzip
import io
import os
import select
import stat
import sys
import zlib
from typing import IO, Any, Protocol, cast

import pyarrow as pa

from deckwatch.events.paths import InputError

_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
COMPRESSED = (_GZIP, _ZSTANDARD)
"""How compressed content begins."""

_PIECE_BYTES = 1 << 20
_ZSTANDARD_PIECE_BYTES = 1 << 14  # the piece in which a truncation is noticed is lost
_LULL_SECONDS = 0.05


def standard_input() -> IO[bytes]:
    """The standard input, unbuffered where it can be: a thread that waits for a buffer cannot be left behind."""
    if sys.stdin is None:
        raise InputError("the standard input is closed; pipe events in, or name files")
    try:
        return cast("IO[bytes]", io.FileIO(sys.stdin.fileno(), closefd=False))
    except io.UnsupportedOperation:
        return sys.stdin.buffer


class _Readable(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...


class ByteStream:
    """The decompressed bytes of a binary file. Gzip and Zstandard are recognised by how the content begins.

    After the last byte, `damage` says why the input ended early, if it did. `consumed` counts the bytes taken
    from the file, compressed ones where it is compressed.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.damage: str | None = None
        self._source = _Source(file)
        head = self._source.head
        self.compressed = head.startswith(COMPRESSED)
        self._file: _Readable = self._source
        self._piece_bytes = _PIECE_BYTES
        if head.startswith(_GZIP):
            self._file = _Gzip(self._source)
        elif head.startswith(_ZSTANDARD):
            self._file = pa.CompressedInputStream(pa.PythonFile(self._source, "r"), "zstd")
            self._piece_bytes = _ZSTANDARD_PIECE_BYTES
        self._pauses = not self.compressed and _may_pause(file)

    @property
    def consumed(self) -> int:
        return self._source.consumed

    def fill(self, buffer: memoryview) -> int:
        """Read into the buffer until it is full, the input ends, or a live input has nothing more to say for now."""
        filled = 0
        while filled < len(buffer):
            try:
                added = self._file.readinto(buffer[filled : filled + self._piece_bytes]) or 0
            except (EOFError, OSError, zlib.error, pa.ArrowException) as fault:
                self.damage = self.damage or f"the input is damaged or ends early: {fault}"
                break
            filled += added
            if not added or (self._pauses and not self._source.is_ready()):
                break
        return filled


class _Source(io.RawIOBase):
    """A binary file that lets its beginning be seen before it is read, and counts what is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.consumed = 0
        self.head = b""
        while len(self.head) < len(_ZSTANDARD) and (piece := file.read(len(_ZSTANDARD) - len(self.head))):
            self.head += piece
        self._rest = self.head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._rest:
            piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
            buffer[: len(piece)] = piece
            count = len(piece)
        else:
            count = self._read(memoryview(buffer))
        self.consumed += count
        return count

    def _read(self, buffer: memoryview) -> int:
        if hasattr(self._file, "readinto") and not hasattr(self._file, "read1"):
            return cast("int | None", self._file.readinto(buffer)) or 0
        # `readinto1` waits for more even when it has something, so it is no use for a live input.
        read = getattr(self._file, "read1", self._file.read)
        piece = read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def is_ready(self) -> bool:
        return bool(select.select([self._file], [], [], _LULL_SECONDS)[0])


class _Gzip:
    """A gzip file of any number of members, read so that nothing before a damaged place is lost."""

    def __init__(self, source: _Source) -> None:
        self._file = gzip.GzipFile(fileobj=source, mode="rb")

    def readinto(self, buffer: memoryview) -> int:
        piece = self._file.read1(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def _may_pause(file: IO[bytes]) -> bool:
    try:
        mode = os.fstat(file.fileno()).st_mode
    except (OSError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)
