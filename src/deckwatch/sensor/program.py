"""An eBPF object: which of its programs to load, its options, its maps."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from deckwatch.sensor.btf import Btf
from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.libbpf import LibbpfError, library

OBJECTS = {"x86_64": "sensor.x86_64.bpf.o", "aarch64": "sensor.arm64.bpf.o"}
KERNEL_TYPES = Path("/sys/kernel/btf/vmlinux")
_RUN_TIME_STATISTICS = 0
_INFO_BYTES, _RUNS, _MISSED = 232, 200, 208
"""Of `struct bpf_prog_info`, which only grows at its end: an older kernel leaves that as it is."""


def object_bytes(machine: str | None = None) -> bytes:
    """The object for a machine (as `uname -m` calls it), this one by default.

    Raises:
        SensorError: There is none for it.
    """
    machine = machine or os.uname().machine
    path = files("deckwatch.sensor") / "bpf" / OBJECTS.get(machine, f"sensor.{machine}.bpf.o")
    if not path.is_file():
        known = " and ".join(OBJECTS)
        raise SensorError(
            f"there are no eBPF programs for {machine} in this installation",
            f"deckwatch has them for {known}; from a source tree, `make bpf` builds them (clang is needed).",
        )
    return path.read_bytes()


class _OpenOptions(ctypes.Structure):
    """The head of `struct bpf_object_open_opts`; what is not sent counts as zero."""

    _fields_ = (("sz", ctypes.c_size_t), ("object_name", ctypes.c_char_p))


@dataclass(frozen=True, slots=True)
class Program:
    """`section` says what it attaches to, such as `tp_btf/sched_process_exec`."""

    name: str
    section: str
    handle: int

    @property
    def hook(self) -> tuple[str, str]:
        """How it attaches (`lsm`, `fexit`, `tp_btf`), and where."""
        kind, _, target = self.section.removeprefix("?").partition("/")
        return kind.partition(".")[0], target

    def has_target(self, kernel: Btf) -> bool:
        """Whether the kernel with these types has what the program attaches to, as far as types tell."""
        match self.hook:
            case "lsm", target:
                return kernel.has_function(f"bpf_lsm_{target}")
            case "fentry" | "fexit", target:
                return kernel.has_function(target)
            case "tp_btf", target:
                return kernel.has_typedef(f"btf_trace_{target}")
        return True


class Map:
    """A map of a loaded object. Keys and values are bytes; a per-CPU value is that of all CPUs, one after the other."""

    def __init__(self, handle: int, *, per_cpu: bool) -> None:
        self._library = library()
        self.fd: int = self._library.bpf_map__fd(handle)
        self.entries: int = self._library.bpf_map__max_entries(handle)
        self._key_size: int = self._library.bpf_map__key_size(handle)
        size: int = self._library.bpf_map__value_size(handle)
        self._value_size = ((size + 7) & -8) * self._library.libbpf_num_possible_cpus() if per_cpu else size

    def get(self, key: bytes) -> bytes | None:
        value = ctypes.create_string_buffer(self._value_size)
        with _absence():
            self._library.bpf_map_lookup_elem(self.fd, key, value)
            return value.raw
        return None

    def put(self, key: bytes, value: bytes) -> None:
        self._library.bpf_map_update_elem(self.fd, key, value, 0)

    def delete(self, key: bytes) -> None:
        """Remove an entry; nothing happens when there is none."""
        with _absence():
            self._library.bpf_map_delete_elem(self.fd, key)

    def keys(self) -> Iterator[bytes]:
        """All keys; while others change the map some may come twice."""
        following = ctypes.create_string_buffer(self._key_size)
        key: bytes | None = None
        with _absence():
            while True:
                self._library.bpf_map_get_next_key(self.fd, key, following)
                key = following.raw
                yield key


@contextmanager
def _absence() -> Iterator[None]:
    """Whether an entry is there is no failure."""
    try:
        yield
    except LibbpfError as error:
        if error.number != errno.ENOENT:
            raise


class BpfObject:
    """An object from its opening, when options are set, over `load` to `close`. Failures raise `LibbpfError`."""

    def __init__(self, data: bytes) -> None:
        self._library = library()
        self._library.log.clear()
        options = _OpenOptions(ctypes.sizeof(_OpenOptions), b"deckwatch")
        self._data = data  # libbpf reads from it until close
        self._handle: int = self._library.bpf_object__open_mem(data, len(data), ctypes.byref(options))
        self._links: dict[str, int] = {}
        self.programs = {program.name: program for program in self._programs()}

    def _programs(self) -> Iterator[Program]:
        handle = self._library.bpf_object__next_program(self._handle, None)
        while handle:
            name = self._library.bpf_program__name(handle).decode()
            yield Program(name, self._library.bpf_program__section_name(handle).decode(), handle)
            handle = self._library.bpf_object__next_program(self._handle, handle)

    def select(self, names: Collection[str]) -> None:
        """Load these programs only."""
        for program in self.programs.values():
            self._library.bpf_program__set_autoload(program.handle, program.name in names)

    def set_options(self, values: Mapping[str, int]) -> None:
        """Set 32-bit read-only variables, before load."""
        size = ctypes.c_size_t()
        handle = self._library.bpf_object__find_map_by_name(self._handle, b".rodata")
        address = self._library.bpf_map__initial_value(handle, ctypes.byref(size))
        places = Btf(self._library.bpf_object__btf(self._handle), owned=False).variables(".rodata")
        for name, value in values.items():
            ctypes.memmove(address + places[name].offset, (value & 0xFFFFFFFF).to_bytes(4, "little"), 4)

    def resize(self, name: str, entries: int) -> None:
        """Set the number of entries of a map, of a ring its bytes, before load."""
        handle = self._library.bpf_object__find_map_by_name(self._handle, name.encode())
        self._library.bpf_map__set_max_entries(handle, entries)

    def load(self) -> None:
        self._library.log.clear()
        self._library.bpf_object__load(self._handle)

    def attach(self, name: str) -> int:
        """Attach a loaded program; the link's handle. It is detached at close."""
        self._library.log.clear()
        try:
            link: int = self._library.bpf_program__attach(self.programs[name].handle)
        except LibbpfError as error:
            error.program = name
            raise
        self._links[name] = link
        return link

    def map(self, name: str, *, per_cpu: bool = False) -> Map:
        return Map(self._library.bpf_object__find_map_by_name(self._handle, name.encode()), per_cpu=per_cpu)

    def iterate(self, link: int) -> Iterator[bytes]:
        """What an attached iterator program writes, in pieces."""
        fd = self._library.bpf_iter_create(self._library.bpf_link__fd(link))
        try:
            while piece := os.read(fd, 1 << 20):
                yield piece
        finally:
            os.close(fd)

    @contextmanager
    def statistics(self) -> Iterator[None]:
        """Let the kernel count how often programs run; needs CAP_SYS_ADMIN."""
        fd = self._library.bpf_enable_stats(_RUN_TIME_STATISTICS)
        try:
            yield
        finally:
            os.close(fd)

    def runs(self, name: str) -> int:
        """How often a program ran while the kernel counted."""
        return self._count(name, _RUNS)

    def missed(self) -> int:
        """How often attached programs were not run, since they were being run already; 0 before Linux 5.12."""
        return sum(self._count(name, _MISSED) for name in self._links)

    def _count(self, name: str, offset: int) -> int:
        info = ctypes.create_string_buffer(_INFO_BYTES)
        size = ctypes.c_uint32(_INFO_BYTES)
        fd = self._library.bpf_program__fd(self.programs[name].handle)
        self._library.bpf_obj_get_info_by_fd(fd, info, ctypes.byref(size))
        return int.from_bytes(info.raw[offset : offset + 8], "little")

    def close(self) -> None:
        for link in self._links.values():
            self._library.bpf_link__destroy(link)
        self._links.clear()
        if self._handle:
            self._library.bpf_object__close(self._handle)
        self._handle = 0
