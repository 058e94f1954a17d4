"""What documents say of a process, field by field."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from deckwatch.eql.dates import MILLISECOND, format_timestamp
from deckwatch.sensor.actors import Actor, State
from deckwatch.sensor.node import Node

Teller: TypeAlias = Callable[[Node, State], Any]
"""The value of a field; None when there is none."""

RELATIVES = ("parent", "group_leader", "session_leader", "entry_leader")
"""The processes beside the acting one, as `Actor` and the documents name them."""


def entity_id(node: Node, state: State) -> str:
    """The same for a process from its beginning to its end, whoever watches; no other process has it."""
    identity = f"{node.pid_namespace}__{node.boot_id}__{state.pid}__{state.start}"
    return base64.b64encode(identity.encode()).decode()


def date_of(node: Node, time: int) -> str:
    """The date of a time since boot, to the millisecond, which is what the reference product tells of processes."""
    return format_timestamp((node.boot_epoch + time) // MILLISECOND * MILLISECOND)


def base_name(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


def is_same(actor: Actor, relative: State) -> bool:
    """Whether a relative is the acting process itself."""
    return relative.pid == actor.state.pid and relative.start == actor.state.start


def _args(state: State) -> tuple[str, ...]:
    return state.program.args if state.program is not None else ()


def _executable(state: State) -> str:
    return state.program.executable if state.program is not None else ""


STATE: Mapping[str, Teller] = {
    "args": lambda _, state: list(_args(state)) or None,
    "entity_id": entity_id,
    "executable": lambda _, state: _executable(state) or None,
    "group.id": lambda _, state: None if state.group is None else str(state.group),
    "interactive": lambda _, state: state.interactive,
    "name": lambda _, state: base_name(_executable(state)) or None,
    "pid": lambda _, state: state.pid,
    "start": lambda node, state: date_of(node, state.start),
    "user.id": lambda _, state: None if state.user is None else str(state.user),
    "working_directory": lambda _, state: (state.program.working_directory or None) if state.program else None,
}
"""Of any process."""

OWN: Mapping[str, Teller] = {
    "args_count": lambda _, state: (state.program.args_count or None) if state.program else None,
    "command_line": lambda _, state: " ".join(_args(state)) or None,
    "tty.char_device.major": lambda _, state: state.tty >> 20 if state.tty else None,
    "tty.char_device.minor": lambda _, state: state.tty & 0xFFFFF if state.tty else None,
}
"""Only of the acting process."""


def is_cut(state: State) -> bool | None:
    """Whether arguments are missing; None when not."""
    return (state.program is not None and state.program.args_cut) or None


def nested(members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object from members with dotted names, without those that are None."""
    whole: dict[str, Any] = {}
    for name, value in members:
        if value is None:
            continue
        *branches, leaf = name.split(".")
        node = whole
        for branch in branches:
            node = node.setdefault(branch, {})
        node[leaf] = value
    return whole
