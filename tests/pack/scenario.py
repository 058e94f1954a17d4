"""What containers do to make rules of the pack fire, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a container does, and the rules that fire on it: each of these, and no other of the pack.

    `fires` names rules by their place in the pack, such as `credential_access/shadow_file_read`.

    The script runs in busybox' shell, and must end with 0. Applets that are called by their bare name and change files
    (rm, cp, mv, chmod, touch …) run inside the shell; by their path (/bin/rm) they are programs of their own. With
    `typed`, somebody enters the lines at a terminal, one after the other. `$WEB/tool` can be downloaded, and is a
    program that does nothing.

    `stubs` are paths of programs that do nothing. `payloads` are paths of programs that do what their arguments say,
    see `tests/scenes/payload.c`: `nginx 'child exec /bin/sh -c id'`. Both are there for all scenarios, so a stub must
    not have the path of a program that another scenario needs.

    Nothing in a script may reach the host: what rules look for under /proc, /sys or /dev is made as plain files in
    folders of the container, such as /host/proc.
    """

    name: str
    script: str
    fires: tuple[str, ...] = ()
    user: int = 0
    typed: bool = False
    stubs: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()
