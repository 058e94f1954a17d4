"""Where watches and those who ask them meet: the paths of their sockets, and what is asked."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import Annotated

import msgspec

from deckwatch.errors import DeckwatchError

ROOT_FOLDER = Path("/run/deckwatch")
MOST_TOLD = 100


class ControlError(DeckwatchError):
    """A watch that cannot be asked."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule by its id or name; of which container, and how many sequences to tell of at most."""

    rule: str
    container: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_TOLD)] = 5


def folder() -> Path | None:
    """Where the watches of this user listen unless told otherwise; None if there is no such place."""
    if os.geteuid() == 0:
        return ROOT_FOLDER
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) / "deckwatch" if runtime else None


def listening() -> list[Path]:
    """The sockets of this user's watches, where somebody listens, by name."""
    place = folder()
    found = [] if place is None else [path for path in place.glob("*.sock") if is_live(path)]
    return sorted(found)


def is_live(path: Path) -> bool:
    """Whether somebody listens there.

    Raises:
        OSError: this cannot be found out, such as for a lack of permission.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(0)
        try:
            caller.connect(os.fspath(path))
        except BlockingIOError:  # so many wait that no more may
            return True
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        return True


def free(path: Path) -> None:
    """Make a path ready to be listened at: its folder exists, and what a watch that was killed has left is gone.

    Raises:
        ControlError: it is in use.
        OSError: there is no permission.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ControlError(f"{path}: this is another file, which stays as it is; name a path that is free")
    if is_live(path):
        raise ControlError(f"{path}: another watch listens there; name another path")
    path.unlink()
