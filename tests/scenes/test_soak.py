"""An hour of churn: memory stays flat, every container is known by its id, and the counts add up.

`make soak` runs it; DECKWATCH_SOAK_MINUTES sets the length.
"""

import logging
import os
import shutil
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import pytest

from deckwatch.engine.stream import Stream
from deckwatch.rules.load import founding_rules
from deckwatch.sensor.kernel import Kernel
from deckwatch.sensor.source import KernelSource
from tests.scenes.bundle import Bundle
from tests.scenes.containers import Yard
from tests.scenes.host import DEADLINE
from tests.scenes.tapped import Tapped

MINUTES = float(os.environ.get("DECKWATCH_SOAK_MINUTES", "60"))
SECONDS_BETWEEN_CONTAINERS = 1.2
SHORT = Bundle(("sh", "-c", "cat /etc/passwd > /tmp/a; mv /tmp/a /tmp/b; rm /tmp/b; exit 3"))
SHORT_GIVES = {"exec": 2, "fork": 3, "end": 4, "creation": 1, "open": 1, "rename": 1, "deletion": 1}
BUSY = Bundle(("sh", "-c", "while :; do cat /etc/passwd > /tmp/a; rm /tmp/a; usleep 20000; done"))
MOST_GROWTH = 8 << 20
"""Bytes of memory by which the last quarter of the time may exceed the second one."""

log = logging.getLogger(__name__)


class Tally:
    """Counts documents by container and action, and the kernel records they come from."""

    def __init__(self) -> None:
        self.actions: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
        self.records = 0
        self._before: tuple[Any, ...] = ()

    def __call__(self, document: dict[str, Any]) -> None:
        id_ = document.get("container", {}).get("id")
        (action,) = document["event"]["action"]
        self.actions[id_][action] += 1
        same = (id_, document["@timestamp"], document.get("process", {}).get("entity_id"))
        self.records += same != self._before or "file" not in document  # some file records give two documents
        self._before = same


class Churn:
    """Short containers, one after the other, in a thread of its own."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.ids: list[str] = []
        self._folder, self._image = folder, image
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="churn")

    @contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._thread.join(DEADLINE)

    def _run(self) -> None:
        while not self._stopping.wait(SECONDS_BETWEEN_CONTAINERS):
            folder = self._folder / "short"
            with closing(Yard(folder, self._image)) as yard:
                container = yard.container(SHORT)
                container.run(status=3)
            shutil.rmtree(folder)
            self.ids.append(container.id)


def resident() -> int:
    """Bytes of memory in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def follow(stream: Stream, seconds: float, alarmed: set[str]) -> list[int]:
    """Run the stream for some time; the memory in use, every ten seconds. Containers with alerts are added to a set."""
    started, memory = monotonic(), [resident()]
    for step in stream:
        alarmed.update(alert["container"]["id"] for alert in step.alerts)
        passed = monotonic() - started
        if passed > seconds:
            break
        if passed > 10 * len(memory):
            memory.append(resident())
            log.info("%5.0f s: %.1f MB, %s", passed, memory[-1] / 1e6, stream.status)
    return memory


def settle(stream: Stream, balance: Callable[[], int]) -> int:
    """Run the stream until the balance is 0, or for long; the last one. Others' containers keep records under way."""
    deadline, rest = monotonic() + DEADLINE, balance()
    while rest and monotonic() < deadline:
        next(stream)
        rest = balance()
    return rest


@pytest.mark.slow
@pytest.mark.soak
def test_soak(rootfs: Path, tmp_path: Path) -> None:
    tally, churn, alarmed = Tally(), Churn(tmp_path, rootfs), set[str]()
    with Kernel.open() as kernel, closing(Yard(tmp_path / "busy", rootfs)) as yard:
        source = KernelSource(kernel)
        busy = yard.container(BUSY)
        with Stream(Tapped(source, tally), founding_rules()) as stream:
            with busy.running(), churn.running():
                memory = follow(stream, 60 * MINUTES, alarmed)
            follow(stream, 5, alarmed)
            balance = settle(stream, lambda: kernel.sent - sum(source.left_out.values()) - tally.records)
            status = stream.status
    log.info("%d containers, %d records gave events, %s", len(churn.ids), tally.records, status)

    wrong = {id_: dict(tally.actions[id_]) for id_ in churn.ids if tally.actions[id_] != SHORT_GIVES}
    assert wrong == {}
    assert len(churn.ids) >= 2000 * MINUTES / 60
    assert None not in tally.actions
    assert tally.actions[busy.id]["fork"] == tally.actions[busy.id]["end"] - 1
    assert alarmed.isdisjoint({*churn.ids, busy.id})
    assert (status.evaluated, dict(status.lost)) == (sum(map(Counter.total, tally.actions.values())), {})
    assert balance == 0
    quarter = len(memory) // 4
    assert median(memory[-quarter:]) - median(memory[quarter : 2 * quarter]) < MOST_GROWTH
