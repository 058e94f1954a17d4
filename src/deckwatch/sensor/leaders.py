"""Who stands for whom: group, session and entry leaders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deckwatch.sensor.processes import Process

CONTAINER = "container"
"""The entry type of what a container runtime started: the first program, or the first of an exec session."""


def came_from_outside(process: Process) -> bool:
    """Whether the container's runtime put the process there: its parent is elsewhere, or of the runtime itself."""
    parent = process.parent
    return parent is None or parent.container is not process.container or parent.setup


def find_entry(process: Process) -> None:
    """Set the entry leader of a process whose parent, group and session leader are set.

    The process that leads the way into a container is its own; all others have their parent's, or else that of
    their session or group. A process of which nothing is known but that it is there has none.
    """
    if came_from_outside(process) and (process.is_first or process.session_leader is process):
        process.entry_leader, process.entry_type = process, CONTAINER
        return
    for relative in (process.parent, process.session_leader, process.group_leader):
        if relative is not None and relative.container is process.container and relative.entry_leader is not None:
            process.entry_leader = relative.entry_leader
            return
    process.entry_leader = None
