"""The sensor and rules over it, beside a load: how many events came, how late alerts were, what took processor time."""

from __future__ import annotations

import sys
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar
from unittest.mock import patch

from deckwatch.engine.columnar import ColumnarEngine
from deckwatch.engine.status import Status
from deckwatch.engine.stream import Step, Stream
from deckwatch.eql.dates import parse_timestamp
from deckwatch.rules.draft import Draft
from deckwatch.rules.load import compiled
from deckwatch.rules.rule import Rule, Source
from deckwatch.sensor import kernel
from deckwatch.sensor.columns import EventFields
from deckwatch.sensor.ring import Ring
from deckwatch.sensor.source import KernelSource
from deckwatch.sensor.translate import Translator

STAGES: Mapping[str, tuple[Any, str]] = {
    "read": (Ring, "read"),
    "decode": (kernel, "decode"),
    "table": (Translator, "take"),
    "columns": (EventFields, "column"),
    "evaluate": (ColumnarEngine, "process"),
}
"""What becomes of an event, step by step, and the function that does it."""

_PROBES = {
    "event": 'file where event.action == "creation" and file.name like "probe-*"',
    "sequence": (
        "sequence by container.id, file.name with maxspan=5s"
        ' [file where event.action == "creation" and file.name like "probe-*"]'
        ' [file where event.action == "deletion" and file.name like "probe-*"]'
    ),
}
_LAST = 1  # the place of the last event in the sequence
_PATIENCE = 60.0

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


def probes() -> list[Rule]:
    """A rule on events and a sequence of two steps, for what a load does 20 times a second."""
    common = {"type": "eql", "language": "eql", "severity": "low", "risk_score": 1, "index": ["logs-cloud_defend.*"]}
    return [
        compiled(
            Draft(
                {**common, "rule_id": f"probe-{name}", "name": name, "description": name, "query": query},
                Source("probe", 1),
            )
        )
        for name, query in _PROBES.items()
    ]


class Stopwatch:
    """Processor seconds by stage, in whatever thread; what one stage spends in another counts for the other alone."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._local = threading.local()

    @contextmanager
    def running(self) -> Iterator[None]:
        with ExitStack() as stack:
            for stage, (place, name) in STAGES.items():
                stack.enter_context(patch.object(place, name, self._timed(stage, getattr(place, name))))
            yield

    def _timed(self, stage: str, function: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
        def timed(*args: _Given.args, **options: _Given.kwargs) -> _Made:
            outer, self._local.inside = getattr(self._local, "inside", 0.0), 0.0
            began = time.thread_time()
            try:
                return function(*args, **options)
            finally:
                spent = time.thread_time() - began
                self.seconds[stage] += spent - self._local.inside
                self._local.inside = outer + spent

        return timed


@dataclass(frozen=True, slots=True)
class Reading:
    """What had come by some moment: events, records lost, processor seconds in all and by stage."""

    events: int
    lost: int
    processor: float
    stages: Mapping[str, float]

    def since(self, before: Reading) -> Reading:
        stages = {stage: self.stages[stage] - before.stages[stage] for stage in STAGES}
        return Reading(self.events - before.events, self.lost - before.lost, self.processor - before.processor, stages)


class Watcher:
    """Loads the sensor and runs rules over it in a thread, for as long as the context lasts.

    `delays` has, by probe, the seconds from the last event of each alert until the alert was out.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.delays: dict[str, list[float]] = {f"probe-{name}": [] for name in _PROBES}
        self._rules = rules
        self._stack = ExitStack()
        self._stopwatch = Stopwatch()
        self._status: Status | None = None
        self._progress: list[tuple[int, int]] = []  # up to which time all was evaluated, and when; since 1970

    def __enter__(self) -> Self:
        """Raises `SensorError` where the machine does not let it."""
        with ExitStack() as stack:
            stack.enter_context(self._stopwatch.running())
            source = KernelSource(stack.enter_context(kernel.Kernel.open()))
            stream = stack.enter_context(Stream(source, self._rules))
            thread = threading.Thread(target=self._watch, args=(stream, source), name="watcher")
            thread.start()
            stack.callback(thread.join, _PATIENCE)
            stack.callback(stream.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def read(self) -> Reading:
        status = self._status
        events, lost = (status.evaluated, sum(status.lost.values())) if status else (0, 0)
        processor = time.process_time() - time.thread_time()  # the caller is not part of it
        return Reading(events, lost, processor, dict.fromkeys(STAGES, 0.0) | self._stopwatch.seconds)

    def settle(self, moment: int) -> float:
        """Wait until all that happened before a moment (nanoseconds since 1970) is evaluated; how long after it it was.

        Raises:
            TimeoutError: it took too long, or the watcher has failed.
        """
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if self._progress and self._progress[-1][0] > moment:
                _, when = self._progress[bisect_right(self._progress, (moment, sys.maxsize))]
                return (when - moment) / 1e9
            time.sleep(0.01)
        raise TimeoutError(f"the sensor has not caught up within {_PATIENCE:.0f} s")

    def _watch(self, stream: Stream, source: KernelSource) -> None:
        for step in stream:
            now = time.time_ns()
            self._note(step, now)
            self._status = stream.status
            self._progress.append((source.holding, now))

    def _note(self, step: Step, now: int) -> None:
        for alert in step.alerts:
            delays = self.delays.get(alert["kibana.alert.rule.rule_id"])
            is_shell = "kibana.alert.group.id" in alert and "kibana.alert.group.index" not in alert
            is_last = alert.get("kibana.alert.group.index", _LAST) == _LAST
            if delays is not None and is_last and not is_shell:
                delays.append((now - (parse_timestamp(alert["kibana.alert.original_time"]) or 0)) / 1e9)
