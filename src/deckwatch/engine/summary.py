"""What a scan did, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """Every line of the input is an event, blank or malformed: `lines == events + blank + malformed`.

    `damaged`: inputs that could not be read to their end. `hits`: alerts per rule_id, rules without any included; a
    sequence counts once, whatever its building blocks. `documents`: alert documents, building blocks included.
    `undated`: events that satisfied a stage of a sequence but have no time, and so took no part. `suppressed_self`:
    alerts withheld because the same rule had already made one of the events.
    """

    lines: int
    events: int
    blank: int
    malformed: int
    damaged: int
    bytes: int
    seconds: float
    rules: int
    hits: Mapping[str, int]
    documents: int
    undated: int
    suppressed_self: int

    @property
    def alerts(self) -> int:
        return sum(self.hits.values())
