"""One event, before it is a document or a row of columns."""

from __future__ import annotations

import msgspec

from deckwatch.sensor.actions import Action
from deckwatch.sensor.actors import Actor, Program
from deckwatch.sensor.containers import View


class Moment(msgspec.Struct, gc=False, eq=False):
    """What process events tell beyond the process: `ended` in nanoseconds since boot, `status` as the kernel has it."""

    permitted: int = 0
    effective: int = 0
    previous: Program | None = None
    ended: int | None = None
    status: int = 0


class Loss(msgspec.Struct, gc=False, eq=False):
    """Records that never arrived; -1 and None stand for a CPU and a kind that are not known."""

    what: str | None
    cpu: int
    reason: str
    count: int


class Event(msgspec.Struct, gc=False, eq=False):
    """`time` is in nanoseconds since boot, `read` since 1970. `path` is empty where no file is concerned.

    `original` is the former name of a file, or the other name it has. `lexical`: directories in the path that are
    symbolic links may stand unresolved. `cut`: the beginning of a path is missing.
    """

    action: Action
    sequence: int
    time: int
    read: int
    container: View | None
    actor: Actor | None = None
    path: str = ""
    original: str = ""
    lexical: bool = False
    cut: bool = False
    detail: Moment | Loss | None = None
