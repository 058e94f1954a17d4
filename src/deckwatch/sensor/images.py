"""Container image references, taken apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Image:
    """`name` is the repository as the runtime spells it, registry and port included; `digest` such as `sha256:…`."""

    name: str | None = None
    tag: str | None = None
    digest: str | None = None


def parse_image(reference: str) -> Image:
    """The parts of `registry:port/repository:tag@digest`; a bare digest or image id has no name."""
    name, _, digest = reference.partition("@")
    if not digest and name.startswith("sha256:"):
        return Image(digest=name)
    # A colon before the last slash is that of a port.
    directory, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    return Image(f"{directory}{slash}{last}" or None, tag or None, digest or None)
