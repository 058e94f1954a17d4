"""What is being watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    """A source, and if it is the kernel its programs, the containers it knows, and what was lost of each by its id."""

    source: Source
    behind: Kernel | None = None
    containers: Containers | None = None
    lost_by_container: Callable[[], Mapping[str, int]] = dict

    @classmethod
    def kernel(cls, ring_bytes: int, tier: str | None) -> Watched:
        """This machine's, its programs loaded; by the hooks of one tier only, if one is given.

        Raises:
            SensorError: the kernel cannot be watched; the error says what to do.
        """
        load = partial(deckwatch.Kernel.open, ring_bytes=ring_bytes)
        kernel = load(tiers=[tier]) if tier else load()
        containers = deckwatch.Containers()
        source = deckwatch.KernelSource(kernel, containers=containers)
        return cls(source, kernel, containers, lambda: source.lost_by_container)

    @property
    def name(self) -> str:
        return f"{self.source.name} ({self.behind.tier})" if self.behind else self.source.name

    def notes(self) -> Iterator[Text]:
        """What to say of it all the time."""
        if self.containers is not None:
            yield Text(number_of(len(self.containers), "container"))
        yield Text(escaped(self.name), "dim")
