"""The scenes once more, inside an emulated machine: another kernel, pure cgroup v2, and every tier in turn.

The kernel is that of Debian here. DECKWATCH_GUEST_KERNEL names a folder with another one of Debian's cloud kernels,
unpacked (`dpkg-deb --extract linux-image-….deb FOLDER`).
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from deckwatch.sensor.tiers import TIERS
from tests.guest import debian, image, machine
from tests.guest.report import unpack
from tests.scenes import host

pytestmark = pytest.mark.slow

_SECONDS = 1800.0  # several times what it takes
_PACKAGES = {
    "apt-get": "apt",
    "busybox": "busybox-static",
    "dpkg-deb": "dpkg",
    "gcc": "gcc",
    "mke2fs": "e2fsprogs",
    "qemu-system-x86_64": "qemu-system-x86",
    "runc": "runc",
}
_JOB = f"""\
cd {image.CHECKOUT}
export CI=1 DECKWATCH_SCENES_PAYLOAD=/payload
mkdir /reports
for tier in {" ".join(TIERS)}; do
    echo "tier $tier"
    export DECKWATCH_SCENES_TIER=$tier
    {sys.executable} -m pytest tests/scenes --color=no -p no:cacheprovider --junit-xml=/reports/$tier.xml
done
tar -c -C /reports . > /dev/ttyS1
"""


def _missing() -> Iterator[str]:
    if os.uname().machine != "x86_64":
        yield "the guest is an x86-64 machine with the programs of this one"
    for program, package in _PACKAGES.items():
        if shutil.which(program) is None:
            yield f"no {program} (Debian's package {package})"


def _disk(kernel: debian.Kernel, folder: Path) -> Path:
    tree = image.gather(folder / "root")
    tree.put("sbin/init", Path(__file__).with_name("init").read_bytes())
    tree.put("lib/modules/overlay.ko", kernel.module("overlay"))
    tree.put("job", _JOB.encode())
    host.compile_payload(tree.root / "payload")
    return tree.write(folder / "disk")


def test_every_scene_passes_in_every_tier_in_the_guest(pytestconfig: pytest.Config) -> None:
    """One test and not one per tier: they share the guest, and run on one worker."""
    host.require("; ".join(_missing()))
    assert pytestconfig.cache is not None
    given = os.environ.get("DECKWATCH_GUEST_KERNEL")
    kernel = debian.kernel(Path(given) if given else pytestconfig.cache.mkdir("guest-kernel"))
    with TemporaryDirectory() as folder:
        run = machine.boot(kernel.image, _disk(kernel, Path(folder)), seconds=_SECONDS)
    print(run.console)  # noqa: T201 -- pytest shows it when the test fails
    assert run.finished, f"the guest did not end within {_SECONDS:.0f} s"
    assert run.report, "the guest fell before its report"
    reports = unpack(run.report)
    assert {name: report.tier for name, report in reports.items()} == {tier: tier for tier in TIERS}
    faults = [f"{tier}, {fault}" for tier in TIERS for fault in reports[tier].faults]
    assert not faults, "\n\n".join(faults)
    assert min(report.passed for report in reports.values()) >= 14
