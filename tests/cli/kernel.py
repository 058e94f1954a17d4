"""A kernel that replays a recording, so that what is shown of one can be tested anywhere."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest

import deckwatch
from tests.cli.run import ATTACKS
from tests.engine.live import FakeClock, FakeSource

LOST = {"kernel: ring full": 3}


class FakeKernel:
    """Its source gives the recorded attacks, in small batches, and says that it has lost some."""

    tier = "tracepoint"
    opened: dict[str, Any]

    @classmethod
    def open(cls, **options: Any) -> "FakeKernel":
        cls.opened = options
        return cls()


class FakeKernelSource(FakeSource):
    name = "kernel"

    def __init__(self, _: FakeKernel, **__: object) -> None:
        documents = recorded()
        batches = [(0.0, documents[start : start + 100]) for start in range(0, len(documents), 100)]
        super().__init__(batches, FakeClock(), live=False, lateness=float("inf"))
        self.lost.update(LOST)
        self.lost_by_container = dict.fromkeys(["c07e0a1dc4b9" + "0" * 52], 2)


def recorded() -> Sequence[dict[str, Any]]:
    with gzip.open(ATTACKS, "rt") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> type[FakeKernel]:
    monkeypatch.setattr(deckwatch, "Kernel", FakeKernel, raising=False)
    monkeypatch.setattr(deckwatch, "KernelSource", FakeKernelSource, raising=False)
    return FakeKernel
