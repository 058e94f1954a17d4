"""Bytes to lines, however the bytes come."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.events.framing import Chunk, frame
from deckwatch.sources.linebuffer import LineBuffer, Piece

Line = tuple[int, int, bytes | int]

CONTENT = st.lists(st.sampled_from([b"a", b"\n", b"bcd", b"\r", b"\xef\xbb\xbf", b"\n\n", b"0123456789"]), max_size=30)


def lines(pieces: list[Piece]) -> list[Line]:
    """Each line's number, offset and content; of an overlong one its size."""
    found: list[Line] = []
    for piece in pieces:
        if isinstance(piece, Chunk):
            offsets = piece.offset + piece.starts[:-1]
            found += [
                (piece.number + i, int(offset), piece.line(i)) for i, offset in enumerate(offsets) if len(piece.line(i))
            ]
        else:
            found.append((piece.number, piece.offset, piece.size))
    return found


def fed(data: bytes, cuts: list[int], limit: int) -> list[Line]:
    buffer = LineBuffer(limit)
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [piece for start, end in pairwise(places) for piece in buffer.add(data[start:end])]
    return lines([*pieces, *buffer.finish()])


@given(content=CONTENT, cuts=st.lists(st.integers(0, 60), max_size=8))
def test_lines_are_those_of_a_whole_file(content: list[bytes], cuts: list[int]) -> None:
    data = b"".join(content)
    assert fed(data, cuts, 1000) == lines(list(frame(io.BytesIO(data).readinto)))


@given(content=CONTENT, cuts=st.lists(st.integers(0, 60), max_size=8))
def test_overlong_lines_are_passed_over_and_counted(content: list[bytes], cuts: list[int]) -> None:
    data = b"".join(content)
    parts = data.split(b"\n")
    whole = [part + b"\n" for part in parts[:-1]] + [parts[-1]] * bool(parts[-1])
    for number, offset, line in fed(data, cuts, 4):
        mark = 3 * (offset == 3 and number == 1)
        assert data[offset:].startswith(whole[number - 1][mark:])
        assert (line if isinstance(line, int) else len(line)) == len(whole[number - 1]) - mark


def test_what_has_no_end_yet_waits() -> None:
    buffer = LineBuffer()
    assert lines([*buffer.add(b'{"a":')]) == []
    assert lines([*buffer.add(b'1}\n{"b"')]) == [(1, 0, b'{"a":1}\n')]
    assert lines([*buffer.finish()]) == [(2, 8, b'{"b"')]
    assert lines([*buffer.finish()]) == []


@pytest.mark.parametrize("size", [1, 999])
def test_memory_is_bounded_however_long_a_line_is(size: int) -> None:
    buffer = LineBuffer(100)
    for _ in range(10_000 // size):
        assert [*buffer.add(b"x" * size)] == []
        assert len(buffer._rest) <= 1100
    (line,) = lines([*buffer.add(b"\n")])
    assert line[2] == 10_000 // size * size + 1
