"""`devkit contract`: the commands around `contracts/openapi.yaml`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from service_devkit.contract.breaking import breaking_changes
from service_devkit.contract.comparison import Deviation, compare
from service_devkit.contract.document import ContractError, Source, load, name_of, source, text_of
from service_devkit.contract.events import event_faults, events_of
from service_devkit.contract.layout import contract_of, schemas_of
from service_devkit.contract.lint import RULES, findings
from service_devkit.contract.operations import operations
from service_devkit.contract.redocly import redocly
from service_devkit.contract.release import allows_breaking, contract_at, is_shallow, last_release, version_of
from service_devkit.contract.validity import faults
from service_devkit.contract.values import Node, mapping, plain
from service_devkit.outcomes import leave
from service_devkit.project import find_root, hook, tool

if TYPE_CHECKING:
    from fastapi import FastAPI

FORMATS = ("text", "json", "markdown")


@click.group()
def contract() -> None:
    """Work with the contract of this service."""


@contract.command()
def lint() -> None:
    """Check that the contract is valid OpenAPI, and follows the rules of this project and those of Redocly, if that is installed.

    Where there is a `contracts/events.yaml`, it is checked too.
    """
    root = find_root()
    given = load(contract_of(root))
    contract = given.document
    found = list(faults(contract)) or list(findings(contract, without=_dropped_rules(root)))
    lines = [*map(given.line_of, found), *_faults_of_events(events_of(root))]
    for line in lines:
        click.echo(line)
    content, said = redocly(contract_of(root))
    click.echo(said)
    click.echo(f"operations: {len(operations(contract))}, findings: {len(lines)}")
    sys.exit(0 if content and not lines else 1)


def _faults_of_events(path: Path) -> list[str]:
    if not path.exists():
        return []
    given = load(path)
    return [given.line_of(fault) for fault in event_faults(given.document)]


@contract.command()
def fill() -> None:
    """Write into the contract what follows from the rest of it: what the usual operations of a noun take and answer, pages, errors, and the ids of paths. All else stays as it is."""
    from service_devkit.contract.fill import fill as filled_of  # noqa: PLC0415 - a command has that name
    from service_devkit.contract.usual import with_the_usual  # noqa: PLC0415 - only this command needs it

    root = find_root()
    path = contract_of(root)
    given = Source(before := text_of(path), name=name_of(path))
    text, usual = with_the_usual(given, before)
    filled = filled_of(source(text, name=given.name), text, without=_dropped_rules(root))
    if filled.text != before:
        path.write_bytes(filled.text.encode())
    now = source(filled.text, name=given.name)
    written = [*usual, *filled.added]
    for added in written:
        click.echo(f"written: {now.line_of(added)}")
    click.echo(f"places filled in: {len(written)}")


@contract.command()
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True, help="Form of the report."
)
def verify(form: str) -> None:
    """Compare the application with the contract; needs no database and no network. Exit status 1 when they differ."""
    from service_devkit.contract.report import WRITERS, handlers  # noqa: PLC0415 - the other commands need no FastAPI

    root = find_root()
    contract = _read(root)
    app = cast("FastAPI", hook(root, "app")())
    deviations = deviations_of(app, contract)
    for line in WRITERS[form](deviations, handlers(app, root)):
        click.echo(line)
    click.echo(f"operations: {len(operations(contract))}, deviations: {len(deviations)}", err=form != "text")
    sys.exit(1 if deviations else 0)


@contract.command()
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 when a module is not what the contract says.")
def generate(*, check: bool) -> None:
    """Write the types of app/schemas from the contract. What a schema cannot say belongs into app/schemas/additions."""
    from service_devkit.contract.generate import (  # noqa: PLC0415 - the other commands need no formatter
        generate as texts_of,
        stale,
        write,
    )

    root = find_root()
    texts = texts_of(_read(root))
    files = stale(texts, schemas_of(root)) if check else write(texts, schemas_of(root))
    for file in files:
        click.echo(f"{'not what the contract says' if check else 'written'}: {file.relative_to(root).as_posix()}")
    sys.exit(1 if check and files else 0)


@contract.command()
@click.option("--examples", default=10, show_default=True, help="Inputs to try for each operation; hundreds find more.")
@click.option("--seed", type=int, help="Repeat a run.")
def fuzz(examples: int, seed: int | None) -> None:
    """Try hostile and odd inputs on the started service, on a database of its own, signed in. Exit status 1 for a finding."""
    from service_devkit.contract.fuzz import fuzz as run  # noqa: PLC0415 - the other commands need no PostgreSQL

    root = find_root()
    _read(root)
    sys.exit(run(root, examples=examples, seed=seed))


@contract.command()
@click.option("--since", metavar="TAG", help="Compare with this release; the last one when absent.")
def breaking(since: str | None) -> None:
    """List what breaks clients of the last release. Exit status 1 when the version does not say so."""
    root = find_root()
    contract, tag = _read(root), since or last_release(root)
    old = None if tag is None else contract_at(root, tag, contract_of(root))
    if tag is None and is_shallow(root):
        leave(
            [],
            [],
            not_run="this clone has no history, so no tag of a release: git fetch --unshallow --tags, or fetch-depth: 0 in CI",
        )
    if old is None:
        click.echo(f"{tag or 'no release tag such as v1.0.0 yet'}: no contract to compare with")
        sys.exit(1 if since else 0)
    changes = list(breaking_changes(operations(old), operations(contract)))
    for change in changes:
        click.echo(change)
    before, after = version_of(old), version_of(contract)
    click.echo(f"breaking changes since {tag}: {len(changes)}; the version went from {before} to {after}")
    if changes and not allows_breaking(before, after):
        click.echo("give the contract a new major version (before 1.0.0 a new minor one), or take the changes back")
        sys.exit(1)


def _read(root: Path) -> Node:
    """The contract, valid: what a command works with may then be taken for what OpenAPI says it is."""
    given = load(contract_of(root))
    if wrong := [given.line_of(fault) for fault in faults(given.document)]:
        raise ContractError("\n".join(wrong))
    return given.document


def _dropped_rules(root: Path) -> frozenset[str]:
    """The rules of lint that the service goes without.

    Raises:
        click.ClickException: one of them is none.
    """
    given = tool(root, "devkit", "contract").get("without-rules", [])
    dropped = frozenset(map(str, given if isinstance(given, list) else [given]))
    if unknown := sorted(dropped - {*RULES}):
        raise click.ClickException(
            f"[tool.devkit.contract]: without-rules names {', '.join(unknown)}; the rules are {', '.join(RULES)}"
        )
    return dropped


def deviations_of(app: "FastAPI", contract: Node) -> list[Deviation]:
    """Where the application is not what the contract says; of an operation that nobody has written yet, only that."""
    from service_devkit.contract.stubs import stubs_of  # noqa: PLC0415 - the other commands need no FastAPI

    stubs = stubs_of(app)
    found = compare(operations(contract), operations(mapping(plain(app.openapi()))))
    unwritten = [Deviation((), None, None, (each,), is_stub=True) for each in stubs]
    return [*(each for each in found if not {*each.operations} <= {*stubs}), *unwritten]
