"""`devkit translations`: the catalogues of all languages, and whether they are what the code says."""

import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from service_devkit.project import find_root, hook, tool
from service_devkit.translations.catalogues import COMMON, KNOWN, Key, complete, faults, languages, wanted
from service_devkit.translations.schemas import errors_of_requests
from service_devkit.translations.sources import Message, messages_in, untranslatable_in

if TYPE_CHECKING:
    from fastapi import FastAPI

SOURCE = "app"
SCHEMAS = "app/schemas"


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 where a catalogue is not what the code says.")
@click.option("--add", metavar="LANGUAGE", help="Make the catalogues of another language, such as pt_BR.")
def translations(*, check: bool, add: str | None) -> None:
    """Write into each catalogue of locales/ the messages that the code has, for translators to fill in, and take out those that it has not.

    [tool.devkit.translations] names the languages that must be complete. Every error that a schema of a request can raise has to be among the messages.
    """
    if check and add:
        raise click.UsageError("--check writes nothing, so it adds no language.")
    root = find_root()
    code, wrong = messages_in(root, SOURCE)
    raised, unknown = errors_of_requests(cast("FastAPI", hook(root, "app")()))
    wrong += untranslatable_in(root, SCHEMAS)
    wrong += [f"nobody knows which errors a schema of the kind {kind} raises: tell devkit" for kind in sorted(unknown)]
    needed = wanted(code, raised)
    if not check:
        for line in _write(root, needed, add):
            click.echo(line)
    required, found = _required(root), languages(root)
    for language in sorted({*found, *required}):
        wrong += [
            f"{language}: {line}" for line in faults(found.get(language, []), needed, complete=language in required)
        ]
    for line in wrong:
        click.echo(line)
    click.echo(f"languages: en {' '.join(found)}, messages: {len(needed)}, findings: {len(wrong)}")
    sys.exit(1 if check and wrong else 0)


def _write(root: Path, needed: Mapping[Key, Message], add: str | None) -> Iterator[str]:
    found = languages(root)
    domains = {file.path.stem for files in found.values() for file in files} - {COMMON, KNOWN}
    for language in sorted({*found, *_required(root), *([add] if add else [])}):
        folder = root / "locales" / language / "LC_MESSAGES"
        yield from complete(folder, found.get(language, []), needed, domains)


def _required(root: Path) -> Set[str]:
    named = tool(root, "devkit", "translations").get("complete", [])
    return {str(language) for language in named} if isinstance(named, list) else set()
