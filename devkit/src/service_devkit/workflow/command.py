"""What all commands of the workflow have in common: `--json`, progress, and a refusal that names the next step."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click

_JSON: Final = "service_devkit.workflow.json"


class Refused(click.ClickException):
    """Why nothing more is done, in one line, and what to do next. `details` belong to it, one line each."""

    def __init__(
        self, why: str, *, then: str, details: Sequence[str] = (), facts: Mapping[str, object] | None = None
    ) -> None:
        super().__init__("\n".join([f"{why}. Next: {then}", *(f"  {line}" for line in details)]))
        self.facts: Mapping[str, object] = {"error": why, "next": then, "details": [*details], **(facts or {})}


@dataclass(frozen=True)
class Result:
    """What a command did: facts for programs, lines for people."""

    facts: Mapping[str, object]
    lines: Sequence[str] = field(default_factory=list)


class WorkflowCommand(click.Command):
    """A command whose function returns a `Result`. It has `--json`: then standard output is one JSON document with `ok`, and progress is on standard error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - click's own signature
        super().__init__(*args, **kwargs)
        option = click.Option(
            ["--json"], is_flag=True, expose_value=False, callback=_remember, help="Print one JSON document."
        )
        self.params.append(option)

    def invoke(self, ctx: click.Context) -> None:
        """Run the function, and print what it did or why it did not."""
        try:
            result: Result = super().invoke(ctx)
        except click.ClickException as error:
            if not _as_json():
                raise
            facts = (
                error.facts
                if isinstance(error, Refused)
                else {"error": error.format_message(), "next": None, "details": []}
            )
            click.echo(json.dumps({"ok": False, **facts}, indent=2))
            sys.exit(error.exit_code)
        if _as_json():
            click.echo(json.dumps({"ok": True, **result.facts}, indent=2))
        else:
            click.echo("\n".join(result.lines))


def say(line: str) -> None:
    """Print a line of progress."""
    click.echo(line, err=_as_json())


def progress_to_stderr() -> bool:
    """Whether programs that we start must leave standard output alone."""
    return _as_json()


def _remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    context.meta[_JSON] = value


def _as_json() -> bool:
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_JSON))
