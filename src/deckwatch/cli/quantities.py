"""Times and sizes as people write them: callbacks of options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit. `units` say what they stand for; the value has the unit 1."""

    name: str
    units: Mapping[str, float]
    examples: str

    def __call__(self, _: click.Context, __: click.Parameter, text: str | None) -> float | None:
        if text is None:
            return None
        found = re.fullmatch(rf"([0-9]{{1,12}}(?:\.[0-9]{{1,9}})?)({'|'.join(self.units)})", text)
        if found is None:
            raise click.BadParameter(f"{text!r} is no {self.name}; write {self.examples}")
        return float(found[1]) * self.units[found[2]]


DURATION = Quantity("time", {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}, "100ms, 2s or 5m")
SIZE = Quantity("size", {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}, "512K, 8M or 1G")
