"""The other EQL engine, python-eql, in its own environment: it is AGPL and no part of this project.

    python benchmarks/python_eql.py flatten SOURCE TARGET      scalar events, made from generated ones
    ENVIRONMENT/python benchmarks/python_eql.py accept RULE …  which rules it takes
    ENVIRONMENT/python benchmarks/python_eql.py scan EVENTS COUNT RULE …

It knows no field with several values, so events are flattened: of each array, the first element.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ENVIRONMENT = HERE / ".venv-eql"
VERSION = "1.0.1"
DIALECT = {'like "?*"': "!= null"}
"""What rules say → what python-eql has to be told, because it takes `?` in a pattern for itself."""


def python() -> str:
    """The interpreter of an environment that has python-eql; made now if it is not there yet."""
    interpreter = ENVIRONMENT / "bin" / "python"
    ready = [str(interpreter), "-c", "import eql"]
    if not interpreter.exists() or subprocess.run(ready, capture_output=True, check=False).returncode:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True, stdout=sys.stderr)
        install = [str(interpreter), "-m", "pip", "install", "--quiet", f"eql=={VERSION}"]
        subprocess.run(install, check=True, stdout=sys.stderr)
    return str(interpreter)


def first(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: first(each) for name, each in value.items()}
    return first(value[0]) if isinstance(value, list) else value


def flatten(source: Path, target: Path) -> int:
    """Write the events of a file with the first element in place of every array. Their number."""
    partial, count = target.with_suffix(".partial"), 0
    with source.open("rb") as lines, partial.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(first(json.loads(line)), separators=(",", ":")) + "\n")
            count += 1
    partial.rename(target)
    return count


def engine(rules: list[str]) -> tuple[Any, list[str]]:
    """An engine with every rule that it takes, and those rules."""
    from eql.parser import allow_negation, allow_runs, allow_sample, elasticsearch_syntax

    import eql

    one, taken = eql.PythonEngine(), []
    for path in rules:
        query = tomllib.loads(Path(path).read_text("utf-8"))["rule"]["query"]
        for ours, theirs in DIALECT.items():
            query = query.replace(ours, theirs)
        try:
            with elasticsearch_syntax, allow_negation, allow_runs, allow_sample:
                tree = eql.parse_query(query)
            eql.PythonEngine().add_query(tree)
        except eql.EqlError:
            continue
        one.add_query(tree)
        taken.append(path)
    return one, taken


def scan(path: str, count: int, rules: list[str]) -> dict[str, Any]:
    import eql

    one, taken = engine(rules)
    alerts: list[Any] = []
    one.add_output_hook(alerts.append)
    start = time.perf_counter()
    events = []
    with Path(path).open("rb") as lines:
        for line in itertools.islice(lines, count):
            data = json.loads(line)
            at = datetime.fromisoformat(data["@timestamp"][:26]).timestamp()
            events.append(eql.Event(data["event"]["category"], int(at * 10_000_000), data))
    decoded = time.perf_counter()
    one.stream_events(events)
    end = time.perf_counter()
    return {
        "events": len(events),
        "seconds": end - start,
        "engine_seconds": end - decoded,
        "rules": len(taken),
        "alerts": len(alerts),
    }


def main() -> None:
    match sys.argv[1:]:
        case ["flatten", source, target]:
            report: dict[str, Any] = {"events": flatten(Path(source), Path(target))}
        case ["accept", *rules]:
            report = {"taken": engine(rules)[1]}
        case ["scan", path, count, *rules]:
            report = scan(path, int(count), rules)
        case _:
            sys.exit(__doc__)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
