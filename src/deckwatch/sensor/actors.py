"""Who did something: values that many events share."""

from __future__ import annotations

from typing import Any

import msgspec

PSEUDO_TERMINALS = range(136, 144)
CONSOLES_AND_LINES = 4


class Program(msgspec.Struct, gc=False, eq=False):
    """What a process runs. All texts are empty when unknown; `args_cut`: there were more, or longer ones."""

    executable: str
    args: tuple[str, ...]
    working_directory: str
    args_count: int
    args_cut: bool = False


class State(msgspec.Struct, gc=False, eq=False):
    """What a process is between two changes. `start` is in nanoseconds since boot; ids are those in force."""

    pid: int
    start: int
    program: Program | None = None
    user: int | None = None
    group: int | None = None
    tty: int = 0
    object: dict[str, Any] | None = None
    """How documents show it; made when first needed."""

    @property
    def interactive(self) -> bool:
        """Whether it has a controlling terminal: a pseudo terminal, a console or a serial line."""
        major = self.tty >> 20
        return major in PSEUDO_TERMINALS or major == CONSOLES_AND_LINES


class Actor(msgspec.Struct, gc=False, eq=False):
    """A process and its relatives, as they are at the time of an event; None is not known."""

    state: State
    parent: State | None = None
    group_leader: State | None = None
    session_leader: State | None = None
    entry_leader: State | None = None
    entry_type: str | None = None
    objects: dict[str, Any] | None = None
    """How documents show it; made when first needed."""
