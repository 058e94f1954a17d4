"""The package of prebuilt rules: an archive with one JSON file for each version of each rule."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeGuard, cast

from deckwatch.rules.draft import MAX_BYTES, Draft, Reading
from deckwatch.rules.ndjson import ASSET_KEYS, read_json
from deckwatch.rules.rule import RuleError, RuleFault

FOLDER = "kibana/security_rule/"
MAX_ARCHIVE_BYTES = 512 << 20
MAX_TOTAL_BYTES = 2 << 30
"""Of all rules of an archive together, unpacked."""

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""What zipfile raises on damaged, encrypted and exotic archives."""


def read_package(path: Path, file: str) -> Iterator[Reading]:
    """Every rule of an archive, in every version; a bad member is a fault and the others are still read."""
    if path.stat().st_size > MAX_ARCHIVE_BYTES:
        hint = f"unpack archives of more than {MAX_ARCHIVE_BYTES >> 20} MiB and load the folder"
        raise RuleError(RuleFault(file, None, None, "too large", hint))
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, file)
            for member in members:
                yield from _read_member(archive, member, f"{file}/{member.filename}")
    except _BROKEN as error:
        fault = RuleFault(file, None, None, f"not a readable zip archive: {error}", "download it again")
        raise RuleError(fault) from error


def newest(readings: Iterable[Reading]) -> list[Reading]:
    """Of the versions of a prebuilt rule the newest, where the first of them was; the others become skipped."""
    kept: list[Reading] = []
    places: dict[str, int] = {}
    for reading in readings:
        kept.append(reading)
        if _is_asset(reading):
            place = places.setdefault(reading.parameters["rule_id"], len(kept) - 1)
            known = cast("Draft", kept[place])
            if _version(known) != _version(reading):
                older, newer = sorted((known, reading), key=_version)
                kept[place] = newer
                kept[-1] = older.skipped(f"version {_version(older)}; {_version(newer)} is newer")
    return kept


def _is_asset(reading: Reading) -> TypeGuard[Draft]:
    """Whether it is a version of a prebuilt rule. What has neither id nor version is none, and a fault later on."""
    if not isinstance(reading, Draft) or reading.required != ASSET_KEYS:
        return False
    return isinstance(reading.parameters.get("rule_id"), str) and type(reading.parameters.get("version")) is int


def _version(draft: Draft) -> int:
    return cast("int", draft.parameters["version"])


def _members(archive: zipfile.ZipFile, file: str) -> list[zipfile.ZipInfo]:
    members = [
        member
        for member in archive.infolist()
        if FOLDER in member.filename and member.filename.endswith(".json") and not member.is_dir()
    ]
    if not members:
        hint = f"the package of prebuilt rules has them in {FOLDER}; unpack other archives and load the folder"
        raise RuleError(RuleFault(file, None, None, "no rules in this archive", hint))
    if sum(member.file_size for member in members) > MAX_TOTAL_BYTES:
        hint = f"the rules of an archive may unpack to {MAX_TOTAL_BYTES >> 30} GiB; is this the right file?"
        raise RuleError(RuleFault(file, None, None, "unpacks to too much", hint))
    return members


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Iterator[Reading]:
    try:
        with archive.open(member) as stream:
            yield from read_json(stream.read(MAX_BYTES + 1), name)
    except RuleError as error:
        yield from error.faults
    except RecursionError:
        yield RuleFault(name, None, None, "nested too deeply to be a rule", "is this the right file?")
    except _BROKEN as error:
        yield RuleFault(name, None, None, f"cannot be unpacked: {error}", "download the archive again")
