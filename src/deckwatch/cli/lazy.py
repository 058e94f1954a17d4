"""Commands whose modules are imported when they are asked for, not before."""

from __future__ import annotations

from collections import UserDict
from importlib import import_module

import click


class Lazy(UserDict[str, "click.Command | str"]):
    """The commands of a group by name, each given as `module:attribute`; what is taken out is the command."""

    def __getitem__(self, name: str) -> click.Command:
        found = super().__getitem__(name)
        if isinstance(found, click.Command):
            return found
        module, _, attribute = found.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        self[name] = command
        return command
