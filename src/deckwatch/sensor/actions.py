"""What events are called: action, type, category, data stream and hook."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from deckwatch.sensor.records import Hook, What

MODULE = "cloud_defend"
PROCESS = "process"
FILE = "file"

_ACTIONS: Mapping[What, tuple[str, str, str]] = {
    What.FORK: (PROCESS, "fork", "start"),
    What.EXEC: (PROCESS, "exec", "start"),
    What.EXIT: (PROCESS, "end", "end"),
    What.CREATE: (FILE, "creation", "creation"),
    What.OPEN: (FILE, "open", "change"),
    What.DELETE: (FILE, "deletion", "deletion"),
    What.RENAME: (FILE, "rename", "change"),
    What.LINK: (FILE, "link", "creation"),
    What.CHMOD: (FILE, "modification", "change"),
    What.TRUNCATE: (FILE, "modification", "change"),
    What.DIRECTORY: (FILE, "rename", "change"),  # only those that move a directory become events
}
"""Category, action and type."""

_HOOKS: Mapping[Hook, str] = {
    Hook.SCHED_PROCESS_FORK: "tracepoint__sched_process_fork",
    Hook.SCHED_PROCESS_EXEC: "tracepoint__sched_process_exec",
    Hook.SCHED_PROCESS_EXIT: "tracepoint__sched_process_exit",
    Hook.SYS_EXIT: "tracepoint__sys_exit",
    Hook.IO_URING_TRACEPOINT: "tracepoint__io_uring",
}
"""Where the name of a hook is not that of its member in lower case, `lsm__path_unlink` for LSM_PATH_UNLINK."""


class Action(msgspec.Struct, frozen=True, gc=False, eq=False):
    """The parts of a document that follow from what happened and which hook saw it."""

    object: dict[str, Any]


@cache
def action_of(what: What, hook: Hook) -> Action:
    """What the reference product calls it."""
    category, action, type_ = _ACTIONS[what]
    hook_point = {"hook_point": [hook_name(hook)]}
    return Action({"cloud_defend": hook_point, **_classified(MODULE, category, category, action, type_)})


def hook_name(hook: Hook) -> str:
    """The name of a hook as documents have it."""
    return _HOOKS.get(hook) or hook.name.lower().replace("_", "__", 1)


def _classified(module: str, stream: str, category: str, action: str, type_: str) -> dict[str, Any]:
    dataset = f"{module}.{stream}"
    names = {"action": [action], "category": [category], "type": [type_]}
    return {
        "data_stream": {"dataset": dataset, "namespace": "default", "type": "logs"},
        "event": {**names, "dataset": dataset, "kind": "event", "module": module},
    }


LOSS = Action(_classified("deckwatch", "losses", "host", "loss", "info"))
"""Records were lost: events may be missing here."""

IO_URING = Action(_classified("deckwatch", "losses", "process", "io_uring", "info"))
"""A process made a ring through which it may open, remove and rename files unseen."""
