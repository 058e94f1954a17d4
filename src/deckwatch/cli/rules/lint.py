"""`deckwatch rules lint`: what is wrong with rules, before any event is seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, cast

import click

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.render import json_line, number_of, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deckwatch import RuleSet
    from deckwatch.lint.finding import Check, Finding, Profile, Severity

_NAMES: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def _codes(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    from deckwatch.eql.suggest import hint  # noqa: PLC0415  # help is quicker without the checks
    from deckwatch.lint.catalog import BY_CODE  # noqa: PLC0415

    codes = tuple(code.strip() for text in given for code in text.split(",") if code.strip())
    for code in codes:
        if code not in BY_CODE:
            cure = hint(code, BY_CODE) or "docs/lint.md lists them"
            raise click.BadParameter(f"there is no check {code!r}; {cure}")
    return codes


@click.command(
    epilog="""\
\b
Exit code:
  0    nothing found, or notes only
  1    errors or warnings found
  2    there are files that are no sound rules, or the arguments are wrong

\b
Examples:
  deckwatch rules lint my-rules/
  deckwatch rules lint my-rules/ --fix
  deckwatch rules lint my-rules/ --ignore subsumed-member,open-start
  deckwatch rules lint my-rules/ --sarif > lint.sarif
"""
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=options.ON_DISK)
@click.option(
    "--fix",
    "fixing",
    is_flag=True,
    help="Take out of the files what lists hold twice. Comments and layout stay; the rest provably matches the same.",
)
@options.as_json("Print one JSON object a line for every finding.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print one SARIF 2.1.0 log, for code hosts and editors.")
@click.option("--select", metavar="CODE", multiple=True, callback=_codes, help="Only these checks: CODE or CODE,CODE.")
@click.option(
    "--ignore", metavar="CODE", multiple=True, callback=_codes, help="All but these checks: CODE or CODE,CODE."
)
@click.option(
    "--profile",
    type=click.Choice(["detection-rules"]),
    help="Also check the conventions of the detection-rules repository.",
)
@click.pass_context
def lint(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    fixing: bool,
    as_json: bool,
    as_sarif: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    profile: str | None,
) -> None:
    """Say what is wrong with rules, why it matters, and how to mend it.

    PATH is a rule file or a folder that holds some, as for `rules check`. docs/lint.md describes every check.
    """
    from deckwatch.lint.run import lint as run  # noqa: PLC0415  # help is quicker without the checks
    from deckwatch.lint.run import selected  # noqa: PLC0415

    if as_json and as_sarif:
        raise click.UsageError("--json and --sarif exclude each other")
    checks = selected(select, ignore, cast("Profile | None", profile))
    rules = deckwatch.load_rules(*paths)
    if fixing:
        _fix(rules, checks)
        rules = deckwatch.load_rules(*paths)
    findings = run(rules, checks)
    if as_sarif:
        click.echo(_sarif(findings, checks))
    else:
        for line in _json(findings) if as_json else _text(findings, rules):
            click.echo(line)
    grave = any(finding.severity != "info" for finding in findings)
    ctx.exit(options.BAD_INPUT if rules.faults else options.FOUND if grave else options.NOTHING_FOUND)


def _fix(rules: RuleSet, checks: Sequence[Check]) -> None:
    from deckwatch.lint.fix import fix  # noqa: PLC0415

    for done in fix(rules, [check.code for check in checks]):
        what = (
            f"not mended: {done.refused}" if done.refused else f"mended, {number_of(done.removed, 'member')} taken out"
        )
        click.echo(printable(f"{done.file}: {what}"), err=True)


def _json(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        found = asdict(finding)
        del found["query"]
        found["fixable"] = bool(found.pop("fix"))
        yield json_line({"kind": "finding", **found})


def _sarif(findings: Sequence[Finding], checks: Sequence[Check]) -> str:
    from deckwatch.lint.sarif import sarif  # noqa: PLC0415

    return json_line(sarif(findings, checks, metadata.version("deckwatch")))


def _text(findings: Sequence[Finding], rules: RuleSet) -> Iterator[str]:
    from deckwatch.lint.render import render  # noqa: PLC0415

    for finding in findings:
        title, rest = printable(render(finding)).split("\n", 1)
        head, colon, message = title.partition("]: ")
        yield f"{click.style(head + colon.strip(), fg=_COLOURS[finding.severity])} {message}\n{rest}\n"
    counts = Counter(finding.severity for finding in findings)
    found = ", ".join(number_of(counts[severity], name) for severity, name in _NAMES.items())
    yield f"{number_of(len(rules), 'rule')} looked at: {found}"
