"""Waiting, and being told to stop while waiting."""

import signal
from time import monotonic

from deckwatch.engine.clock import Clock, Stop


def test_a_signal_handler_ends_a_wait() -> None:
    stop, started = Stop(), monotonic()

    def wanted(*_: object) -> None:
        stop.is_wanted = True

    before = signal.signal(signal.SIGALRM, wanted)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        Clock().wait(30, stop)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert monotonic() - started < 10


def test_a_wait_lasts_as_long_as_it_says() -> None:
    started = monotonic()
    Clock().wait(0.12, Stop())
    assert monotonic() - started >= 0.12
