"""What OCI runtimes leave on disk: state files of runc and crun, bundles with the container's specification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from deckwatch.sensor.capabilities import CAPABILITIES
from deckwatch.sensor.facts import Facts
from deckwatch.sensor.files import read_json
from deckwatch.sensor.images import parse_image

_STATES: tuple[tuple[str, str], ...] = (
    ("run/runc/{id}", "runc"),
    ("run/crun/{id}", "crun"),
    ("run/docker/runtime-runc/moby/{id}", "docker"),
    ("run/containerd/runc/*/{id}", "containerd"),
    ("run/user/*/runc/{id}", "runc"),
    ("run/user/*/crun/{id}", "crun"),
)
"""Where runtimes keep the state of a container, and who uses that place."""

_BUNDLES = (
    "run/containerd/io.containerd.runtime.v2.task/*/{id}",
    "var/lib/containers/storage/overlay-containers/{id}/userdata",
    "run/containers/storage/overlay-containers/{id}/userdata",
)

_NAME = ("io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name")
_POD_NAME = ("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name")
_POD_NAMESPACE = ("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace")
_POD_UID = ("io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid")
_IMAGE = ("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName")
_IMAGE_ID = ("io.kubernetes.cri-o.ImageRef",)
_KIND = ("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType")
_PRIVILEGED = ("io.kubernetes.cri-o.PrivilegedRuntime", "io.podman.annotations.privileged")

_MANAGERS: Mapping[str, str] = {
    "io.kubernetes.cri-o.": "cri-o",
    "io.kubernetes.cri.": "containerd",
    "nerdctl/": "containerd",
    "io.podman.": "podman",
}
_EVERY_CAPABILITY = frozenset(CAPABILITIES[:38])
"""What there was before Linux 5.8: an older runtime cannot name the others."""

_NO_LABELS = ("io.kubernetes.", "io.podman.", "io.container.", "nerdctl/", "org.systemd.")


class _Config(msgspec.Struct):
    labels: list[str] = []


class _RuncState(msgspec.Struct):
    config: _Config


class _CrunStatus(msgspec.Struct):
    bundle: str


class _Capabilities(msgspec.Struct):
    bounding: list[str] = []


class _Process(msgspec.Struct):
    capabilities: _Capabilities | None = None


class _Device(msgspec.Struct):
    allow: bool = False
    type: str | None = None
    major: int | None = None
    minor: int | None = None
    access: str | None = None


class _Resources(msgspec.Struct):
    devices: list[_Device] | None = None


class _Linux(msgspec.Struct):
    resources: _Resources | None = None
    masked_paths: list[str] | None = msgspec.field(name="maskedPaths", default=None)


class Specification(msgspec.Struct):
    """The parts of a bundle's `config.json` that tell us something."""

    process: _Process | None = None
    linux: _Linux | None = None
    annotations: dict[str, str] | None = None


def read_oci(root: Path, identity: str, places: Sequence[Path] = ()) -> Facts | None:
    """What state files and bundle tell, None without any. `places` are further directories with states of runc."""
    states = [(place / identity, "runc") for place in places if (place / identity).is_dir()]
    states += [(path, used_by) for place, used_by in _STATES for path in root.glob(place.format(id=identity))]
    annotations = {key: value for path, _ in states for key, value in _annotations(path)}
    bundle = annotations.pop("bundle", None)
    bundles = [root / bundle.removeprefix("/")] if bundle else []
    bundles += [path for place in _BUNDLES for path in root.glob(place.format(id=identity))]
    found = (read_json(path / "config.json", Specification) for path in bundles)
    specification = next((each for each in found if each is not None), None)
    if not states and specification is None:
        return None
    said = facts_of({**((specification and specification.annotations) or {}), **annotations})
    used_by = states[0][1] if states else None
    return said.completed(Facts(runtime=used_by, privileged=is_privileged(specification) if specification else None))


def _annotations(state: Path) -> Iterator[tuple[str, str]]:
    """The annotations in a state directory; the bundle's place is one of runc's."""
    if runc := read_json(state / "state.json", _RuncState):
        for label in runc.config.labels:
            key, _, value = label.partition("=")
            yield key, value
    if crun := read_json(state / "status", _CrunStatus):
        yield "bundle", crun.bundle


def facts_of(annotations: Mapping[str, str]) -> Facts:
    """What the annotations of the container managers mean."""

    def first(keys: Sequence[str]) -> str | None:
        return next((annotations[key] for key in keys if annotations.get(key)), None)

    image, kind, privileged = first(_IMAGE), first(_KIND), first(_PRIVILEGED)
    return Facts(
        runtime=_manager(annotations),
        name=first(_NAME),
        image=parse_image(image) if image else None,
        image_id=first(_IMAGE_ID),
        labels={key: value for key, value in annotations.items() if not key.startswith(_NO_LABELS)},
        privileged=privileged.lower() == "true" if privileged else None,
        pod_name=first(_POD_NAME),
        pod_namespace=first(_POD_NAMESPACE),
        pod_uid=first(_POD_UID),
        sandbox=kind == "sandbox" if kind else None,
    )


def _manager(annotations: Mapping[str, str]) -> str | None:
    if annotations.get("io.container.manager") == "libpod":
        return "podman"
    named = (name for prefix, name in _MANAGERS.items() if any(key.startswith(prefix) for key in annotations))
    return next(named, None)


def is_privileged(specification: Specification) -> bool | None:
    """Whether a container was given everything: all capabilities, all devices, nothing of `/proc` hidden.

    That is what `--privileged` means in the terms of a specification. None when it does not tell.
    """
    process, linux = specification.process, specification.linux
    if process is None or linux is None:
        return None
    capabilities = process.capabilities.bounding if process.capabilities else []
    devices = (linux.resources and linux.resources.devices) or []
    return (
        _EVERY_CAPABILITY.issubset(capabilities)
        and any(_is_everything(device) for device in devices)
        and not linux.masked_paths
    )


def _is_everything(device: _Device) -> bool:
    """Whether a rule of the device cgroup allows all access to all devices."""
    return (
        device.allow
        and device.type in (None, "", "a")
        and set(device.access or "") >= set("rwm")
        and device.major in (None, -1)
        and device.minor in (None, -1)
    )
