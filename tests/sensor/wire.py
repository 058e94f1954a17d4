"""Records as the kernel's side writes them, for tests that have no kernel."""

import struct
from typing import Any

from deckwatch.sensor.layout import CGROUP_SECTION, FILE_SECTION, HEADER, PROCESS_SECTION, Fields
from deckwatch.sensor.records import What


def _section(fields: Fields, values: dict[str, Any]) -> bytes:
    packed = b""
    for name, code in fields:
        value = values.pop(name, (0,) * 4 if code == "4H" else b"" if code.endswith("s") else 0)
        arguments = () if code.endswith("x") else value if isinstance(value, tuple) else (value,)
        packed += struct.pack(f"<{code}", *arguments)
    return packed


def record(section: Fields, what: int, texts: tuple[bytes, ...] = (), **values: Any) -> bytes:
    """One record without what the ring puts around it; `values` by the names of wire.h, 0 where not given."""
    lengths = tuple(len(text) for text in texts) + (0,) * (4 - len(texts))
    values = {"what": what, "lengths": lengths, **values}
    size = struct.calcsize("<" + "".join(code for part in (HEADER, section) for _, code in part))
    values.setdefault("length", size + sum(lengths))
    packed = _section(HEADER, values) + _section(section, values) + b"".join(texts)
    assert not values, f"wire.h has no {sorted(values)}"
    return packed


def process(what: int = What.EXEC, *texts: bytes, **values: Any) -> bytes:
    return record(PROCESS_SECTION, what, texts, **values)


def file(what: int = What.CREATE, *texts: bytes, **values: Any) -> bytes:
    return record(FILE_SECTION, what, texts, **values)


def cgroup(what: int = What.CGROUP_MADE, *texts: bytes, **values: Any) -> bytes:
    return record(CGROUP_SECTION, what, texts, **values)


def padded(packed: bytes) -> bytes:
    """As an iterator writes it: whole eights, the rest means nothing."""
    return packed + b"\xaa" * (-len(packed) % 8)


def in_ring(packed: bytes, mark: int = 0) -> bytes:
    """As it lies in the ring, with `mark` in the header."""
    body = padded(packed)
    return struct.pack("<II", len(body) | mark, 7) + body
