"""What containers/storage, the library under podman and CRI-O, keeps of each container."""

from __future__ import annotations

from pathlib import Path

import msgspec

from deckwatch.sensor.facts import Facts
from deckwatch.sensor.files import read_json
from deckwatch.sensor.images import parse_image

_LISTS = (
    "var/lib/containers/storage/overlay-containers/containers.json",
    "var/lib/containers/storage/overlay-containers/volatile-containers.json",
)


class _Container(msgspec.Struct):
    id: str
    names: list[str] | None = None
    image: str | None = None
    metadata: str = "{}"


class _Metadata(msgspec.Struct, rename="kebab"):
    name: str | None = None
    image_name: str | None = None


def read_storage(root: Path, identity: str) -> Facts | None:
    """Name and image of a container; None when it is not in the lists."""
    for path in _LISTS:
        for container in read_json(root / path, list[_Container]) or ():
            if container.id == identity:
                return _facts(container)
    return None


def _facts(container: _Container) -> Facts:
    try:
        said = msgspec.json.decode(container.metadata, type=_Metadata)
    except msgspec.MsgspecError:
        said = _Metadata()
    return Facts(
        name=said.name or next(iter(container.names or ()), None),
        image=parse_image(said.image_name) if said.image_name else None,
        image_id=f"sha256:{container.image}" if container.image else None,
    )
