"""Real containers: each with its own id, bundle and overlay, and nothing left of it afterwards."""

import contextlib
import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.scenes.bundle import Bundle
from tests.scenes.host import DEADLINE
from tests.scenes.terminal import Terminal

_CGROUPS = Path("/sys/fs/cgroup")


class PlayError(AssertionError):
    """runc, or what ran in the container, did not do what the test counts on."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container whose bundle is ready, in a folder of its own."""

    id: str
    folder: Path

    def run(self, *, given: str = "", status: int = 0) -> str:
        """Run it to its end; what it printed. Its last process must end with this status."""
        return _output(["runc", "run", "--bundle", str(self.folder), self.id], given, status)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Run it beside the test, which feeds its standard input."""
        return subprocess.Popen(["runc", "run", "--bundle", str(self.folder), self.id], stdin=subprocess.PIPE)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have it run in the background."""
        with (self.folder / "output").open("wb") as output:
            command = ["runc", "run", "--bundle", str(self.folder), "--detach", self.id]
            subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=True, timeout=DEADLINE
            )
        try:
            yield
        finally:
            self.remove()

    def execute(self, session: Bundle, *, given: str = "", status: int = 0) -> str:
        """Run one more program in the running container, to its end."""
        return _output(["runc", "exec", "--process", str(self._process(session)), self.id], given, status)

    def terminal(self) -> Terminal:
        """Run it on a pseudo terminal; its bundle must ask for one."""
        return Terminal(["runc", "run", "--bundle", str(self.folder), self.id])

    def execute_on_terminal(self, session: Bundle) -> Terminal:
        return Terminal(["runc", "exec", "--process", str(self._process(session)), self.id])

    def pid(self) -> int:
        """The host's number of its first process, which must be running."""
        state = subprocess.run(["runc", "state", self.id], check=True, capture_output=True)
        return int(json.loads(state.stdout)["pid"])

    def remove(self) -> None:
        """Kill it, should it still run, and take it away."""
        subprocess.run(["runc", "delete", "--force", self.id], check=True, capture_output=True, timeout=DEADLINE)

    def _process(self, session: Bundle) -> Path:
        path = self.folder / f"process-{secrets.token_hex(4)}.json"
        path.write_text(json.dumps(session.process()))
        return path


def _output(command: list[str], given: str, status: int) -> str:
    ran = subprocess.run(
        command, input=given.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE, check=False
    )
    output = ran.stdout.decode(errors="replace")
    if ran.returncode != status:
        raise PlayError(f"ended with {ran.returncode}, not {status}, and said:\n{output}")
    return output


class Yard:
    """Where containers are made and taken away again, in a folder and a cgroup of their own."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.image = image
        self._folder = folder
        self._group = f"scenes-{secrets.token_hex(4)}"
        self._stack = ExitStack()

    def container(self, bundle: Bundle, *, overlay: bool = True) -> Container:
        """A new container, not started. Without an overlay its files are a copy of the image."""
        id_ = secrets.token_hex(32)
        folder = self._folder / id_[:12]
        rootfs, upper, work = (folder / name for name in ("rootfs", "upper", "work"))
        for path in (rootfs, upper, work):
            path.mkdir(parents=True)
        if overlay:
            layers = f"lowerdir={self.image},upperdir={upper},workdir={work}"
            subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, rootfs], check=True)
            self._stack.callback(lambda: subprocess.run(["umount", "-l", rootfs], check=True))
        else:
            shutil.copytree(self.image, rootfs, symlinks=True, dirs_exist_ok=True)
        config = bundle.config(str(rootfs), f"/{self._group}/{id_}")
        (folder / "config.json").write_text(json.dumps(config))
        container = Container(id_, folder)
        self._stack.callback(container.remove)
        return container

    def close(self) -> None:
        self._stack.close()
        for group in (*_CGROUPS.glob(f"*/{self._group}"), *_CGROUPS.glob(self._group)):
            with contextlib.suppress(FileNotFoundError):
                group.rmdir()
