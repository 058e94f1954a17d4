"""Type information of an eBPF object or of the kernel, as far as laying out bytes needs it."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deckwatch.sensor.libbpf import LibbpfError, library

_STRUCT, _ENUM, _TYPEDEF, _FUNCTION, _DATASEC = 4, 6, 8, 12, 15
_TYPE = struct.Struct("<III")  # name, kind and number of entries, size or type
_ENTRY = struct.Struct("<III")  # members: name, type, bit offset; section variables: type, offset, size
_BIT_OFFSET = 0xFFFFFF  # above it, in structs with bit fields, lies the width of one
_ENUMERATOR = struct.Struct("<Ii")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies, in bytes."""

    offset: int
    size: int


class Btf:
    """BTF held by libbpf. Names that are not there raise `LibbpfError` (ENOENT)."""

    def __init__(self, handle: int, *, owned: bool) -> None:
        self._library = library()
        self._handle = handle
        self._owned = owned

    @classmethod
    def parse(cls, path: Path) -> Self:
        """Read an ELF object or a raw file such as `/sys/kernel/btf/vmlinux`."""
        return cls(library().btf__parse(bytes(path), None), owned=True)

    def close(self) -> None:
        if self._owned and self._handle:
            self._library.btf__free(self._handle)
        self._handle = 0

    def has_function(self, name: str) -> bool:
        return self._has(name, _FUNCTION)

    def has_typedef(self, name: str) -> bool:
        return self._has(name, _TYPEDEF)

    def size(self, name: str) -> int:
        """The size of a struct."""
        size: int = self._library.btf__resolve_size(self._handle, self._find(name, _STRUCT))
        return size

    def members(self, name: str) -> dict[str, Place]:
        """The members of a struct in order; those of a nested struct as `outer.inner`.

        Of a bit field it is the place of the type that it lies in.
        """
        return dict(self._members(self._find(name, _STRUCT), "", 0))

    def enumerators(self, name: str) -> dict[str, int]:
        """The values of an enum of up to 32 bits."""
        _, count, _, body = self._type(self._find(name, _ENUM), _ENUMERATOR)
        return {self._text(text): value for text, value in _ENUMERATOR.iter_unpack(body[: count * _ENUMERATOR.size])}

    def variables(self, section: str) -> dict[str, Place]:
        """Where the variables of a data section (`.rodata`, `.bss`) lie."""
        *_, body = self._type(self._find(section, _DATASEC), _ENTRY)
        return {self._name(kind): Place(offset, size) for kind, offset, size in _ENTRY.iter_unpack(body)}

    def _members(self, identity: int, prefix: str, base: int) -> Iterator[tuple[str, Place]]:
        *_, body = self._type(identity, _ENTRY)
        for text, kind, bits in _ENTRY.iter_unpack(body):
            name, offset = prefix + self._text(text), base + (bits & _BIT_OFFSET) // 8
            if self._type(kind, _ENTRY)[0] == _STRUCT:
                yield from self._members(kind, f"{name}.", offset)
            else:
                yield name, Place(offset, self._library.btf__resolve_size(self._handle, kind))

    def _has(self, name: str, kind: int) -> bool:
        try:
            return self._find(name, kind) > 0
        except LibbpfError:
            return False

    def _find(self, name: str, kind: int) -> int:
        identity: int = self._library.btf__find_by_name_kind(self._handle, name.encode(), kind)
        return identity

    def _type(self, identity: int, entry: struct.Struct) -> tuple[int, int, int, bytes]:
        """Kind, number of entries, name offset, and the bytes of the entries."""
        address = self._library.btf__type_by_id(self._handle, identity)
        name, info, _ = _TYPE.unpack(ctypes.string_at(address, _TYPE.size))
        kind, count = info >> 24 & 0x1F, info & 0xFFFF
        has_entries = kind in (_STRUCT, _ENUM, _DATASEC)
        return kind, count, name, ctypes.string_at(address + _TYPE.size, count * entry.size if has_entries else 0)

    def _name(self, identity: int) -> str:
        return self._text(self._type(identity, _ENTRY)[2])

    def _text(self, offset: int) -> str:
        text: bytes = self._library.btf__name_by_offset(self._handle, offset)
        return text.decode()
