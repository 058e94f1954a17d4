"""The root file system of the containers: a static busybox with its links, a few files, the payload."""

import shutil
import subprocess
from pathlib import Path

from tests.scenes.host import compile_payload

_FOLDERS = (
    "bin",
    "dev",
    "etc",
    "home/user",
    "opt/tools",
    "proc",
    "root",
    "run",
    "sys",
    "tmp",
    "usr/bin",
    "usr/local/bin",
    "var/tmp",
)
_LIKE_THE_PAYLOAD = ("usr/bin/cc", "usr/bin/ld", "opt/tools/rm")
"""Programs whose names rules know, and which do what the test says."""

_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n",
    "etc/group": "root:x:0:\nuser:x:1000:\n",
    "etc/os-release": 'ID=scenes\nNAME="Scenes"\n',
}


def build(root: Path) -> Path:
    """Make the file system in a folder that does not exist yet."""
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True)
    for name, text in _FILES.items():
        (root / name).write_text(text)
    busybox = root / "bin/busybox"
    shutil.copy(shutil.which("busybox") or "busybox", busybox)
    for applet in subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    compile_payload(root / "bin/payload")
    for name in _LIKE_THE_PAYLOAD:
        (root / name).hardlink_to(root / "bin/payload")
    for folder in ("tmp", "var/tmp"):
        (root / folder).chmod(0o1777)
    return root
