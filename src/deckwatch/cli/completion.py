"""`deckwatch completion`: the script that makes a shell complete commands and options."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog="""\
\b
Install it, once (make the folder first if there is none):
  bash  deckwatch completion bash > ~/.local/share/bash-completion/completions/deckwatch
  zsh   deckwatch completion zsh > DIR/_deckwatch    (DIR being one that $fpath names)
  fish  deckwatch completion fish > ~/.config/fish/completions/deckwatch.fish

\b
Or try it in this shell only:
  eval "$(deckwatch completion bash)"
"""
)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.pass_context
def completion(ctx: click.Context, *, shell: str | None) -> None:
    """Print the completion script for a shell.

    Without an argument it is the script for the shell in $SHELL.
    """
    name = shell or Path(os.environ.get("SHELL", "")).name
    script = get_completion_class(name)
    if name not in SHELLS or script is None:
        raise click.UsageError(f"$SHELL names none of {', '.join(SHELLS)}; name the shell", ctx)
    click.echo(script(ctx.find_root().command, {}, "deckwatch", "_DECKWATCH_COMPLETE").source())
