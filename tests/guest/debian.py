"""Debian's cloud kernel, unpacked from its package and not installed.

It has BTF and BPF LSMs, and needs no modules to start from an NVMe disk with ext4.
"""

import lzma
import subprocess
from dataclasses import dataclass
from pathlib import Path

_ALWAYS_THE_NEWEST = "linux-image-cloud-amd64"


@dataclass(frozen=True, slots=True)
class Kernel:
    image: Path
    modules: Path

    def module(self, name: str) -> bytes:
        """The module's object; newer packages hold it compressed."""
        path = next(self.modules.rglob(f"{name}.ko*"))
        return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()


def kernel(folder: Path) -> Kernel:
    """The kernel that lies unpacked in `folder`; if none does, it is downloaded with apt."""
    if not any(folder.glob("boot/vmlinuz-*")):
        package = _download(folder)
        subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
        package.unlink()
    return Kernel(next(folder.glob("boot/vmlinuz-*")), folder / "lib/modules")


def _download(folder: Path) -> Path:
    asked = ["apt-cache", "depends", "--important", _ALWAYS_THE_NEWEST]
    depends = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    name = next(line.split()[1] for line in depends.splitlines() if "Depends: linux-image-" in line)
    as_myself = ["-o", "APT::Sandbox::User=root"]
    subprocess.run(["apt-get", *as_myself, "--quiet", "download", name], check=True, cwd=folder)
    return next(folder.glob("*.deb"))
