"""What a command loads before it begins: no more than it needs."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from deckwatch.cli import main, rules
from deckwatch.cli.lazy import Lazy
from tests.cli.run import event, write_events, write_rule

STAGES = {f"deckwatch.{name}" for name in ("proof", "explanation", "lint", "sensor", "store", "backtest")}
ENGINE = {"deckwatch.api", "deckwatch.engine", "polars", "duckdb", "pyarrow", "numpy"}
EXPLANATION = {"deckwatch.explanation"}

CODE = """
import sys
from deckwatch.cli.main import BadInputError, deckwatch
try:
    deckwatch(sys.argv[1:], standalone_mode=False)
except BadInputError:
    pass
print(*sys.modules, file=sys.stderr)
"""


def loaded(*arguments: object) -> set[str]:
    """The modules that a command has loaded at its end."""
    ran = subprocess.run([sys.executable, "-c", CODE, *map(str, arguments)], capture_output=True, text=True, check=True)
    return set(ran.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        pytest.param(["--help"], ENGINE, id="help"),
        pytest.param(["rules", "--help"], ENGINE, id="help of a group"),
        pytest.param(["rules", "check", "RULES"], STAGES | ENGINE, id="rules check"),
        pytest.param(["scan", "--rules", "RULES", "EVENTS"], STAGES, id="scan"),
        pytest.param(["watch", "--rules", "RULES", "--source", "EVENTS"], STAGES - EXPLANATION, id="watch"),
        pytest.param(["explain", "RULES", "--control", "/nowhere"], STAGES - EXPLANATION | ENGINE, id="explain --live"),
    ],
)
def test_a_command_spares_what_it_does_not_need(tmp_path: Path, arguments: list[str], spared: set[str]) -> None:
    places = {
        "RULES": write_rule(tmp_path / "rule.toml", "file where true"),
        "EVENTS": write_events(tmp_path / "events.ndjson", [event()]),
    }
    found = loaded(*(places.get(word, word) for word in arguments))
    assert "deckwatch.cli.main" in found
    assert not spared & found


@pytest.mark.parametrize(
    "homes", [pytest.param(main.COMMANDS, id="deckwatch"), pytest.param(rules.COMMANDS, id="deckwatch rules")]
)
def test_every_command_is_where_the_table_says(homes: dict[str, str]) -> None:
    commands = Lazy(homes)
    assert {name: commands[name].name for name in homes} == {name: name for name in homes}


def test_a_command_is_loaded_once_and_may_be_added_as_it_is() -> None:
    group = click.Group(commands=Lazy({"scan": "deckwatch.cli.scan:scan"}))
    group.add_command(click.Command("mine"))
    context = click.Context(group)
    assert group.list_commands(context) == ["mine", "scan"]
    assert group.get_command(context, "scan") is group.get_command(context, "scan")
    assert group.get_command(context, "sacn") is None
