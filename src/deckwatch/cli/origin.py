"""What is being watched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text

import deckwatch
from deckwatch.cli.render import escaped, number_of

if TYPE_CHECKING:
    from deckwatch import Containers, Kernel
    from deckwatch.engine.ports import Source


@dataclass(frozen=True, slots=True)
class Watched:
    """A source, and if it is the kernel its programs and the containers it knows."""

    source: Source
    behind: Kernel | None = None
    containers: Containers | None = None

    @classmethod
    def kernel(cls, ring_bytes: int, tier: str | None) -> Watched:
        """This machine's, its programs loaded; by the hooks of one tier only, if one is given.

        Raises:
            SensorError: the kernel cannot be watched; the error says what to do.
        """
        load = partial(deckwatch.Kernel.open, ring_bytes=ring_bytes)
        kernel = load(tiers=[tier]) if tier else load()
        containers = deckwatch.Containers()
        return cls(deckwatch.KernelSource(kernel, containers=containers), kernel, containers)

    @property
    def name(self) -> str:
        return f"{self.source.name} ({self.behind.tier})" if self.behind else self.source.name

    def notes(self) -> Iterator[Text]:
        """What to say of it all the time."""
        if self.containers is not None:
            yield Text(number_of(len(self.containers), "container"))
        yield Text(escaped(self.name), "dim")
