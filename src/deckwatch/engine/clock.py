"""What a stream knows of time outside of its events."""

from __future__ import annotations

import threading
import time


class Clock:
    """The clocks of this machine; tests bring their own. Times in nanoseconds."""

    def now(self) -> int:
        """Since 1970; may jump when the machine's clock is set."""
        return time.time_ns()

    def elapsed(self) -> int:
        """Since some moment in the past; never jumps."""
        return time.monotonic_ns()

    def wait(self, seconds: float, unless: threading.Event) -> None:
        """Let time pass, but no more once the event is set."""
        unless.wait(seconds)
