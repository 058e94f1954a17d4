"""What people read before they run anything."""

import os
import subprocess
import sys

import pytest

import deckwatch
from tests.cli.run import GOLDEN, program, run
from tests.golden import assert_golden

COMMANDS = (
    "",
    "watch",
    "scan",
    "query",
    "explain",
    "rules",
    "rules check",
    "sensor",
    "sensor record",
    "sensor doctor",
    "completion",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    name = "_".join(["help", *command.split()])
    assert_golden(GOLDEN / f"{name}.txt", result.output)


@pytest.mark.parametrize("command", ["scan", "watch", "explain", "sensor"])
def test_help_does_not_load_the_engine_or_the_sensor(command: str) -> None:
    code = (
        "import sys\nfrom deckwatch.cli.main import deckwatch\n"
        f"deckwatch(['{command}', '--help'], standalone_mode=False)\n"
        "heavy = {'polars', 'duckdb', 'pyarrow', 'numpy', 'deckwatch.sensor', 'deckwatch.sources'}\n"
        "assert not heavy & sys.modules.keys()"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_public_names_are_all_there() -> None:
    namespace: dict[str, object] = {}
    exec("from deckwatch import *", namespace)  # noqa: S102
    assert set(deckwatch.__all__) == deckwatch.__dict__["_HOME"].keys() == namespace.keys() - {"__builtins__"}
    with pytest.raises(AttributeError, match="no attribute 'scna'"):
        getattr(deckwatch, "scna")  # noqa: B009


def test_version() -> None:
    assert program("--version").stdout.startswith("deckwatch ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_DECKWATCH_COMPLETE" in result.stdout


def test_completion_for_the_shell_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run("completion").stdout == run("completion", "fish").stdout
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    result = run("completion")
    assert result.exit_code == 2
    assert "name the shell" in result.stderr


def test_completion_completes() -> None:
    assert _completed("deckwatch scan --dead") == "plain,--dead-letter\n"


@pytest.mark.parametrize(
    "words",
    [
        "deckwatch scan",
        "deckwatch scan --rules",
        "deckwatch scan --output",
        "deckwatch watch --source",
        "deckwatch sensor record",
        "deckwatch query true",
        "deckwatch rules check",
    ],
)
def test_completion_of_files_is_left_to_the_shell(words: str) -> None:
    assert _completed(f"{words} eve") == "file,eve\n"


def _completed(words: str) -> str:
    last = str(len(words.split()) - 1)
    asked = {"COMP_WORDS": words, "COMP_CWORD": last, "_DECKWATCH_COMPLETE": "bash_complete"}
    return program(env=os.environ | asked).stdout
