"""The OCI configuration of a container, as runc reads it."""

from dataclasses import dataclass
from typing import Any

_CAPABILITIES = (
    *("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD"),
    *("CAP_NET_RAW", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"),
)
_MOUNTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("/proc", "proc", "proc", ()),
    ("/dev", "tmpfs", "tmpfs", ("nosuid", "mode=755", "size=64k")),
    ("/dev/pts", "devpts", "devpts", ("newinstance", "ptmxmode=0666", "mode=0620", "gid=5")),
    ("/dev/shm", "tmpfs", "shm", ("nosuid", "mode=1777", "size=8m")),
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a container runs, and how. `binds` are (host, container) pairs; the network is the host's."""

    args: tuple[str, ...]
    terminal: bool = False
    cwd: str = "/"
    user: int = 0
    environment: tuple[tuple[str, str], ...] = ()
    binds: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    capabilities: tuple[str, ...] = _CAPABILITIES

    def config(self, rootfs: str, cgroup: str) -> dict[str, Any]:
        return {
            "ociVersion": "1.0.2",
            "process": self.process(),
            "root": {"path": rootfs},
            "hostname": "scene",
            "annotations": dict(self.annotations),
            "mounts": [
                *({"destination": to, "type": kind, "source": of, "options": [*how]} for to, kind, of, how in _MOUNTS),
                *({"destination": to, "type": "bind", "source": of, "options": ["bind"]} for of, to in self.binds),
            ],
            "linux": {
                "cgroupsPath": cgroup,
                "namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")],
            },
        }

    def process(self) -> dict[str, Any]:
        """The part that an exec session has as well."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TERM": "dumb", "HISTFILE": "", **dict(self.environment)}
        return {
            "terminal": self.terminal,
            "user": {"uid": self.user, "gid": self.user},
            "args": list(self.args),
            "env": [f"{name}={value}" for name, value in environment.items()],
            "cwd": self.cwd,
            "capabilities": {kind: [*self.capabilities] for kind in ("bounding", "effective", "permitted")},
            "noNewPrivileges": False,
        }
