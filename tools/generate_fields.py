#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["pyyaml"]
# ///
"""Write deckwatch's field table from the Elastic Common Schema: python tools/generate_fields.py ECS_FLAT_YML.

ECS_FLAT_YML is `generated/ecs/ecs_flat.yml` of an ECS release. Only names, types and cardinalities are taken.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

TABLE = Path(__file__).parents[1] / "src" / "deckwatch" / "events" / "fields.tsv"
HEADER = (
    "# name, mapping type, n (several values are usual) or 1; "
    "ECS 9.3.0 (Apache-2.0), what cloud_defend adds and what deckwatch adds; written by tools/generate_fields.py"
)
RELATIVES = ("parent", "group_leader", "session_leader", "entry_leader")

CONTAINER_FIELDS = {
    "cloud_defend.block_action_enabled": ("boolean", "1"),
    "cloud_defend.hook_point": ("keyword", "n"),
    "cloud_defend.matched_selectors": ("keyword", "n"),
    "cloud_defend.package_policy_id": ("keyword", "1"),
    "cloud_defend.package_policy_name": ("keyword", "1"),
    "cloud_defend.package_policy_revision": ("short", "1"),
    "cloud_defend.package_version": ("keyword", "1"),
    "cloud_defend.policy_version": ("keyword", "1"),
    "cloud_defend.trace_point": ("keyword", "1"),
    "event.action": ("keyword", "n"),  # one in ECS; container sensors merge fork, exec and end into one document
    **{f"file.Ext.original.{part}": ("keyword", "1") for part in ("extension", "name", "path")},
    "process.previous": ("object", "n"),
    "process.session_leader.entry_meta.type": ("keyword", "1"),
    **{f"process.{relative}.same_as_process": ("boolean", "1") for relative in RELATIVES},
}
"""What container sensors write and ECS lacks or has otherwise."""

OWN_FIELDS = {
    "deckwatch.args_cut": ("boolean", "1"),
    "deckwatch.container.outer": ("keyword", "n"),
    "deckwatch.container.sandbox": ("boolean", "1"),
    "deckwatch.loss.count": ("long", "1"),
    "deckwatch.loss.cpu": ("long", "1"),
    "deckwatch.loss.reason": ("keyword", "1"),
    "deckwatch.loss.what": ("keyword", "1"),
    "deckwatch.path_cut": ("boolean", "1"),
    "deckwatch.path_unchecked": ("boolean", "1"),
}
"""What deckwatch's own sensor writes besides."""

Row = tuple[str, tuple[str, str]]


def ecs_rows(path: Path) -> Iterator[Row]:
    for name, field in yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader).items():
        cardinality = "n" if "array" in field["normalize"] else "1"
        yield name, (field["type"], cardinality)
        for variant in field.get("multi_fields", ()):
            yield variant["flat_name"], (variant["type"], cardinality)


def table(path: Path) -> str:
    rows = dict(ecs_rows(path)) | CONTAINER_FIELDS | OWN_FIELDS
    lines = (f"{name}\t{mapping}\t{cardinality}" for name, (mapping, cardinality) in sorted(rows.items()))
    return "\n".join([HEADER, *lines, ""])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    TABLE.write_text(table(Path(sys.argv[1])), encoding="utf-8")
