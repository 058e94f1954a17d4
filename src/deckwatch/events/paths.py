"""Which files are meant: paths, folders and patterns to one list in one order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from deckwatch.errors import DeckwatchError

STANDARD_INPUT = "-"

_ENDINGS = (".ndjson", ".jsonl", ".json")
_COMPRESSIONS = ("", ".gz", ".zst")
SUFFIXES = (*(ending + packing for ending in _ENDINGS for packing in _COMPRESSIONS), ".parquet")
"""What a folder is searched for."""


class InputError(DeckwatchError):
    """An input that is not there, or must not be read."""


def expand(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Every file meant, once, sorted by its absolute path, whatever the order of the arguments; `-` is the last.

    A folder stands for all event files below it. A path that does not exist may be a pattern with `*`, `?`, `[…]`
    or `**`.
    """
    names = [os.fspath(path) for path in paths]
    if not names:
        raise InputError("no input: name at least one file or folder, or - for the standard input")
    files = {Path(os.path.realpath(file)): file for name in names if name != STANDARD_INPUT for file in _files(name)}
    return [str(files[place]) for place in sorted(files)] + [STANDARD_INPUT] * (STANDARD_INPUT in names)


def _files(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        found = [file for file in path.rglob("*") if file.name.lower().endswith(SUFFIXES) and file.is_file()]
        if not found:
            raise InputError(f"{name}: no event files in this folder; it is searched for {', '.join(SUFFIXES)}")
    elif path.exists():
        found = [path]
    elif glob.has_magic(name):
        found = [Path(match) for match in glob.glob(name, recursive=True) if not Path(match).is_dir()]  # noqa: PTH207
        if not found:
            raise InputError(f"{name}: no file matches this pattern; quote it if the shell should not expand it")
    else:
        raise InputError(f"{name}: no such file or folder; check the path, relative ones start at {Path.cwd()}")
    for file in found:
        if not os.access(file, os.R_OK):
            raise InputError(f"{file}: may not be read; change its permissions or run as a user who may")
    return found
