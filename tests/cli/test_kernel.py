"""The real kernel, from the command line. As root, where the sensor can be loaded."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from deckwatch.sensor.canary import inside, perch
from deckwatch.sensor.host import Host
from tests.cli.run import PROGRAM, program, run, write_rule
from tests.scenes import host
from tests.sensor.machine import UNIFIED, needs_kernel

DEMO = Path(__file__).resolve().parents[2] / "tools" / "demo"

pytestmark = needs_kernel


def containers() -> set[str]:
    """Cgroups that look like containers."""
    assert UNIFIED
    return {folder.name for folder in UNIFIED.iterdir() if re.fullmatch("[0-9a-f]{64}", folder.name)}


def test_the_doctor_lets_a_canary_fly() -> None:
    result = program("sensor", "doctor", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert found["runs"] is True
    assert found["tier"] in {"lsm", "fentry", "tracepoint"}
    assert 0 < found["canary"]["decoded"] <= found["canary"]["evaluated"] < 5


@pytest.mark.parametrize("name", ["events.ndjson", "events.ndjson.gz", "events.ndjson.zst", "events.parquet"])
def test_a_recording_has_what_happened(name: str, tmp_path: Path) -> None:
    file, word = tmp_path / name, uuid.uuid4().hex
    command = [*PROGRAM, "sensor", "record", file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stdout
        assert process.stderr.readline().startswith("recording kernel (")
        with perch(Host()) as cgroup:
            subprocess.run(inside(cgroup, "/bin/true", word), check=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert re.fullmatch(rf"[1-9][\d,]* events in .* in {file}\n0 events lost.*\n", process.stdout.read())
    query = f'process where event.action == "exec" and process.name == "true" and process.args == "{word}"'
    rule = write_rule(tmp_path / "r.toml", query)
    (alert,) = map(json.loads, run("scan", file, "--rules", rule, "--json").stdout.splitlines())
    assert alert["container"]["id"] == cgroup.name


def test_the_demonstration_finds_both_attacks_and_leaves_nothing_behind(tmp_path: Path) -> None:
    host.require(host.missing())
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, DEMO], capture_output=True, text=True, timeout=100, check=False, env=environment
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "System Path File Creation" in result.stdout
    assert "Ingress Tool Transfer" in result.stdout
    assert len(re.findall(r"^ +[\d,]+ ms  ", result.stdout, re.MULTILINE)) == 2
    assert [*tmp_path.iterdir()] == []
    ids = re.findall(r" container ([0-9a-f]{12}) ", result.stdout)
    assert len(ids) == 2
    assert not [folder for folder in containers() if folder.startswith(tuple(ids))]
