"""What pytest reports of a run inside the guest."""

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Report:
    """The sensor's tier, how many tests passed, and what pytest says about those that did not."""

    tier: str
    passed: int
    faults: tuple[str, ...]

    @classmethod
    def read(cls, junit: bytes) -> Self:
        suite = ET.fromstring(junit)  # noqa: S314 -- pytest wrote it
        properties = {each.get("name"): each.get("value", "") for each in suite.iter("property")}
        passed, faults = 0, []
        for case in suite.iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            told = [f"{name}, {part.tag}: {part.text}" for part in case if part.tag in {"failure", "error", "skipped"}]
            faults += told
            passed += not told
        return cls(properties.get("tier", "none"), passed, tuple(faults))


def unpack(archive: bytes) -> dict[str, Report]:
    """Reports by the name of their file, out of a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        members = {Path(member.name).stem: files.extractfile(member) for member in files if member.isfile()}
        return {name: Report.read(file.read()) for name, file in members.items() if file is not None}
