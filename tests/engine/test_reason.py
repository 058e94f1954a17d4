"""The sentence of an alert."""

from typing import Any

import pytest

from deckwatch.engine.reason import reason

CASES = [
    pytest.param({}, "event", id="nothing-known"),
    pytest.param({"event": {"category": ["a", "b"]}}, "a, b event", id="several-categories"),
    pytest.param({"process.name": "sh"}, "event with process sh,", id="dotted"),
    pytest.param({"file": {"name": "f"}, "host": {"name": "h"}}, "event with file f, on h", id="file-and-host"),
    pytest.param({"source": {"ip": "1.2.3.4"}}, "event with source 1.2.3.4", id="address-without-port"),
    pytest.param({"source": {"ip": "1.2.3.4", "port": 5}}, "event with source 1.2.3.4:5,", id="address-with-port"),
    pytest.param({"destination": {"port": 443}}, "event with:443,", id="port-alone"),
    pytest.param({"user": {"name": ["-"]}, "file": {"name": ""}}, "event", id="dash-and-empty-are-absent"),
    pytest.param({"user": {"name": ["-", "x"]}}, "event by -, x", id="dash-among-others"),
]


@pytest.mark.parametrize(("document", "start"), CASES)
def test_reason(document: dict[str, Any], start: str) -> None:
    assert reason(document, "high", "The rule") == f"{start} created high alert The rule."
