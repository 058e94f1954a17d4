"""`deckwatch rules test`: the tests that lie beside rules."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.files import check_outputs
from deckwatch.cli.render import escaped, json_line, number_of, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deckwatch.proof.testing import Tested


@click.command(
    epilog="""\
\b
Exit code:
  0    every test passes
  1    a test fails
  2    bad input

\b
Examples:
  deckwatch rules test my-rules/
  deckwatch rules test my-rules/reverse_shell.test.toml --junit report.xml
"""
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=options.ON_DISK)
@options.as_json("Print one JSON object a test.")
@click.option("--junit", metavar="FILE", type=options.ON_DISK, help="Write the outcome as JUnit XML, too.")
@click.option("--update", is_flag=True, help="Write the golden alerts anew instead of comparing with them.")
@click.pass_context
def test(ctx: click.Context, *, paths: tuple[str, ...], as_json: bool, junit: str | None, update: bool) -> None:
    """Run the tests of rules.

    PATH is a file of tests, a rule with one beside it, or a folder that holds some. The tests of RULE.toml are in
    RULE.test.toml.
    """
    results: list[Tested] = []
    file: Path | None = None
    for result in deckwatch.run_tests(*paths, update=update):
        results.append(result)
        if as_json:
            click.echo(json_line(_described(result)))
            continue
        if result.case.file != file:
            click.echo(("\n" if file else "") + printable(f"{result.case.file} "), nl=False)
            file = result.case.file
        click.echo("." if result.passed else "F", nl=False)
    if not as_json:
        click.echo("\n" + "\n".join(_summary(results)))
    if junit is not None:
        check_outputs([str(result.case.file) for result in results], [junit], [result.case.rule for result in results])
        Path(junit).write_text(_junit(results), encoding="utf-8")
    ctx.exit(options.NOTHING_FOUND if all(result.passed for result in results) else options.FOUND)


def _described(result: Tested) -> dict[str, object]:
    return {
        "file": str(result.case.file),
        "name": result.case.name,
        "rule_id": result.case.rule.rule_id,
        "passed": result.passed,
        "fault": result.fault,
        "seconds": round(result.seconds, 4),
    }


def _summary(results: Sequence[Tested]) -> Iterator[str]:
    failed = [result for result in results if not result.passed]
    for result in failed:
        yield printable(f"FAILED {result.case.file}: {result.case.name}")
        yield from (f"  {printable(line)}" for line in result.fault.splitlines())
    seconds = sum(result.seconds for result in results)
    failures = f", {len(failed)} failed" if failed else ""
    yield f"{number_of(len(results) - len(failed), 'test')} passed{failures} in {seconds:.2f} s"


def _junit(results: Sequence[Tested]) -> str:
    """What continuous integration reads: a suite for each file."""
    by_file: defaultdict[Path, list[Tested]] = defaultdict(list)
    for result in results:
        by_file[result.case.file].append(result)
    root = ET.Element("testsuites")
    for file, some in by_file.items():
        failures = sum(not result.passed for result in some)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=escaped(str(file)),
            tests=str(len(some)),
            failures=str(failures),
            errors="0",
            time=f"{sum(result.seconds for result in some):.4f}",
        )
        for result in some:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=escaped(result.case.rule.name),
                name=escaped(result.case.name),
                file=escaped(str(file)),
                time=f"{result.seconds:.4f}",
            )
            if not result.passed:
                message = printable(result.fault)
                ET.SubElement(case, "failure", message=message.splitlines()[0]).text = message
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
