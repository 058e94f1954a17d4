"""A person at a terminal: a real pseudo terminal with a program on it."""

import os
import pty
import select
import subprocess
import time
from types import TracebackType
from typing import Self

from tests.scenes.bundle import Bundle
from tests.scenes.host import DEADLINE

PROMPT = "ready> "
SHELL = Bundle(("sh",), terminal=True, environment=(("PS1", PROMPT),))


class Terminal:
    """A program started on a pseudo terminal. Leaving the context waits for its end."""

    def __init__(self, command: list[str]) -> None:
        self._ours, theirs = pty.openpty()
        self._program = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        self._seen = ""

    def enter(self, line: str) -> str:
        """Wait for the prompt, then type a line; what had been shown since the last line."""
        shown = self._until_prompt()
        os.write(self._ours, f"{line}\n".encode())
        return shown

    def _until_prompt(self) -> str:
        deadline = time.monotonic() + DEADLINE
        while PROMPT not in self._seen:
            if not select.select([self._ours], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"no prompt came; shown so far: {self._seen!r}")
            self._seen += os.read(self._ours, 4096).decode(errors="replace")
        shown, self._seen = self._seen.split(PROMPT, 1)
        return shown

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._drain()
                self._program.wait(DEADLINE)
        finally:
            self._program.kill()
            self._program.wait()
            os.close(self._ours)

    def _drain(self) -> None:
        """Read to the end: a program can wait for its output to be taken. The end is an error on a terminal."""
        deadline = time.monotonic() + DEADLINE
        while select.select([self._ours], [], [], max(0, deadline - time.monotonic()))[0]:
            try:
                if not os.read(self._ours, 4096):
                    return
            except OSError:
                return
        raise AssertionError("the program on the terminal did not end")
