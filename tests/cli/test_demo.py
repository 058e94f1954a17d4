"""`make demo` on a machine that cannot be watched."""

import runpy
from pathlib import Path
from typing import Any

import pytest

DEMO = Path(__file__).resolve().parents[2] / "tools" / "demo"


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    return runpy.run_path(str(DEMO), run_name="demo")


def test_it_says_what_is_missing_and_scans_a_recording(demo: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    assert demo["replay"](["runc: it is not installed.\nInstall it."]) == 0
    shown = capfd.readouterr().out
    assert "  - runc: it is not installed. Install it.\n" in shown
    assert "\n27 alerts\n" in shown


def test_packages_are_named(demo: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    missing = demo["missing"]
    monkeypatch.setitem(missing.__globals__, "_PATH", "")
    assert [line.rpartition("apt-get install ")[2] for line in missing()][-2:] == ["runc", "busybox-static"]


def test_a_program_is_static_or_not(demo: dict[str, Any]) -> None:
    is_static = demo["missing"].__globals__["_is_static"]
    assert is_static(Path("/bin/sh")) is False
    assert is_static(Path(__file__)) is False
