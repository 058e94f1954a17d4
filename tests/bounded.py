"""Code run in a process of its own, so that neither its time nor its memory is without bounds."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 100

# Not `ru_maxrss`, which starts with the memory of the process that forked.
_REPORT = """
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:")))
"""


def peak_megabytes(code: str, *arguments: object) -> tuple[str, int]:
    """What the code printed, and how much memory its process held at most; fails when it takes too long."""
    try:
        result = subprocess.run(
            [sys.executable, "-u", "-c", code + _REPORT, *map(str, arguments)],
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired as fault:
        pytest.fail(f"still running after {SECONDS} seconds; printed: {(fault.stdout or b'').decode()[-500:]}")
    assert result.returncode == 0, result.stderr.decode()[-2000:]
    *printed, peak = result.stdout.decode().splitlines()
    return "\n".join(printed), int(peak)
