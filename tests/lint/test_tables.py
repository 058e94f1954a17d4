"""The tables of facts agree with what they are about."""

import re

from deckwatch.events.fields import field_table
from deckwatch.lint.checks.fields import supplies
from deckwatch.rules.attack import VERSION, entries
from deckwatch.sensor.documents import FILE
from deckwatch.sensor.portrait import OWN, RELATIVES, STATE


def test_what_the_sensor_tells_of_processes_and_files() -> None:
    told = {f"process.{name}" for name in (*STATE, *OWN)}
    told |= {f"process.{relative}.{name}" for relative in RELATIVES for name in (*STATE, "same_as_process")}
    told |= {f"file.{name}" for name in FILE}
    moments = {"process.end", "process.exit_code", "process.entry_leader.entry_meta.type"}
    listed = {name for name, supply in supplies().items() if supply.sensor and name.startswith(("process.", "file."))}
    apart = {name for name in listed if name.startswith(("process.previous.", "process.thread."))} | moments
    assert listed - apart == told


def test_supplied_fields_are_known() -> None:
    of_old_versions = {
        "cloud_defend.package_policy_name",
        "cloud_defend.package_version",
        "cloud_defend.policy_version",
        "process.session_leader.entry_meta.type",
    }
    assert {name for name in supplies() if field_table().resolve(name) is None} <= of_old_versions


def test_attack() -> None:
    table = entries()
    tactics = {identity for identity in table if identity.startswith("TA")}
    assert len(tactics) == 14
    assert re.fullmatch(r"v\d+", VERSION)
    for identity, entry in table.items():
        assert re.fullmatch(r"TA\d{4}|T\d{4}(\.\d{3})?", identity)
        assert entry.tactics <= tactics
        assert bool(entry.replaced) != bool(entry.names)
        assert not entry.replaced or table[entry.replaced].names
        assert "." not in identity or identity[:5] in table
