"""The two ways to evaluate, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from deckwatch.engine.columnar import ColumnarEngine
from deckwatch.engine.detections import Detection, Engine
from deckwatch.engine.reference import ReferenceEngine
from deckwatch.engine.visibility import TimeRange
from deckwatch.errors import DeckwatchError

EngineName: TypeAlias = Literal["columnar", "reference"]
ENGINES: Mapping[str, type[ColumnarEngine | ReferenceEngine]] = {
    "columnar": ColumnarEngine,
    "reference": ReferenceEngine,
}


def build(
    name: EngineName, detections: Sequence[Detection], within: TimeRange, *, max_samples_per_key: int = 1
) -> Engine:
    """The engine of that name over these detections."""
    if name not in ENGINES:
        raise DeckwatchError(f"there is no engine {name!r}; use one of {', '.join(map(repr, ENGINES))}")
    return ENGINES[name](detections, within=within, max_samples_per_key=max_samples_per_key)
