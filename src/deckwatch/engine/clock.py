"""What a stream knows of time outside of its events."""

from __future__ import annotations

import time

_SLICE_SECONDS = 0.05


class Stop:
    """A wish to stop. A signal handler may express it, since it takes no lock that the interrupted code could hold."""

    def __init__(self) -> None:
        self.is_wanted = False


class Clock:
    """The clocks of this machine; tests bring their own. Times in nanoseconds."""

    def now(self) -> int:
        """Since 1970; may jump when the machine's clock is set."""
        return time.time_ns()

    def elapsed(self) -> int:
        """Since some moment in the past; never jumps."""
        return time.monotonic_ns()

    def wait(self, seconds: float, unless: Stop) -> None:
        """Let time pass, but hardly more once a stop is wanted."""
        end = time.monotonic() + seconds
        while not unless.is_wanted and (rest := end - time.monotonic()) > 0:
            time.sleep(min(rest, _SLICE_SECONDS))
