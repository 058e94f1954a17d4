"""Findings as SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deckwatch.lint.finding import Check, Finding, Severity

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def sarif(findings: Sequence[Finding], checks: Sequence[Check], version: str) -> dict[str, Any]:
    """One run of the tool as a SARIF log. `version` is that of deckwatch."""
    index = {check.code: number for number, check in enumerate(checks)}
    driver = {"name": "deckwatch", "version": version, "rules": [_rule(check) for check in checks]}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, index[finding.code]) for finding in findings],
            }
        ],
    }


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.code,
        "shortDescription": {"text": check.what},
        "fullDescription": {"text": f"{check.what}: {check.why}"},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line is not None:
        column = {} if finding.column is None else {"startColumn": finding.column}
        location["region"] = {"startLine": finding.line, **column}
    cure = f" To mend it: {finding.cure}." if finding.cure else ""
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}: {finding.why}.{cure}"},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"deckwatch/v1": _fingerprint(finding)},
        "properties": {"rule_id": finding.rule, "rule_name": finding.name},
    }


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _fingerprint(finding: Finding) -> str:
    """The same for a finding wherever it has moved to in its file."""
    return sha256(f"{finding.code}\0{finding.rule}\0{finding.message}".encode()).hexdigest()
