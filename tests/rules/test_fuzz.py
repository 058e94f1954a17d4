"""Whatever bytes a file holds, loading it ends with rules, reasons or faults."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deckwatch.rules.load import founding_rules, load_rules
from deckwatch.rules.validate import SHAPES
from tests.rules.build import parameters

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["eql", "low"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@pytest.mark.parametrize("suffix", [".toml", ".json", ".ndjson", ".zip"])
@QUIET
@given(data=st.binary(max_size=300))
@example(data=b"PK\x05\x06" + bytes(18))
@example(data=b"\xef\xbb\xbf")
def test_any_bytes(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    found = load_rules(path)
    assert found.faults or found.skipped


@QUIET
@given(change=st.dictionaries(st.sampled_from([*SHAPES]), VALUES, min_size=1, max_size=3))
def test_any_values(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(parameters() | change))
    found = load_rules(path)
    assert len(found) + len(found.skipped) + bool(found.faults) == 1


@QUIET
@given(place=st.integers(0, 1700), length=st.integers(0, 60), written=st.text("'\"[]{}=\n# a\\", max_size=4))
def test_any_cut_of_a_rule(tmp_path: Path, place: int, length: int, written: str) -> None:
    text = Path(founding_rules().rules[1].source.file).read_text()
    path = tmp_path / "cut.toml"
    path.write_text(text[:place] + written + text[place + length :])
    found = load_rules(path)
    assert len(found) + len(found.skipped) + bool(found.faults) == 1
    assert all(fault.line is None or 1 <= fault.line <= len(text.split("\n")) + 4 for fault in found.faults)
