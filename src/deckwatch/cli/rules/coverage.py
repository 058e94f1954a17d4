"""`deckwatch rules coverage`: what rules cover of ATT&CK, and which data they need."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import track

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.aligned import print_report
from deckwatch.cli.files import check_outputs
from deckwatch.cli.letters import DeadLetters, report_damage
from deckwatch.cli.progress import ScanProgress
from deckwatch.cli.render import json_line
from deckwatch.cli.rules.covered import lines
from deckwatch.cli.ruleset import rules_to_run
from deckwatch.errors import DeckwatchError

if TYPE_CHECKING:
    from deckwatch import Coverage, RuleSet


@click.command(
    epilog="""\
\b
Exit code:
  0    told
  2    bad input (arguments, rules, damaged files); what is sound was still counted

\b
Examples:
  deckwatch rules coverage my-rules/
  deckwatch rules coverage my-rules/ --prove --observed recordings/ --navigator layer.json
  deckwatch rules prove my-rules/ --json > proofs.ndjson
  deckwatch rules coverage my-rules/ --proven proofs.ndjson --observed alerts.ndjson --events recordings/
"""
)
@click.argument("paths", metavar="[RULE]...", nargs=-1, type=options.ON_DISK)
@options.store
@click.option("--prove", is_flag=True, help="Prove every rule now, without mutants.")
@click.option("--proven", metavar="FILE", type=options.ON_DISK, help="What `deckwatch rules prove --json` printed.")
@click.option(
    "--observed",
    metavar="PATH",
    type=options.ON_DISK,
    multiple=True,
    help="Alerts, as scan and watch write them, or events to run the rules over; can be given several times.",
)
@click.option(
    "--events",
    metavar="PATH",
    type=options.ON_DISK,
    multiple=True,
    help="Events to look for the data streams and fields that rules read; can be given several times.",
)
@options.period
@click.option("--navigator", metavar="FILE", type=options.ON_DISK, help="Write a layer for the ATT&CK Navigator.")
@options.as_json("Print one JSON object a line: tactics, techniques, the needed streams, as its kind says.")
@click.pass_context
def coverage(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    prove: bool,
    proven: str | None,
    observed: tuple[str, ...],
    events: tuple[str, ...],
    since: int | None,
    until: int | None,
    navigator: str | None,
    as_json: bool,
) -> None:
    """Say what of MITRE ATT&CK rules cover, and which data they need.

    RULE is a rule file or a folder that holds some; without it, the rules that `deckwatch scan` runs. Three things are
    told apart: that a rule claims a technique, that it is proven to work, and that it has fired.
    """
    rules = rules_to_run(paths)
    check_outputs((*observed, *events), [navigator] if navigator else [], rules)
    proofs = _proofs(rules, proven, prove=prove)
    letters = DeadLetters(None)
    with ScanProgress(None, shown=bool(observed or events) and sys.stderr.isatty()) as progress:
        found = deckwatch.coverage(
            rules,
            proven=proofs,
            observed=observed or None,
            events=events or None,
            since=since,
            until=until,
            dead_letter=letters,
            on_batch=progress.show,
        )
    _print(found, as_json=as_json)
    if navigator:
        _write(found, navigator)
    report_damage(letters)
    ctx.exit(options.BAD_INPUT if rules.faults or letters.damaged else options.NOTHING_FOUND)


def _proofs(rules: RuleSet, file: str | None, *, prove: bool) -> Mapping[str, bool] | None:
    """By rule_id whether a proof succeeded, those made now over those of the file; None when nobody asked."""
    if file is None and not prove:
        return None
    proofs = dict(_saved(file)) if file else {}
    if prove:
        shown = track(rules, "Proving", console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
        proofs |= {rule.rule_id: proof.proven for rule in shown for proof in deckwatch.prove([rule], mutants=0)}
    return proofs


def _saved(file: str) -> Iterator[tuple[str, bool]]:
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        match _parsed(line):
            case {"rule_id": str(rule_id), "proven": bool(proven)}:
                yield rule_id, proven
            case _ if line.strip():
                cure = "write it with: deckwatch rules prove RULE --json"
                raise DeckwatchError(f"{file}:{number}: no proof; {cure}")


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _print(found: Coverage, *, as_json: bool) -> None:
    if as_json:
        for each in _plain(found):
            click.echo(json_line(each))
        return
    print_report(lambda _: lines(found))


def _plain(found: Coverage) -> Iterator[Mapping[str, object]]:
    yield {"kind": "rules", "rules": found.rules, "looked_at": found.asked, "unplaced": found.unplaced}
    for tactic in found.tactics:
        yield {"kind": "tactic", **asdict(tactic)}
    gaps = set(found.gaps)
    for technique in found.techniques:
        yield {"kind": "technique", **asdict(technique), "score": technique.score, "gap": technique in gaps}
    yield {"kind": "streams", **asdict(found.streams)}


def _write(found: Coverage, file: str) -> None:
    from deckwatch.backtesting.navigator import layer  # noqa: PLC0415  # with the engine, which --help need not wait for

    Path(file).write_text(json.dumps(layer(found), indent=2) + "\n", encoding="utf-8")
