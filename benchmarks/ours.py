"""Run rules over a file of events with deckwatch and count what comes out.

    PYTHONPATH=src python benchmarks/ours.py EVENTS RULE …

Prints one line of JSON: `seconds` is the scan, `load_seconds` the rules before it.
"""

from __future__ import annotations

import json
import sys
import time

import deckwatch


def main() -> None:
    events, *paths = sys.argv[1:]
    start = time.perf_counter()
    rules = deckwatch.load_rules(*paths)
    loaded = time.perf_counter()
    scan = deckwatch.scan(events, rules)
    documents = sum(1 for _ in scan)
    seconds = time.perf_counter() - loaded
    summary = scan.summary
    report = {
        "events": summary.events,
        "seconds": seconds,
        "load_seconds": loaded - start,
        "rules": summary.rules,
        "malformed": summary.malformed,
        "documents": documents,
        "hits": {rule: count for rule, count in summary.hits.items() if count},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
