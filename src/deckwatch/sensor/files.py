"""JSON files that others write, read without trust."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


def read_json(path: Path, content: type[T]) -> T | None:
    """The content of a file; None when it is not there (yet), not readable, or not of that shape."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=content)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
