"""What every command of the workflow has, so that people and programs can use it without a surprise."""

from collections.abc import Iterator

import click
import pytest

from service_devkit.__main__ import COMMANDS, main

READ_ONLY = {"integration", "task status", "worktree doctor", "worktree list"}


def _leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for part, each in command.commands.items():
            yield from _leaves(f"{name} {part}", each)
    else:
        yield name, command


def _commands(prefix: str) -> dict[str, click.Command]:
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name, place in COMMANDS.items() if place.startswith(prefix)}
    return {name: each for top, command in found.items() if command for name, each in _leaves(top, command)}


WORKFLOW = _commands("workflow.") | _commands("integration:")


@pytest.mark.parametrize("name", WORKFLOW)
def test_command_has_json_and_a_dry_run_where_it_changes_something(name: str) -> None:
    options = {option for parameter in WORKFLOW[name].params for option in parameter.opts}

    assert "--json" in options
    assert ("--dry-run" in options) is (name not in READ_ONLY)


@pytest.mark.parametrize(("name", "command"), _commands("").items())
def test_help_says_what_a_command_and_each_of_its_options_does(name: str, command: click.Command) -> None:
    silent = [each.name for each in command.params if isinstance(each, click.Option) and not each.help]

    assert command.help, name
    assert not silent
