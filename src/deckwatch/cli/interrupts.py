"""Ctrl-C."""

import signal
from importlib import import_module


def heed_interrupts() -> None:
    """Load the engine, and let Ctrl-C end a wait for input in spite of it.

    Importing Polars replaces Python's signal handler by one after which waits go on.
    """
    import_module("polars")
    signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))
