"""`deckwatch explain --live` and the watch it asks, as processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest

import deckwatch
from deckwatch.errors import DeckwatchError
from deckwatch.explanation.control import CLIENT_SECONDS
from tests.cli.run import PROGRAM, event, program, run, write_events, write_rule
from tests.explanation.test_live import ABC
from tests.golden import assert_golden
from tests.sensor.machine import needs_kernel

GOLDEN = Path(__file__).parent / "golden" / "live_process"


@contextmanager
def watching(path: Path, *options: object) -> Iterator[subprocess.Popen[str]]:
    """A watch that listens at a path; events go to its standard input, or to a named pipe."""
    process = subprocess.Popen(
        [*PROGRAM, "watch", "--control", str(path), *map(str, options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stderr
    try:
        with process, process.stdin:
            assert process.stderr.readline().startswith("watching ")
            yield process
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
    finally:
        process.kill()


def happen(pipe: IO[str] | None, identity: str, tag: str, container: str = "c1") -> None:
    """Write an event that happens now."""
    assert pipe
    now = datetime.now(UTC).isoformat()
    document = {"@timestamp": now, "event": {"category": "any", "id": identity}, "container": {"id": container}}
    pipe.write(json.dumps(document | {"tags": [tag]}) + "\n")
    pipe.flush()


def until_told(path: Path, *, reached: int) -> None:
    """Wait until a sequence has got so far."""
    for _ in range(50):
        told = deckwatch.explain_live("abc", path).sequences
        if told and told.reached[reached - 1].sequences:
            return
        time.sleep(0.1)
    raise AssertionError(told)


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    return write_rule(tmp_path / "abc.toml", ABC.replace("10s", "5m"), "abc")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watch.sock"


def test_a_watch_over_a_named_pipe_is_asked_while_it_runs(tmp_path: Path, path: Path, rule: Path) -> None:
    fifo = tmp_path / "events"
    os.mkfifo(fifo)
    with (
        watching(path, "--source", fifo, "--follow", "--rules", rule, "--lateness", "10ms") as process,
        fifo.open("w") as events,
    ):
        for number, tag in enumerate("ABA"):
            happen(events, f"{tag}{number}", tag)
            time.sleep(0.05)
        until_told(path, reached=2)
        text = program("explain", "abc", "--control", path)
        assert (text.returncode, text.stderr) == (0, "")
        assert_golden(GOLDEN / "asked.txt", _timeless(text.stdout).replace(str(fifo), "FIFO"))
        assert json.loads(run("explain", rule, "--live", "--control", path, "--json").stdout)["sequences"]["begun"] == 2
        happen(events, "C3", "C")
        assert process.stdout
        assert "abc" in process.stdout.readline()
        assert deckwatch.explain_live("abc", path).fired == 1
    assert not path.exists()


def test_those_who_ask_hold_up_nothing(path: Path, rule: Path) -> None:
    """Silent ones, slow ones and some that never read."""
    with watching(path, "--source", "-", "--rules", rule, "--lateness", "10ms") as process:
        with ExitStack() as crowd:
            for words in (b"", b'{"rule":', b'{"rule": "abc"}\n', b'{"rule": "abc", "limit": 100}\n') * 3:
                caller = crowd.enter_context(socket.socket(socket.AF_UNIX))
                caller.connect(str(path))
                caller.sendall(words)
            began = time.monotonic()
            for tag in "ABC":
                happen(process.stdin, tag, tag)
                time.sleep(0.02)
            assert process.stdout
            assert "abc" in process.stdout.readline()
            assert time.monotonic() - began < CLIENT_SECONDS / 2
        assert deckwatch.explain_live("abc", path).fired == 1


def test_a_watch_takes_the_place_of_one_that_was_killed(path: Path, rule: Path) -> None:
    with watching(path, "--source", "-", "--rules", rule) as process:
        process.kill()
        process.wait()
    assert path.exists()
    with pytest.raises(DeckwatchError, match="no watch listens there"):
        deckwatch.explain_live("abc", path)
    with watching(path, "--source", "-", "--rules", rule):
        assert deckwatch.explain_live("abc", path).fired == 0


def test_a_watch_that_cannot_listen_where_it_should_does_not_begin(tmp_path: Path, rule: Path) -> None:
    events = write_events(tmp_path / "events.ndjson", [event()])
    result = run("watch", "--source", events, "--rules", rule, "--control", rule)
    assert result.exit_code == 2
    assert f"{rule}: this is another file, which stays as it is" in result.stderr.replace("\n", " ")
    off = run("watch", "--source", events, "--rules", rule, "--control", "off")
    assert off.exit_code == 0


@needs_kernel
def test_a_watch_of_the_kernel_is_asked(path: Path) -> None:
    with watching(path):
        told = deckwatch.explain_live("Ingress Tool", path)
    assert (told.source, told.query) == ("kernel", "sequence")
    assert [each.name for each in told.filters] == ["stage 1", "stage 2", "stage 3"]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        pytest.param([], "neither", id="neither-events-nor-a-watch"),
        pytest.param(["EVENTS", "--live"], "both", id="events-and-a-watch"),
        pytest.param(["--live", "--event", "e", "--since", "1h", "--rules", "x"], "recorded_only", id="recorded-only"),
        pytest.param(["--live", "--limit", "101"], "limit", id="too-many"),
        pytest.param(["--control", "/nowhere/w.sock"], "not_there", id="no-watch"),
    ],
)
def test_errors(tmp_path: Path, rule: Path, arguments: list[str], name: str) -> None:
    events = write_events(tmp_path / "events.ndjson", [event()])
    result = run("explain", rule, *(str(events) if word == "EVENTS" else word for word in arguments))
    assert result.exit_code == 2
    assert_golden(GOLDEN / f"{name}.txt", result.stderr)


def _timeless(text: str) -> str:
    """Without what differs each time."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"[+]\d+\.\d{3} s", "+N s", text)
    return re.sub(r"\d+(?:\.\d)? m?s (ago)|for \d+(?:\.\d)? m?s|\d min \d\d s left", "…", text)
