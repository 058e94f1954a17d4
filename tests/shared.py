"""Where the specification's data lies: beside the checkout, never inside it."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("DECKWATCH_SHARED", Path(__file__).resolve().parents[2] / "shared"))

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"the specification's data is not at {SHARED}; set DECKWATCH_SHARED to its folder"
)
