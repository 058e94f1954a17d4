"""`deckwatch watch` as a process: alerts at once, signals, terminals."""

import json
import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest

from tests.cli.run import ATTACKS, PROGRAM, event, write_rule
from tests.cli.test_process import on_terminal


@contextmanager
def watching(
    tmp_path: Path, *options: str, output: int = subprocess.PIPE
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A watch with a rule that finds every file event, and the pipe where its events go."""
    rule = write_rule(tmp_path / "r.toml", "file where true")
    process = subprocess.Popen(
        [*PROGRAM, "watch", "--source", "-", "--rules", str(rule), *options],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"},
    )
    assert process.stdin
    assert process.stderr
    with process, process.stdin:
        assert process.stderr.readline() == "watching standard input, 1 rule; Ctrl-C ends\n"
        yield process, process.stdin


def happen(pipe: IO[str], number: int = 0) -> None:
    """Write an event that happens now; one of the same number is the same event, and alerts once."""
    pipe.write(json.dumps(event(number) | {"@timestamp": datetime.now(UTC).isoformat()}) + "\n")
    pipe.flush()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
@pytest.mark.parametrize("found", [True, False], ids=["alerts", "no-alerts"])
def test_a_signal_ends_it_with_a_summary(tmp_path: Path, number: signal.Signals, found: bool) -> None:
    with watching(tmp_path) as (process, events):
        assert process.stdout
        if found:
            happen(events)
            assert " any | creation" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(10) == (1 if found else 0)
        count = int(found)
        assert f"{count} alert" in process.stdout.read()


def test_json_comes_at_once(tmp_path: Path) -> None:
    with watching(tmp_path, "--json") as (process, events):
        assert process.stdout
        for number in range(2):
            happen(events, number)
            assert json.loads(process.stdout.readline())["kibana.alert.rule.name"] == "any"
        events.close()
        assert process.wait(10) == 1


def test_losses_are_told_while_it_goes_on(tmp_path: Path) -> None:
    with watching(tmp_path) as (process, events):
        assert process.stderr
        events.write("nonsense\n")
        events.flush()
        assert process.stderr.readline() == "1 event lost (malformed 1)\n"


def test_a_reader_may_leave(tmp_path: Path) -> None:
    with watching(tmp_path) as (process, events):
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        happen(events)
        assert process.wait(10) == 130
        assert process.stderr.read() == ""


def test_a_terminal_gets_cards_and_a_status_that_goes_away() -> None:
    shown = on_terminal("watch", "--source", ATTACKS, columns=80)
    assert "\x1b[31mhigh" in shown
    assert "\x1b[2mcreation" in shown
    assert "861 events seen, 861 evaluated in " in shown
    assert "\x1b[?25h" in shown.rpartition("27 alerts")[0]  # the cursor is back


def test_a_dumb_terminal_gets_lines() -> None:
    shown = on_terminal("watch", "--source", ATTACKS, TERM="dumb")
    assert "\x1b" not in shown
    assert " | container catalog " in shown


def test_the_bottom_says_how_it_goes(tmp_path: Path) -> None:
    reader, writer = pty.openpty()
    with watching(tmp_path, output=writer) as (process, events):
        os.close(writer)
        happen(events)
        shown = ""
        while "1 alert · " not in shown:
            shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", os.read(reader, 65536).decode())
        assert "1 seen" in shown
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 1
    os.close(reader)
