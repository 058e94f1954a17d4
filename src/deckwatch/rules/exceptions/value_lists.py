"""Value lists: plain files with one value on a line, which exceptions refer to by their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

MAX_VALUES = 65_536
"""A list with more values cannot be used; Elastic leaves the item out, and so do we."""

MAX_BYTES = 64 << 20
FOLDER = "value_lists"
ENDINGS = ("", ".txt", ".csv")


@dataclass(frozen=True, slots=True)
class ValueList:
    """The values of a list, in the order of its file. `fault` says why it cannot be used; it then has no values."""

    list_id: str
    values: tuple[str, ...] = field(repr=False)
    file: str
    fault: str = ""


def find_value_list(list_id: str, folders: Iterable[Path]) -> ValueList | None:
    """The list of that name in the first of some folders, or in their folder `value_lists`, that has it.

    The file is called as the list, or as the list and `.txt` or `.csv`.
    """
    if not list_id or PurePath(list_id).name != list_id or "\0" in list_id:
        return None
    names = [f"{list_id}{ending}" for ending in ENDINGS]
    for folder in dict.fromkeys(folders):
        for path in (place / name for place in (folder, folder / FOLDER) for name in names):
            if path.is_file():
                return read_value_list(list_id, path)
    return None


def read_value_list(list_id: str, path: Path) -> ValueList:
    """The list in a file: blank lines are passed over, and blanks around values dropped."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        return ValueList(list_id, (), str(path), f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return ValueList(list_id, (), str(path), "is not UTF-8 text")
    values = tuple(dict.fromkeys(value for line in text.splitlines() if (value := line.strip())))
    if len(values) > MAX_VALUES or len(data) > MAX_BYTES:
        return ValueList(list_id, (), str(path), f"has more than {MAX_VALUES:,} values")
    return ValueList(list_id, values, str(path))
