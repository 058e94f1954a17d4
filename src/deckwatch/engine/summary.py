"""What a scan did, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Summary:
    """Every line of the input is an event, blank or malformed: `lines == events + blank + malformed`.

    `damaged`: inputs that could not be read to their end. `hits`: alerts per rule_id, rules without any included; a
    sequence counts once, whatever its building blocks. `documents`: alert documents, building blocks included.
    `undated`: events that satisfied a stage of a sequence but have no time, and so took no part. `suppressed_self`:
    alerts withheld because the same rule had already made one of the events. `repeated`: alerts with the id of another
    one, since the input holds their events twice; they are not made again. `excepted`: events that satisfied a filter
    of a rule and were removed by its exceptions, per rule_id and item_id, of rules that have any; an event that several
    items name counts for each. `excepted_by_stage`: the same for each stage, and for `until`, as the query has them.

    `suppressed`: alerts that only count with another one, per rule_id, of rules that suppress any; `cut_short`: groups
    of them that ended early, since too many were open at once. Where the limit of a rule's alerts per run is kept:
    `full_runs` counts, per rule_id, the runs that reached it, `over_limit` what was found in them beyond.
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
    repeated: int = 0
    excepted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    excepted_by_stage: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    suppressed: Mapping[str, int] = field(default_factory=dict)
    cut_short: int = 0
    full_runs: Mapping[str, int] = field(default_factory=dict)
    over_limit: Mapping[str, int] = field(default_factory=dict)

    @property
    def alerts(self) -> int:
        return sum(self.hits.values())
