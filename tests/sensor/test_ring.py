"""The consumer's end of the ring, on pages that a test writes as the kernel would."""

import mmap
import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.sensor.ring import BUSY, DISCARDED, Ring, barrier_for, membarrier
from tests.sensor import wire

PAGE = mmap.PAGESIZE
SIZE = PAGE


class Producer:
    """Writes to a file laid out as a ring's mapping: two pages of positions, then the data twice."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("ring")
        os.ftruncate(self.fd, 2 * PAGE + 2 * SIZE)
        self.position = 0

    def start_at(self, position: int) -> None:
        self.position = position
        for page in (0, 1):
            os.pwrite(self.fd, position.to_bytes(8, "little"), page * PAGE)

    def put(self, data: bytes) -> None:
        for at, byte in enumerate(data, self.position):
            for copy in (0, 1):
                os.pwrite(self.fd, bytes([byte]), 2 * PAGE + copy * SIZE + at % SIZE)
        self.position += len(data)
        os.pwrite(self.fd, self.position.to_bytes(8, "little"), PAGE)

    def mark(self, position: int, header: int) -> None:
        for copy in (0, 1):
            os.pwrite(self.fd, header.to_bytes(4, "little"), 2 * PAGE + copy * SIZE + position % SIZE)

    @property
    def consumed(self) -> int:
        return int.from_bytes(os.pread(self.fd, 8, 0), "little")


@pytest.fixture
def producer() -> Iterator[Producer]:
    producer = Producer()
    yield producer
    os.close(producer.fd)


@pytest.fixture
def ring(producer: Producer) -> Iterator[Ring]:
    ring = Ring(producer.fd, SIZE)
    yield ring
    ring.close()


A, B, C = (wire.in_ring(letter * length) for letter, length in ((b"a", 24), (b"b", 61), (b"c", 8)))
LIMIT = 1 << 20


def test_an_empty_ring_has_nothing(ring: Ring):
    assert ring.read(LIMIT) == b""


def test_what_is_complete_comes_in_one_piece(ring: Ring, producer: Producer):
    producer.put(A + B)
    assert ring.read(LIMIT) == A + B
    assert producer.consumed == producer.position
    assert ring.read(LIMIT) == b""


def test_a_record_in_the_making_holds_up_those_behind_it(ring: Ring, producer: Producer):
    producer.put(A + wire.in_ring(b"b" * 61, BUSY) + C)
    assert ring.read(LIMIT) == A
    assert ring.read(LIMIT) == b""
    producer.mark(len(A), 64)
    assert ring.read(LIMIT) == B + C


def test_discarded_records_are_passed_over(ring: Ring, producer: Producer):
    gone = wire.in_ring(b"x" * 40, DISCARDED)
    producer.put(gone + gone + A + gone + B + gone)
    assert (ring.read(LIMIT), ring.read(LIMIT), ring.read(LIMIT)) == (A, B, b"")
    assert producer.consumed == producer.position


def test_a_limit_ends_a_batch_with_a_whole_record(ring: Ring, producer: Producer):
    producer.put(A + B + C)
    assert ring.read(1) == A
    assert ring.read(len(B)) == B
    assert ring.read(LIMIT) == C


def test_a_record_over_the_end_is_not_split(ring: Ring, producer: Producer):
    producer.start_at(7 * SIZE - 16)
    producer.put(B + A)
    assert ring.read(LIMIT) == B + A


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(1, 400)), max_size=60), st.integers(0, 1 << 40))
def test_everything_comes_once_and_in_order(steps: list[tuple[int, int]], start: int):
    producer = Producer()
    producer.start_at(start & -8)
    ring = Ring(producer.fd, SIZE)
    try:
        put, read = b"", b""
        for number, (length, limit) in enumerate(steps):
            packed = wire.in_ring(bytes([number]) * length)
            producer.put(packed)
            put += packed
            read += ring.read(limit)
        while batch := ring.read(LIMIT):
            read += batch
        assert read == put
    finally:
        ring.close()
        os.close(producer.fd)


def test_the_processor_s_own_order_is_enough_on_x86():
    assert barrier_for("x86_64")() is None


def test_elsewhere_the_kernel_is_asked_for_a_barrier():
    machine = os.uname().machine
    assert membarrier(machine)() == 0
