"""Code run in a process of its own, so that neither its time nor its memory is without bounds."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 100

_REPORT = """
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_megabytes(code: str, *arguments: object) -> tuple[str, int]:
    """What the code printed, and how much memory its process held at most; fails when it takes too long."""
    result = subprocess.run(
        [sys.executable, "-c", code + _REPORT, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        cwd=ROOT,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    *printed, peak = result.stdout.splitlines()
    return "\n".join(printed), int(peak)
