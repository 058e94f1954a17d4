"""The eye on all containers of a test run: one sensor, one stream, and what they said about each container."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

from deckwatch.engine.ports import Source
from deckwatch.engine.status import Status
from deckwatch.engine.stream import Stream
from deckwatch.eql.dates import parse_timestamp
from deckwatch.rules.load import founding_rules
from deckwatch.rules.rule import Rule
from deckwatch.sensor.kernel import Kernel
from deckwatch.sensor.source import KernelSource
from deckwatch.sensor.tiers import TIERS
from tests.scenes.bundle import Bundle
from tests.scenes.containers import Yard
from tests.scenes.host import DEADLINE, TIER
from tests.scenes.notation import Document
from tests.scenes.tapped import Tapped

_T = TypeVar("_T")


class Observer:
    """Runs rules over a source in a thread. Whoever asks waits for what has to come, with a deadline."""

    def __init__(self, source: Source, tier: str, rules: Iterable[Rule]) -> None:
        self.tier = tier
        self._changed = threading.Condition()
        self._seen: defaultdict[str | None, list[Document]] = defaultdict(list)
        self._handed_over = 0
        self._stream = Stream(Tapped(source, self._see), rules, interval=0.05)
        self._alerts: list[Document] = []
        self._status: Status | None = None
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._observe, name="observer")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.stop()
        self._thread.join(DEADLINE)
        self._stream.close()

    def _observe(self) -> None:
        try:
            for step in self._stream:
                with self._changed:
                    self._alerts += step.alerts
                    self._status = self._stream.status
                    self._changed.notify_all()
        except BaseException as fault:  # noqa: BLE001 -- it is raised in the tests' thread
            with self._changed:
                self._fault = fault
                self._changed.notify_all()

    def _see(self, document: Document) -> None:
        with self._changed:
            self._handed_over += 1
            self._seen[document.get("container", {}).get("id")].append(document)
            self._changed.notify_all()

    def documents(self, container: str | None) -> list[Document]:
        """What was said of a container so far; None: what belongs to none."""
        with self._changed:
            return list(self._seen[container])

    def alerts(self, container: str) -> list[Document]:
        """Every alert on a container that its events so far can lead to."""
        with self._changed:
            events = self._handed_over
            last = max((parse_timestamp(each["@timestamp"]) or 0 for each in self._seen[container]), default=0)
        self.wait(lambda: self._is_decided(events, last), f"the events of {container[:12]} are decided")
        with self._changed:
            return [alert for alert in self._alerts if alert.get("container", {}).get("id") == container]

    def _is_decided(self, events: int, time: int) -> bool:
        """Whether so many events are evaluated, and no sequence waits for its turn that may end before a time."""
        status = self._status
        if status is None or status.evaluated < events:
            return False
        return not status.pending or (status.watermark or 0) > time

    def wait(self, ready: Callable[[], _T], what: str) -> _T:
        """Wait until `ready` says something true.

        Raises:
            AssertionError: It did not within the deadline, or the sensor has failed.
        """
        deadline = monotonic() + DEADLINE
        with self._changed:
            while not (answer := ready()):
                if self._fault is not None:
                    raise AssertionError("the sensor has failed") from self._fault
                if not self._changed.wait(deadline - monotonic()):
                    raise AssertionError(f"did not happen within {DEADLINE:.0f} s: {what}")
            return answer


@contextmanager
def kernel_observer(rules: Iterable[Rule] | None = None) -> Iterator[Observer]:
    """The sensor, loaded and running, and these rules; the founding ones when none are given.

    Raises:
        SensorError: The machine does not let it.
    """
    kernel = Kernel.open(tiers=(TIER,) if TIER else TIERS)
    with Observer(KernelSource(kernel), kernel.tier, founding_rules() if rules is None else rules) as observer:
        yield observer


class Lighthouse:
    """A container that makes a file whenever it is told to.

    The kernel's ring keeps the order of things over all processors. So once the sensor has reported such a file, it
    has reported everything that happened before, and what it has not said by then it will never say.
    """

    def __init__(self, yard: Yard, observer: Observer) -> None:
        self._observer = observer
        self._container = yard.container(Bundle(("/bin/sh", "-c", "while read -r name; do : > /tmp/$name; done")))
        self._process = self._container.spawn()
        self._flashes = 0

    def flash(self) -> None:
        """Wait until everything that has happened so far is known."""
        assert self._process.stdin is not None
        self._flashes += 1
        name = f"flash-{self._flashes}"
        self._process.stdin.write(f"{name}\n".encode())
        self._process.stdin.flush()
        self._observer.wait(lambda: self._seen(name), f"the sensor reports {name} of the lighthouse")

    def close(self) -> None:
        """Let it end; what it was is removed with its yard."""
        self._process.communicate(timeout=DEADLINE)

    def _seen(self, name: str) -> bool:
        documents = reversed(self._observer.documents(self._container.id))
        return any(document.get("file", {}).get("name") == name for document in documents)
