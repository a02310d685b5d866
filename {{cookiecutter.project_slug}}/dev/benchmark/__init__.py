"""`dev benchmark`: what a request costs, beside two references of our own.

Every module of `dev.benchmark.commands` defines one command, named like the module. They are imported when they are asked for: the references
are part of this package, and must not pay for what measures them.
"""

import importlib
import pkgutil

import click

from dev.benchmark import commands


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(importlib.import_module(f"{commands.__name__}.{cmd_name}"), cmd_name)
        return command


benchmark = _Commands("benchmark", help="Measure what a request costs, beside the limit and a bare service.")
