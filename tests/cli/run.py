"""Ways to run `deckwatch`: inside this process, or as the program it is."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from deckwatch.cli.main import deckwatch

ATTACKS = Path(__file__).resolve().parents[2] / "examples" / "attacks.ndjson.gz"
GOLDEN = Path(__file__).parent / "golden"
PROGRAM = [sys.executable, "-m", "deckwatch"]

RULE = """
[rule]
name = "{name}"
description = "d"
rule_id = "{name}"
risk_score = 21
severity = "low"
type = "eql"
language = "eql"
index = ["*"]
query = '''{query}'''
"""


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    """The command's output and exit code; what it raises comes through."""
    result = CliRunner().invoke(
        deckwatch, [str(argument) for argument in arguments], input=stdin, prog_name="deckwatch"
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def program(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False, **options
    )


def write_events(path: Path, documents: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def write_rule(path: Path, query: str, name: str = "any") -> Path:
    path.write_text(RULE.format(name=name, query=query))
    return path


def event(number: int = 0, **fields: Any) -> dict[str, Any]:
    """A file event; its fields may be overridden."""
    return {
        "@timestamp": f"2026-11-22T02:42:{number:02}Z",
        "event": {"category": "file", "action": "creation", "id": str(number)},
        "data_stream": {"type": "logs", "dataset": "cloud_defend.file", "namespace": "default"},
        **fields,
    }
