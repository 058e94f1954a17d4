"""Reading the BPF ring buffer from its mapping, a batch at a time.

The kernel maps it as: one page with the consumer's position (ours to write), one with the producer's, then the data
twice in a row, so that no record is ever split. A record begins with a header: two flag bits and a length. The
producer moves its position first and clears the busy flag when the record is complete.

**Order of memory accesses.** What we read must not be read before the position, or the flag, that says it is there; and
our position must not be published before the bytes are copied. x86-64 keeps loads in order, and stores behind the loads
before them; nothing is needed. arm64 promises neither. There `barrier` asks the kernel for a full one: one before the
headers, one before the data, one before the position, per batch and not per record.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import select
from collections.abc import Callable

BUSY = 1 << 31
DISCARDED = 1 << 30
_HEADER = 8
_MEMBARRIER = {"aarch64": 283, "x86_64": 324}
_GLOBAL_EXPEDITED = 1 << 1


class Wakeups:
    """When the kernel wakes the reader of a ring, as opposed to: when something lies there."""

    def __init__(self, fd: int) -> None:
        self._epoll = select.epoll()
        self._epoll.register(fd, select.EPOLLIN | select.EPOLLET)

    def fileno(self) -> int:
        return self._epoll.fileno()

    def wait(self, timeout: float) -> bool:
        """Wait for the next one; False when `timeout` seconds went by without."""
        return bool(self._epoll.poll(timeout))

    def close(self) -> None:
        self._epoll.close()


class Ring:
    """The consumer's end of a ring buffer map of `size` bytes of data. `fd` stays the caller's."""

    def __init__(self, fd: int, size: int) -> None:
        self._mask = size - 1
        self._barrier = barrier_for(os.uname().machine)
        self._position_page = mmap.mmap(fd, mmap.PAGESIZE)
        self._pages = mmap.mmap(fd, mmap.PAGESIZE + 2 * size, prot=mmap.PROT_READ, offset=mmap.PAGESIZE)
        whole = memoryview(self._pages)
        self._consumer = memoryview(self._position_page).cast("Q")
        self._producer = whole[: mmap.PAGESIZE].cast("Q")
        self._data = whole[mmap.PAGESIZE :]
        self._headers = self._data.cast("I")

    def read(self, limit: int) -> bytes:
        """Take the complete records that are there, as they lie in the ring; about `limit` bytes at most.

        Each is preceded by its 8-byte header and padded to 8 bytes. Empty when there is none.
        """
        while True:
            consumed = self._consumer[0]
            begin = consumed & self._mask
            stop = begin + min(self._producer[0] - consumed, limit)
            self._barrier()
            end = self._complete(begin, stop)
            if end == begin:
                return b""
            self._barrier()
            discarded = self._headers[begin >> 2] & DISCARDED
            batch = b"" if discarded else bytes(self._data[begin:end])
            self._barrier()
            self._consumer[0] = consumed + end - begin
            if not discarded:
                return batch

    def _complete(self, begin: int, stop: int) -> int:
        """The end of the complete records from `begin` on; a discarded one stands alone."""
        headers, position = self._headers, begin
        while position < stop:
            header = headers[position >> 2]
            if header >= DISCARDED:
                if header & BUSY or position > begin:
                    break
                return position + (((header & ~DISCARDED) + _HEADER + 7) & -8)
            position += (header + _HEADER + 7) & -8
        return position

    def close(self) -> None:
        for view in (self._headers, self._data, self._producer, self._consumer):
            view.release()
        self._pages.close()
        self._position_page.close()


def barrier_for(machine: str) -> Callable[[], object]:
    """A full memory barrier, or nothing where the processor's own order is enough (see above)."""
    return (lambda: None) if machine == "x86_64" else membarrier(machine)


def membarrier(machine: str) -> Callable[[], int]:
    """The system call that makes the kernel execute a full barrier (Linux 4.16); 0 when it did."""
    syscall = ctypes.CDLL(None).syscall
    syscall.argtypes, syscall.restype = (ctypes.c_long, ctypes.c_int, ctypes.c_uint, ctypes.c_int), ctypes.c_long
    number = _MEMBARRIER[machine]
    return lambda: int(syscall(number, _GLOBAL_EXPEDITED, 0, 0))
