"""What is asked about: one event, one container, the time around a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind
from deckwatch.plan.views import Mask, Views

FIELDS: Mapping[str, Kind] = {
    "_id": "keyword",
    "event.id": "keyword",
    "container.id": "keyword",
    "container.name": "keyword",
}


@dataclass(frozen=True, slots=True)
class Focus:
    """Events with this id; of the container with this name or with an id that begins so; within `window` of a time.

    Times in nanoseconds.
    """

    event: str | None = None
    container: str | None = None
    around: int | None = None
    window: int = 60_000_000_000

    @property
    def is_all(self) -> bool:
        """Whether nothing in particular is asked about."""
        return self.event is None and self.container is None and self.around is None

    def mask(self, views: Views, time_field: str) -> Mask:
        """Which events of a batch are asked about."""
        found = np.ones(views.height, dtype=np.bool_)
        if (identity := self.event) is not None:
            found &= _any(views, "_id", identity.__eq__) | _any(views, "event.id", identity.__eq__)
        if (container := self.container) is not None:
            begins = _any(views, "container.id", lambda value: str(value).startswith(container))
            found &= begins | _any(views, "container.name", container.__eq__)
        if self.around is not None:
            first, last = self.around - self.window, self.around + self.window
            found &= _any(views, time_field, lambda value: isinstance(value, int) and first <= value <= last)
        return found


def _any(views: Views, name: str, test: Callable[[Scalar], bool]) -> Mask:
    """The events that have a value in this field for which the test holds."""
    view = views[name]
    contents: Sequence[Sequence[Scalar]] = view.lists.to_list()
    return np.asarray([any(map(test, values)) for values in contents], dtype=np.bool_)[view.codes]
