"""`deckwatch rules prove`: whether rules work, from the rules alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.render import json_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deckwatch.eql.nodes import Span
    from deckwatch.proof.prove import Proof
    from deckwatch.proof.scenario import Sort
    from deckwatch.proof.score import Judged

MADE = b"# Events made from the rule by `deckwatch rules prove --write`"
"""How files of `--write` begin."""

_VERDICTS: tuple[tuple[Sort, str, str], ...] = (
    ("positive", "positives", "fired"),
    ("near miss", "near misses", "silent"),
    ("boundary", "boundaries", "as they must be"),
)


@click.command(
    epilog="""\
\b
Exit code:
  0    every rule is proven
  1    a rule does not do what it must, or misses --min-score
  2    bad input

\b
Examples:
  deckwatch rules prove my-rules/reverse_shell.toml
  deckwatch rules prove my-rules/ --mutants 0 --json | jq 'select(.proven | not)'
  deckwatch rules prove my-rules/reverse_shell.toml --write my-rules/reverse_shell.test.toml
"""
)
@click.argument("paths", metavar="RULE...", nargs=-1, required=True, type=options.ON_DISK)
@options.as_json("Print one JSON object a rule.")
@click.option("--seed", default=0, show_default=True, help="For the values that a rule leaves open.")
@click.option(
    "--mutants",
    metavar="N",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Try at most so many changed rules; 0: none.",
)
@click.option(
    "--min-score",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    default=0.0,
    help="Exit with 1 when a rule's mutation score is lower.",
)
@click.option("--write", metavar="FILE", type=options.ON_DISK, help="Write the events as tests of the (one) rule.")
@click.pass_context
def prove(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    as_json: bool,
    seed: int,
    mutants: int,
    min_score: float,
    write: str | None,
) -> None:
    """Make events on which each rule must fire, and others on which it just must not, and see.

    RULE is a rule file or a folder that holds some. Then every clause, list member, operator and key of the rule is
    changed in turn: a change that no event notices is shown.
    """
    rules = deckwatch.load_rules(*paths)
    for fault in rules.faults:
        click.echo(printable(str(fault)), err=True)
    if write is not None and len(rules) != 1:
        raise click.UsageError(f"--write takes one rule, not {len(rules)}")
    if write is not None and _is_anothers(Path(write)):
        raise click.UsageError(printable(f"{write} is there, and was not made by --write; name another file"))
    good = True
    for proof in deckwatch.prove(rules, seed=seed, mutants=mutants):
        good = good and proof.proven and (proof.score is None or 100 * proof.score.value >= min_score)
        for line in _json(proof) if as_json else _text(proof):
            click.echo(line)
        if write is not None:
            _write(proof, write)
    if rules.faults:
        ctx.exit(options.BAD_INPUT)
    ctx.exit(options.NOTHING_FOUND if good else options.FOUND)


def _json(proof: Proof) -> Iterator[str]:
    from deckwatch.proof.report import as_json  # noqa: PLC0415  # with the engine, which --help need not wait for

    yield json_line(as_json(proof))


def _is_anothers(file: Path) -> bool:
    """Whether there is something that is not made by `--write`: a rule, or tests that somebody wrote."""
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(len(MADE)) not in (MADE, b"")


def _write(proof: Proof, file: str) -> None:
    from deckwatch.proof.written import write_tests  # noqa: PLC0415  # as above

    write_tests(proof, file)


def _text(proof: Proof) -> Iterator[str]:
    yield printable(f"{'proven' if proof.proven else 'NOT PROVEN'}  {proof.rule.name}")
    for sort, title, verdict in _VERDICTS:
        tried = proof.of(sort)
        if tried:
            yield f"  {title:<12} {sum(each.passed for each in tried)} of {len(tried)} {verdict}"
        for each in tried:
            if not each.passed:
                yield printable(f"    wrong: {each.scenario.about}{_at(proof, each.scenario.place)}")
    if proof.left_out:
        yield f"  left out     {proof.left_out} more of them"
    if proof.variants:
        told = ", ".join(f"{each.name} {'fired' if each.fired else 'SILENT'}" for each in proof.variants)
        yield f"  variants     {told}"
    if not proof.agreed:
        yield "  engines      the reference engine DISAGREES"
    for gap in proof.gaps:
        what = "impossible" if gap.certain else "not solved"
        yield printable(f"  {what:<12} {gap.sort}: {gap.about}{_at(proof, gap.place)}: {gap.reason}")
    if proof.score is not None:
        yield from _score(proof)


def _score(proof: Proof) -> Iterator[str]:
    score = proof.score
    if score is None:
        return
    counts = (
        f"{score.count('killed')} killed, {score.count('surviving')} survive, {score.count('equivalent')} equivalent"
    )
    more = f", {score.left_out} more not tried" if score.left_out else ""
    yield f"  mutants      score {100 * score.value:.1f} %: {counts}{more}"
    for each in score.judged:
        if each.fate != "killed":
            yield printable(f"    {each.fate}: {each.mutant.change}{_at(proof, each.mutant.span)}{_because(each)}")
        if each.fate == "surviving":
            yield from _excerpt(proof, each)


def _because(judged: Judged) -> str:
    return f": {judged.reason}" if judged.reason else ""


def _excerpt(proof: Proof, judged: Judged) -> Iterator[str]:
    from deckwatch.eql.errors import render  # noqa: PLC0415  # as above
    from deckwatch.eql.text import QueryText  # noqa: PLC0415  # as above

    fault = QueryText(proof.rule.query).fault("", judged.mutant.span)
    for line in render(fault, proof.rule.query).splitlines()[3:5]:
        yield f"      {line}"


def _at(proof: Proof, span: Span | None) -> str:
    from deckwatch.eql.text import QueryText  # noqa: PLC0415  # as above

    if span is None:
        return ""
    line, column = QueryText(proof.rule.query).position(span.start)
    return f" ({line}:{column})"
