"""`devkit COMMAND`: the commands for the developers of a service."""

import gc
import os
from importlib import import_module
from typing import Final

import click

from service_devkit.project import find_root

# Where each command stands. A module is imported with its command only: `devkit run` must not load what reads contracts.
COMMANDS: Final = {
    "run": "run:run",
    "create-env": "environment:create_env",
    "exec": "execute:execute",
    "psql": "execute:psql",
    "reset-database": "reset_database:reset_database",
    "contract": "contract.commands:contract",
    "secrets": "secret_scan:secrets",
    "benchmark": "benchmark.command:benchmark",
    "integration": "integration:integration",
    "translations": "translations.command:translations",
    "scaffold": "scaffold.command:scaffold",
    "remove-example": "remove_example:remove_example",
    "start": "workflow.begin:start",
    "finish": "workflow.finish:finish",
    "ci": "workflow.ci:ci",
    "regenerate-migration": "workflow.regenerate:regenerate_migration",
    "publish": "workflow.publish:publish",
    "spec": "workflow.specs:spec",
    "tasks": "workflow.specs:tasks",
    "adr": "workflow.adr:adr",
    "task": "workflow.task_commands:task",
    "worktree": "workflow.worktrees:worktree",
}


class Commands(click.Group):
    """The commands of `COMMANDS`, in that order."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        gc.set_threshold(100_000, 50, 50)  # a command imports much, makes little garbage, and ends soon
        command: click.Command = getattr(import_module(f"service_devkit.{module}"), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="service-devkit")
def main() -> None:
    """Commands for the developers of a service. From any of its folders they run in the one with its pyproject.toml."""
    try:
        os.chdir(find_root())
    except click.ClickException:
        return  # a command that needs a service says so itself


if __name__ == "__main__":
    main(prog_name="devkit")
