"""What a request to a baked service costs, beside two references of our own. How to run it: README.md.

Every module of `benchmarks.commands` defines one command, named like the module. They are imported when they are asked for: the references
are part of this package, and must not pay for what measures them.
"""

import ast
import importlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import Final

import click

from benchmarks import commands

TEMPLATE: Final = Path(__file__).resolve().parents[1]


def _enter(_ctx: click.Context, _parameter: click.Parameter, service: Path) -> None:
    """Work in the folder of the service, whose packages can be imported from now on."""
    if not (service / "app").is_dir():
        raise click.BadParameter(f"{service} holds no service: bake one, then uv sync in it")
    os.chdir(service)
    sys.path.insert(0, str(Path.cwd()))


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each command measures, by its module's docstring: help needs no service, which their imports do."""
        folder = Path(commands.__path__[0])
        modules = [(name, folder / f"{name.replace('-', '_')}.py") for name in self.list_commands(ctx)]
        docs = [(name, ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "") for name, path in modules]
        with formatter.section("Commands"):
            formatter.write_dl([(name, doc.partition(": ")[2]) for name, doc in docs])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"{commands.__name__}.{name}"), name)
        return command


@click.group(cls=_Commands)
@click.option(
    "--service",
    type=click.Path(path_type=Path),
    default=Path(),
    is_eager=True,  # the commands import its packages
    expose_value=False,
    callback=_enter,
    help="Folder of a baked service; by default the current one.",
)
def benchmark() -> None:
    """Measure what a request costs, beside the limit and a bare service."""
