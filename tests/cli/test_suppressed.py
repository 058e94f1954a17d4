"""What people see of alerts that stand for others, and of the limit of alerts per run."""

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from deckwatch.cli.sighting import Sightings
from tests.cli.run import GOLDEN, event, run, write_events, write_rule
from tests.golden import assert_golden

SUPPRESSION = """
alert_suppression = { group_by = ["file.path", "user.id"], duration = { value = 5, unit = "m" } }
max_signals = 2
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A rule and seven events of two files, the second beyond the window of the first."""
    rule = write_rule(tmp_path / "rule.toml", "file where true", "A file")
    rule.write_text(rule.read_text() + SUPPRESSION)
    events = [event(number, file={"path": "/etc/\x1b[31m" + "ab"[number > 3]}) for number in range(7)]
    return rule, write_events(tmp_path / "events.ndjson", events)


def without_rate(text: str) -> str:
    return re.sub(r"in [\d,.]+ m?s( \([\d,]+ events/s\))?", "in …", text)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        pytest.param("suppressed", ("scan",), id="scan"),
        pytest.param("limited", ("scan", "--max-signals"), id="scan-max-signals"),
        pytest.param("suppressed_watch", ("watch", "--source"), id="watch"),
    ],
)
def test_the_text(name: str, command: tuple[str, ...], files: tuple[Path, Path]) -> None:
    rule, events = files
    result = run(*command, events, "--rules", rule)
    assert result.exit_code == 1
    assert_golden(GOLDEN / f"{name}.txt", without_rate(result.stdout))


def test_the_json_of_a_scan(files: tuple[Path, Path]) -> None:
    rule, events = files
    result = run("scan", events, "--rules", rule, "--json", "--max-signals")
    counts = [json.loads(line)["kibana.alert.suppression.docs_count"] for line in result.stdout.splitlines()]
    assert counts == [1]
    assert without_rate(result.stderr).strip() == (
        "1 alert and 1 more suppressed; 7 events read (… events/s); 0 malformed lines; "
        "A file reached its limit of 2 alerts in 1 run, 5 alerts not reported; 1 rule loaded, 0 skipped, 0 faults"
    ).replace("(… events/s)", re.search(r"\([\d,]+ events/s\)", result.stderr)[0])  # type: ignore[index]


def test_the_json_of_a_watch_has_the_alert_again(files: tuple[Path, Path]) -> None:
    rule, events = files
    result = run("watch", "--source", events, "--rules", rule, "--json")
    alerts = [json.loads(line) for line in result.stdout.splitlines()]
    assert [alert["kibana.alert.suppression.docs_count"] for alert in alerts] == [0, 0, 3, 2]
    assert len({alert["kibana.alert.uuid"] for alert in alerts}) == 2
    assert result.stderr.splitlines()[-1].startswith("2 alerts and 5 more suppressed; ")


def test_a_terminal_shows_it_on_a_line_of_its_own() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=200, color_system=None)
    sightings = Sightings(screen)
    alert = {
        "kibana.alert.original_time": "2026-11-22T02:42:00Z",
        "kibana.alert.severity": "low",
        "kibana.alert.rule.name": "A file",
        "kibana.alert.suppression.terms": [{"field": "user.id", "value": ["7", "[red]9"]}],
        "kibana.alert.suppression.end": "2026-11-22T02:43:00Z",
        "kibana.alert.suppression.docs_count": 0,
    }
    sightings.add(alert)
    sightings.add(alert | {"kibana.alert.suppression.docs_count": 1_204})
    *_, last = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert re.sub(r"\x1b\[[\d;]*m", "", last) == (
        "A file: 1,204 more until 2026-11-22 02:43:00.000, suppressed: user.id 7 [red]9"
    )
