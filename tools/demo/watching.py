"""`deckwatch watch` as a process, and the alerts it has written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

BLOCK = "kibana.alert.group.index"
READY = "watching "
START = 30.0
"""Seconds that loading the programs may take."""

END = 20.0
LOOK = 0.005


class Watch:
    """Shows its alerts where this process shows its output. A context manager.

    `latencies`: by container the seconds from the last event of its first alert until the alert could be read.
    """

    def __init__(self, deckwatch: Sequence[str], file: Path) -> None:
        self._command = [*deckwatch, "watch", "--output", str(file)]
        self._file = file
        self._ready = threading.Event()
        self._said: list[str] = []
        self.latencies: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._file.touch()
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._listen, self._read)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End it as Ctrl-C would; may be called twice."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(END)
        except subprocess.TimeoutExpired:
            self._process.kill()
        for thread in self._threads:
            thread.join(END)

    def is_ready(self) -> bool:
        """Whether it has begun to watch; if not, it says why in `complaint`."""
        deadline = time.monotonic() + START
        while self._process.poll() is None and not self._ready.is_set() and time.monotonic() < deadline:
            time.sleep(LOOK)
        return self._ready.is_set()

    @property
    def complaint(self) -> str:
        self.end()
        return "".join(self._said).strip() or f"deckwatch watch did not begin within {START:g} s"

    def wait_for(self, containers: Collection[str], seconds: float) -> None:
        """Until all of them have alerts, but no longer."""
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            if self.latencies.keys() >= set(containers):
                return
            time.sleep(LOOK)

    def _listen(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            if line.startswith(READY):
                self._ready.set()
            elif self._ready.is_set():
                sys.stderr.write(line)
            else:
                self._said.append(line)

    def _read(self) -> None:
        line, last = "", 0.0
        with self._file.open() as file:
            while (piece := file.readline()) or self._process.poll() is None:
                line += piece
                if not line.endswith("\n"):
                    time.sleep(LOOK)
                    continue
                alert, line = json.loads(line), ""
                if BLOCK in alert:
                    last = max(last, _happened(alert))
                    continue
                self.latencies.setdefault(alert["container"]["id"], time.time() - (last or _happened(alert)))
                last = 0.0


def _happened(alert: dict[str, Any]) -> float:
    return datetime.fromisoformat(alert["kibana.alert.original_time"]).timestamp()
