"""Bytes to lines, whatever the size of the pieces."""

import gzip
import io
import os
import threading
import zlib
from collections.abc import Generator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.events.ahead import Ahead
from deckwatch.events.bytestream import ByteStream
from deckwatch.events.framing import Chunk, Overlong, frame

LIMIT = 20


def _frame(data: bytes, chunk_bytes: int) -> tuple[list[bytes], list[tuple[int, int]]]:
    """The lines that come in chunks or begin an overlong one, and number and offset of each."""
    lines: list[bytes] = []
    places = []
    for piece in frame(io.BytesIO(data).readinto, chunk_bytes=chunk_bytes, line_bytes=LIMIT):
        match piece:
            case Chunk():
                assert [line.encode() for line in piece.array().to_pylist()] == list(map(piece.line, range(len(piece))))
                lines += map(piece.line, range(len(piece)))
                places += [(piece.number + i, piece.offset + int(piece.starts[i])) for i in range(len(piece))]
            case Overlong():
                assert piece.size > LIMIT
                lines.append(data[piece.offset : piece.offset + piece.size])
                places.append((piece.number, piece.offset))
    return lines, places


@given(
    st.lists(st.sampled_from(["", "a", "bc", "x" * 19, "y" * 20, "z" * 70, "ä", "\r"])),
    st.booleans(),
    st.integers(1, 64),
)
def test_lines_come_whole_and_in_place(texts: list[str], ends_with_newline: bool, chunk_bytes: int) -> None:
    data = ("\n".join(texts) + "\n" * ends_with_newline).encode()
    lines, places = _frame(data, chunk_bytes)
    assert lines == data.splitlines(keepends=True) if "\r" not in texts else b"".join(lines) == data
    assert [number for number, _ in places] == list(range(1, len(lines) + 1))
    assert all(data[offset:].startswith(line) for line, (_, offset) in zip(lines, places, strict=True))


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b"\xef\xbb\xbf", [], id="only-a-byte-order-mark"),
        pytest.param(b"\xef\xbb\xbf{}\n", [b"{}\n"], id="byte-order-mark"),
        pytest.param(b"{}\n\xef\xbb\xbf{}", [b"{}\n", b"\xef\xbb\xbf{}"], id="mark-in-the-middle"),
        pytest.param(b"{}\r\n\r\n{}", [b"{}\r\n", b"\r\n", b"{}"], id="crlf"),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [1, 4, 100])
def test_edges(data: bytes, lines: list[bytes], chunk_bytes: int) -> None:
    assert _frame(data, chunk_bytes)[0] == lines


def test_a_chunk_splits_without_copying() -> None:
    (chunk,) = frame(io.BytesIO(b"a\nb\nc\n").readinto)
    assert isinstance(chunk, Chunk)
    parts = list(chunk.split(2))
    assert [[part.line(i) for i in range(len(part))] for part in parts] == [[b"a\n", b"b\n"], [b"c\n"]]
    assert [part.number for part in parts] == [1, 3]
    assert parts[1].data is chunk.data


TEXT = b"".join(b"%d %s\n" % (number, os.urandom(20).hex().encode()) for number in range(20_000))


def _zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def _read(data: bytes) -> tuple[bytes, str | None]:
    stream = ByteStream(io.BytesIO(data))
    buffer = bytearray(1 << 22)
    pieces = []
    while added := stream.fill(memoryview(buffer)):
        pieces.append(bytes(buffer[:added]))
    return b"".join(pieces), stream.damage


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(TEXT, id="plain"),
        pytest.param(gzip.compress(TEXT), id="gzip"),
        pytest.param(gzip.compress(TEXT[:5000]) + gzip.compress(TEXT[5000:]), id="gzip-two-members"),
        pytest.param(_zstd(TEXT), id="zstd"),
        pytest.param(_zstd(TEXT[:5000]) + _zstd(TEXT[5000:]), id="zstd-two-frames"),
    ],
)
def test_compression_is_recognised_by_content(data: bytes) -> None:
    assert _read(data) == (TEXT, None)


def test_what_can_be_read_of_a_truncated_gzip_is_read() -> None:
    half = gzip.compress(TEXT)[:-200_000]
    text, damage = _read(half)
    assert damage
    assert text == zlib.decompressobj(31).decompress(half)


def test_what_can_be_read_of_a_truncated_zstd_is_read_but_for_the_last_block() -> None:
    whole = _zstd(TEXT)
    text, damage = _read(whole[: len(whole) // 2])
    assert damage
    assert TEXT.startswith(text)
    assert len(text) > len(TEXT) // 2 - (1 << 18)


@pytest.mark.parametrize("head", [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x1f\x8bjunk", b"\x28\xb5\x2f\xfdjunkjunk"])
def test_what_only_begins_like_a_compressed_file_is_damaged(head: bytes) -> None:
    assert _read(head)[1]


def test_a_live_pipe_is_read_as_far_as_it_goes() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as file, open(writing, "wb", buffering=0) as other:  # noqa: PTH123
        other.write(b"first\n")
        stream = ByteStream(file)
        buffer = bytearray(1 << 20)
        for line in (b"first\n", b"second\n"):
            text = b""
            while text != line:
                text += buffer[: stream.fill(memoryview(buffer))]
            other.write(b"second\n")


def test_ahead_raises_what_the_iterator_raises() -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        raise KeyError("x")

    ahead = iter(Ahead(items()))
    assert next(ahead) == 1
    with pytest.raises(KeyError):
        next(ahead)


def test_ahead_closes_its_iterator() -> None:
    closed = threading.Event()

    def items() -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    ahead = Ahead(items())
    assert next(iter(ahead)) == 1
    ahead.close()
    assert closed.wait(5)
