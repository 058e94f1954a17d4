"""Documents as lines that a test can write down: `2 busybox fork from 1`.

A line is: the process, its name, the action, what it was done to; then `tty` when the process is interactive, and
`as UID` when it is not root's, `as UID:GID` when its group has another number. Processes are numbered by their first
appearance in the container, so a number stands for one `process.entity_id`. Names are in the spelling of the shell.

    1 busybox exec /bin/busybox sh -c 'rm /tmp/a'      the program, then its arguments
    2 busybox fork from 1                              the child is 2, its parent 1
    2 busybox deletion /tmp/a
    2 busybox rename /tmp/a to /tmp/b
    2 busybox end 0                                    the exit code
    2 busybox io_uring made                            from now on the sensor may miss what 2 does to files
"""

import re
import shlex
from collections.abc import Callable, Iterable
from textwrap import dedent
from typing import Any

Document = dict[str, Any]


def lines(text: str) -> list[str]:
    """A stream as a test writes it."""
    return [line for line in dedent(text).splitlines() if line.strip()]


def written(documents: Iterable[Document]) -> list[str]:
    """The lines of one container's documents, in their order."""
    numbers: dict[str, int] = {}

    def number(entity: str) -> int:
        return numbers.setdefault(entity, len(numbers) + 1)

    return [_line(document, number) for document in documents]


def _line(document: Document, number: Callable[[str], int]) -> str:
    process = document["process"]
    (action,) = document["event"]["action"]
    who = number(process["entity_id"])
    words = [str(who), word(process["name"]), action, _detail(action, document, number)]
    if process["interactive"]:
        words.append("tty")
    user, group = document["user"]["id"], document["group"]["id"]
    if (user, group) != ("0", "0"):
        words.append(f"as {user}" if user == group else f"as {user}:{group}")
    return " ".join(words)


def _detail(action: str, document: Document, number: Callable[[str], int]) -> str:
    process = document["process"]
    match action:
        case "fork":
            return f"from {number(process['parent']['entity_id'])}"
        case "exec":
            return " ".join(map(word, [process["executable"], *process["args"]]))
        case "io_uring":
            return "made"
        case "end":
            return str(process["exit_code"])
        case "rename" | "link":
            old = document["file"]["Ext"]["original"]["path"]
            return f"{word(old)} to {word(document['file']['path'])}"
        case _:
            return word(document["file"]["path"])


def word(text: str) -> str:
    """On one line, and without the inode's number that is the name of a file without one (`O_TMPFILE`)."""
    return shlex.quote(re.sub(r"/#\d+$", "/#INODE", text)).replace("\n", "\\n")


RULES = {
    "05a50000-9886-4695-ad33-3f990dc142e2": "interactive drop",
    "1dc56174-5d02-4ca4-af92-e391f096fb21": "download, run, delete",
}


def told(alerts: Iterable[Document]) -> list[str]:
    """A line for each alert: the founding rule, then its events. Building blocks are part of their sequence's."""
    sequences: dict[str | int, list[str]] = {}
    for number, alert in enumerate(alerts):
        group = alert.get("kibana.alert.group.id", number)
        events = sequences.setdefault(group, [RULES[alert["kibana.alert.rule.rule_id"]]])
        if alert["event"]["action"]:  # the shell has none that its blocks share
            events.append(_event(alert))
    return [f"{rule}: {', '.join(events)}" for rule, *events in sequences.values()]


def _event(document: Document) -> str:
    (action,) = document["event"]["action"]
    return f"{action} {word(document['file']['path'] if 'file' in document else document['process']['executable'])}"
