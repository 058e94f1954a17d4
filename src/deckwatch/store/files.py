"""The store's plain files: which there are, how they are called, and how they are written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from deckwatch.store.document import SUFFIXES, Document
from deckwatch.store.place import BASE, CONNECTORS, EXCEPTIONS, HISTORY, INNER, LOCK, RULES, STATE, VALUE_LISTS

FOLDERS = (RULES, BASE, EXCEPTIONS, VALUE_LISTS)

FIXED = {
    ".gitignore": f"/{STATE}*\n/{LOCK}\n",
    ".gitattributes": f"/{HISTORY} merge=union\n",
}
"""Files for git: the state can be rebuilt, and two histories are one history."""

_LONGEST = 80
_LONGEST_ID = 150
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def contents(root: Path) -> dict[str, bytes]:
    """Everything that belongs to the store, by path in it; state, lock and history left out."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in _paths(root)}


def _paths(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        if (root / folder).is_dir():
            yield from sorted(_below(root / folder))
    if (root / CONNECTORS).is_file():
        yield root / CONNECTORS


def _below(folder: Path) -> Iterator[Path]:
    """The files of a folder and its subfolders, hidden ones left out.

    Raises:
        OSError: one of the folders cannot be read.
    """
    for place, folders, names in os.walk(folder, onerror=_raised):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (path for name in names if not name.startswith(".") and (path := Path(place, name)).is_file())


def _raised(error: OSError) -> None:
    raise error


def prepare(root: Path) -> None:
    """Make the store's folders, and the files that tell git about them."""
    for folder in (RULES, INNER):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name, text in FIXED.items():
        if not (root / name).exists():
            write(root / name, text.encode())


def write(path: Path, data: bytes) -> None:
    """Put the file there, whole or not at all."""
    write_all({path: data})


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Put files there, each of them whole; none of them where there is no room or no permission for all."""
    staged: dict[Path, Path] = {}
    try:
        for path, data in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with _about(path):
                staged[path] = _new(path.parent)
                _fill(staged[path], data, path)
        for path, temporary in staged.items():
            temporary.replace(path)
    except BaseException:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _about(path: Path) -> Iterator[None]:
    """Let errors name the file that is wanted, not the one that is to become it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _new(folder: Path) -> Path:
    """A new file that nobody takes for one of the store."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    os.close(handle)
    return Path(name)


def _fill(temporary: Path, data: bytes, path: Path) -> None:
    """Write what is to stand at `path`, with the permissions of what stands there."""
    with temporary.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def rule_path(document: Document, taken: Container[str], stem: str = "") -> str:
    """A free path for a new rule, called after its name, or after the file that it comes from."""
    plain = stem or slug(document.name)
    for name in (plain, f"{plain}-{identity(document.rule_id)[:8]}", f"{plain}-{identity(document.rule_id)}"):
        path = f"{RULES}/{name}{document.encoded[0]}"
        if not any(f"{RULES}/{name}{suffix}" in taken for suffix in SUFFIXES):
            return path
    return path


def slug(name: str) -> str:
    """A name in small letters and dashes, which every file system takes."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_PLAIN.sub("-", ascii_only).strip("-")[:_LONGEST].strip("-") or "rule"


def identity(text: str) -> str:
    """An id as a part of a file name; long ones as their hash."""
    plain = quote(text, safe="")
    return (
        plain if len(plain) <= _LONGEST_ID and not plain.startswith(".") else hashlib.sha256(text.encode()).hexdigest()
    )


def base_paths(rule_id: str) -> tuple[str, ...]:
    """Where the base version of a rule may be."""
    return tuple(f"{BASE}/{identity(rule_id)}{suffix}" for suffix in SUFFIXES)


def base_files(document: Document) -> Mapping[str, bytes | None]:
    """What to write so that this is the base version of its rule; None for what has to go."""
    suffix, text = document.encoded
    return {path: text.encode() if path.endswith(suffix) else None for path in base_paths(document.rule_id)}
