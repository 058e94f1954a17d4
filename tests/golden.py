"""Golden files: expected output that people review and `DECKWATCH_GOLDEN=write` renews."""

import os
from pathlib import Path


def assert_golden(path: Path, actual: str) -> None:
    """Fail when the output differs from the file; or write the file when the environment asks for it."""
    if os.environ.get("DECKWATCH_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(actual, encoding="utf-8")
    assert actual == path.read_text(encoding="utf-8"), f"{path.name} differs; DECKWATCH_GOLDEN=write renews it"
