"""What holds for the documents of any container, whatever it does."""

from collections.abc import Sequence
from itertools import pairwise
from posixpath import basename
from typing import Any

from deckwatch.eql.dates import parse_timestamp
from tests.scenes.notation import Document

_LEADERS = ("parent", "group_leader", "session_leader", "entry_leader")
_CLOCKS_DIFFER = 1_000_000  # nanoseconds: the processors' clocks are not read at the moment a record is queued


def check(documents: Sequence[Document]) -> None:
    """Every law, on the documents of one container in their order."""
    _in_order(documents)
    for document in documents:
        _well_formed(document)
    for process in {document["process"]["entity_id"]: None for document in documents}:
        _one_process([document for document in documents if document["process"]["entity_id"] == process])


def _in_order(documents: Sequence[Document]) -> None:
    for before, after in pairwise(documents):
        assert before["event"]["sequence"] < after["event"]["sequence"]
        assert _time(before["@timestamp"]) <= _time(after["@timestamp"]) + _CLOCKS_DIFFER
    assert len({document["event"]["id"] for document in documents}) == len(documents)


def _well_formed(document: Document) -> None:
    process, (category,) = document["process"], document["event"]["category"]
    dataset = "deckwatch.losses" if document["event"]["action"] == ["io_uring"] else f"cloud_defend.{category}"
    assert document["data_stream"] == {"type": "logs", "dataset": dataset, "namespace": "default"}
    assert document["host"]["os"]["type"] == "linux"
    assert process["name"] == basename(process["executable"])
    if not document.get("deckwatch", {}).get("args_cut"):
        assert process["args_count"] == len(process["args"])
    assert process["user"] == document["user"]
    if dataset == "cloud_defend.process":
        assert process["thread"]["capabilities"].keys() == {"effective", "permitted"}
    for role in _LEADERS:
        if role in process:
            leader = process[role]
            assert leader["same_as_process"] is (leader["entity_id"] == process["entity_id"])
    assert process["entry_leader"]["entry_meta"] == {"type": "container"}
    if category == "file":
        assert document["file"]["name"] == basename(document["file"]["path"])


def _one_process(documents: Sequence[Document]) -> None:
    """Its identity never changes; what it is changes by exec alone, and nothing of it follows its end but files."""
    first = documents[0]["process"]
    for before, after in pairwise(documents):
        process = after["process"]
        assert before["event"]["action"] != ["end"] or after["event"]["category"] == ["file"]
        assert (process["pid"], process["start"]) == (first["pid"], first["start"])
        assert _entities(process, "parent", "entry_leader") == _entities(first, "parent", "entry_leader")
        if after["event"]["action"] == ["exec"]:
            assert _image(process["previous"][-1]) == _image(before["process"])
        else:
            assert _image(process) == _image(before["process"])


def _image(process: Document) -> tuple[Any, ...]:
    return process["executable"], process["args"]


def _entities(process: Document, *roles: str) -> list[str | None]:
    return [process.get(role, {}).get("entity_id") for role in roles]


def _time(text: str) -> int:
    time = parse_timestamp(text)
    assert time is not None
    return time
