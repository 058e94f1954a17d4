"""What pytest reports of a run inside the guest."""

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Report:
    """The sensor's tier; the tests that passed; those that failed or were skipped, with what pytest says about them."""

    tier: str
    passed: frozenset[str]
    others: dict[str, str]

    @classmethod
    def read(cls, junit: bytes) -> Self:
        passed, others = set(), {}
        suite = ET.fromstring(junit)  # noqa: S314 -- pytest wrote it
        properties = {each.get("name"): each.get("value", "") for each in suite.iter("property")}
        for case in suite.iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            faults = [f"{part.tag}: {part.text}" for part in case if part.tag in {"failure", "error", "skipped"}]
            if faults:
                others[name] = "\n".join(faults)
            else:
                passed.add(name)
        return cls(properties.get("tier", "none"), frozenset(passed), others)


def unpack(archive: bytes) -> dict[str, Report]:
    """Reports by the name of their file, out of a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        members = {Path(member.name).stem: files.extractfile(member) for member in files if member.isfile()}
        return {name: Report.read(file.read()) for name, file in members.items() if file is not None}
