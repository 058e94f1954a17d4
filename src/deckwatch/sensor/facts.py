"""What a runtime tells of a container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from deckwatch.sensor.images import Image


@dataclass(frozen=True, slots=True)
class Facts:
    """Whatever is None or empty is not known. `sandbox`: it only holds a pod's namespaces."""

    runtime: str | None = None
    name: str | None = None
    image: Image | None = None
    image_id: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    privileged: bool | None = None
    pod_name: str | None = None
    pod_namespace: str | None = None
    pod_uid: str | None = None
    sandbox: bool | None = None

    def completed(self, other: Facts) -> Facts:
        """These facts, and from the others what is not known yet."""
        mine = {each.name: getattr(self, each.name) for each in fields(self)}
        return Facts(**{name: getattr(other, name) if value in (None, {}) else value for name, value in mine.items()})
