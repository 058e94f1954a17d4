"""Play two attacks in a real container under the eyes of `deckwatch watch`: `python tools/demo`.

Where that cannot be done, scan the recording of such attacks instead, and say why.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from container import Container, dropped, served, typed_in
from needs import busybox, missing, runc
from watching import Watch

DECKWATCH = [sys.executable, "-m", "deckwatch"]
RECORDING = Path(__file__).parents[2] / "examples" / "attacks.ndjson.gz"
PATIENCE = 15.0
"""Seconds to wait for the alerts, once the attacks are over."""

FOUND = 1  # the exit code of `deckwatch scan` and `deckwatch watch` when there are alerts


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if lacking := [*missing()]:
        return replay(lacking)
    with tempfile.TemporaryDirectory(prefix="deckwatch-demo-") as folder:
        return live(Path(folder))


def live(folder: Path) -> int:
    """Watch, attack, compare."""
    runtime, box = runc(), busybox()
    assert runtime
    assert box
    say("$ deckwatch watch")
    with Watch(DECKWATCH, folder / "alerts.ndjson") as watch:
        if not watch.is_ready():
            return replay([watch.complaint])
        container = Container(runtime, box, folder)
        with served(box, folder / "www") as address:
            scenes: dict[str, Callable[[], str]] = {
                "somebody at a terminal downloads a program into /usr/bin": (
                    lambda: container.type(typed_in(address), "sh")
                ),
                "a script downloads a program, runs it and removes it": (
                    lambda: container.run("sh", "-c", dropped(address))
                ),
            }
            played = {title: play() for title, play in scenes.items()}
        watch.wait_for(played.values(), PATIENCE)
    say("\nTwo attacks were played in real containers by runc. How long after them the alerts came:")
    for title, identity in played.items():
        latency = watch.latencies.get(identity)
        verdict = "no alert" if latency is None else f"{latency * 1000:,.0f} ms"
        say(f"  {verdict:>8}  {title}")
    return 0 if watch.latencies.keys() >= set(played.values()) else 1


def replay(lacking: Iterable[str]) -> int:
    """The recording instead."""
    say("Attacks cannot be played live here, so these are recorded ones. What is missing:")
    for reason in lacking:
        say(f"  - {reason.replace(chr(10), ' ')}")
    say(
        f"\n$ deckwatch scan {RECORDING.relative_to(Path.cwd()) if RECORDING.is_relative_to(Path.cwd()) else RECORDING}"
    )
    return 0 if subprocess.run([*DECKWATCH, "scan", RECORDING], check=False).returncode == FOUND else 1


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
