"""`deckwatch sensor`, inside this process, with a kernel that is none."""

import json
from pathlib import Path

import pytest

import deckwatch
from deckwatch.sensor.canary import Canary
from deckwatch.sensor.doctor import BLIND_SPOTS, Diagnosis
from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.host import Finding, State
from tests.cli.kernel import kernel
from tests.cli.run import GOLDEN, run
from tests.golden import assert_golden

__all__ = ["kernel"]  # a fixture

KERNEL = Finding("kernel", State.GOOD, "Linux 6.18.0")
MODULES = Finding("security modules", State.LESS, "bpf is not among the active ones", "Boot with `lsm=bpf`.")
NO_TYPES = Finding("BTF", State.NONE, "the kernel does not describe its types", "Use another.\nOr mount \x1b[31mit.")
SOUND = Diagnosis((KERNEL, MODULES), "tracepoint", BLIND_SPOTS["tracepoint"], Canary(0.0123, 0.1134))
DIAGNOSES = [
    pytest.param("sound", SOUND, 0, id="sound"),
    pytest.param("blind", Diagnosis((KERNEL, NO_TYPES)), 2, id="cannot-run"),
]


@pytest.mark.parametrize(("name", "found", "code"), DIAGNOSES)
def test_doctor(name: str, found: Diagnosis, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deckwatch, "diagnose", lambda: found, raising=False)
    result = run("sensor", "doctor")
    assert result.exit_code == code
    assert_golden(GOLDEN / f"doctor_{name}.txt", result.stdout)
    as_json = run("sensor", "doctor", "--json")
    assert as_json.exit_code == code
    told = json.loads(as_json.stdout)
    assert told["runs"] is (code == 0)
    assert [each["name"] for each in told["findings"]] == [each.name for each in found.findings]
    assert told["canary"] == ({"decoded": 0.0123, "evaluated": 0.1134} if code == 0 else None)


@pytest.mark.parametrize("command", [["watch"], ["sensor", "record", "x.ndjson"]], ids=" ".join)
def test_what_stops_the_sensor_is_said_with_its_cure(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise SensorError("loading programs into the kernel needs root", "Run it with sudo.")

    monkeypatch.setattr(deckwatch, "Kernel", type("Kernel", (), {"open": staticmethod(refuse)}), raising=False)
    result = run(*command)
    assert result.exit_code == 2
    assert result.stderr == "Error: loading programs into the kernel needs root\nRun it with sudo.\n"


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", ["events.ndjson", "events.ndjson.gz", "events.ndjson.zst"])
def test_what_is_recorded_can_be_scanned(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    result = run("sensor", "record", file, "--count", "861")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.startswith("861 events in ")
    assert first.endswith(f" MB in {file}")
    assert second == "3 events lost (kernel: ring full 3)"
    assert "27 alerts" in run("scan", file).stdout


@pytest.mark.usefixtures("kernel")
def test_a_recording_ends_in_time(tmp_path: Path) -> None:
    result = run("sensor", "record", tmp_path / "events.ndjson", "--duration", "1ms")
    assert result.exit_code == 0


@pytest.mark.usefixtures("kernel")
def test_a_recording_needs_a_name_that_tells_its_format(tmp_path: Path) -> None:
    result = run("sensor", "record", tmp_path / "events.docx", "--count", "1")
    assert result.exit_code == 2
    assert "events.docx" in result.stderr
