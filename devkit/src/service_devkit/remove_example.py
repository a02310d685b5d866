"""`devkit remove-example`: take the example domain out, as if it had never been asked for.

What goes stands in `.devkit/example.json`: whole files, and blocks of lines in files that other nouns share; what the example has brought
together with another answer, in a file like it beside it, and which files that answer `keeps`. Nothing is changed while anything stands in the way, and a removal that is interrupted
is taken back.
"""

import hashlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import click
from alembic.util import to_tuple

from service_devkit.contract.document import ContractError, parse
from service_devkit.contract.values import mapping
from service_devkit.migrations import alembic_config, broken_links, head_of, path_of, revisions
from service_devkit.project import find_root

PARTS: Final = ".devkit/example.json"
CONTRACT: Final = "contracts/openapi.yaml"
ANSWERS: Final = ".cruft.json"
CODE: Final = ("alembic", "app", "contracts", "dev", "tests")
KINDS: Final = {".json", ".py", ".toml", ".yaml"}

REMOVED: Final = """
Next:
  uv run devkit reset-database   the development database knows a migration that is gone; this deletes its data
  uv run just check                     if the service was released: the contract lost operations, so it needs a new version
A database that must keep its data cannot follow: `git checkout .`, then `just remove-example --keep-migration`."""
KEPT: Final = """
The example's migration stays, for the databases that have its tables, and a new one drops them, with the data in them. Next:
  uv run just migrate
  uv run just check   if the service was released: the contract lost operations, so it needs a new version
Where the service runs, the version before answers requests for them with errors from the drop on, until it has ended."""
FUNCTION: Final = re.compile(r'^def (?:up|down)grade\(\) -> None:\n    """.*"""\n', re.MULTILINE)
DROP: Final = '''"""Drop what was the example."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

# squawk: ignore ban-drop-table: nothing uses them any more

revision: str = "{revision}"
down_revision: str | None = "{head}"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go forward."""
{drop}


def downgrade() -> None:
    """Go back."""
{create}
'''


class Block(NamedTuple):
    """Some lines of a shared file: the first one, how many there are, and their digest."""

    first: str
    lines: int
    sha256: str

    def starts(self, lines: Sequence[str]) -> list[int]:
        """Where the block stands, unchanged."""
        at_first = [at for at, line in enumerate(lines) if line == self.first]
        return [at for at in at_first if digest(lines[at : at + self.lines]) == self.sha256]


class Parts(NamedTuple):
    """By what a line is known that mentions the example; its files; its blocks in the files of others."""

    trace: str
    files: Sequence[str]
    blocks: Mapping[str, Sequence[Block]]


class Removal(NamedTuple):
    """The files that go, and the new texts of those that stay."""

    files: Sequence[str]
    texts: Mapping[str, str]


def digest(lines: Sequence[str]) -> str:
    """What identifies a block."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def removal_from(root: Path, *, keep_migration: bool) -> tuple[Removal, list[str]]:
    """What is to be done in the service at `root`, and what stands in the way of it."""
    parts = parts_of(root)
    files = [name for name in parts.files if not (keep_migration and name.startswith("alembic/"))]
    texts: dict[str, str] = {}
    obstacles: list[str] = []
    for name, blocks in parts.blocks.items():
        stays = keep_migration and name.startswith("alembic/")
        if stays or not (root / name).exists():  # which belongs to an answer that was not given
            continue
        texts[name], changed = without(_text(root, name), blocks)
        obstacles += [f"{name}: {what}" for what in changed]
    if (root / ANSWERS).exists():  # else an update would bring the example back
        texts[ANSWERS] = _text(root, ANSWERS).replace('"example": true', '"example": false')
    if not obstacles:  # lines of the example that stay would only repeat themselves
        obstacles += [
            *followers(root, files, texts),
            *traces(root, parts.trace, parts.files, texts),
            *lost(texts),
        ]
    if keep_migration and not obstacles:
        texts |= drop(root, [name for name in parts.files if name not in files])
    return Removal([name for name in files if (root / name).exists()], texts), obstacles


def drop(root: Path, migrations: Sequence[str]) -> dict[str, str]:
    """A migration that takes back the example's. Alembic would drop its tables in any order."""
    (name,) = migrations
    _, *functions = FUNCTION.split(_text(root, name))
    if len(functions) != len(("upgrade", "downgrade")):
        raise click.ClickException(f"{name}: upgrade and downgrade are not as they were, so nothing was changed")
    create, taken_back = functions
    head = head_of(alembic_config(root))
    revision = digest([name, str(head)])[:12]
    text = DROP.format(revision=revision, head=head, drop=taken_back.rstrip(), create=create.rstrip())
    return {f"alembic/versions/{datetime.now(UTC):%Y%m%d}_{revision}_drop_example.py": text}


def parts_of(root: Path) -> Parts:
    """What the example is made of, in this service."""
    path = root / PARTS
    found = [json.loads(each.read_text(encoding="utf-8")) for each in sorted(path.parent.glob(f"{path.stem}*.json"))]
    blocks: dict[str, list[Block]] = {}
    for parts in found:
        for name, listed in parts["blocks"].items():
            blocks.setdefault(name, []).extend(Block(**block) for block in listed)
    kept = {name for parts in found for name in parts.get("keeps", ())}
    return Parts(found[0]["trace"], [name for parts in found for name in parts["files"] if name not in kept], blocks)


def without(text: str, blocks: Sequence[Block]) -> tuple[str, list[str]]:
    """A text without the blocks, and which of them do not stand there once, as they were."""
    lines, changed = text.split("\n"), []
    for block in blocks:
        starts = block.starts(lines)
        if len(starts) == 1:
            del lines[starts[0] : starts[0] + block.lines]
        else:
            found = "were changed" if not starts else f"stand there {len(starts)} times"
            changed.append(f"the {block.lines} lines from {block.first.strip()!r} on {found}; take them out yourself")
    return "\n".join(lines), changed


def followers(root: Path, files: Sequence[str], texts: Mapping[str, str]) -> Iterator[str]:
    """The migrations that build on one that goes, and still name it in the text that they will have."""
    config = alembic_config(root)
    if broken := list(broken_links(config)):
        yield from broken
        return
    scripts = revisions(config)
    going = {script.revision: script for script in scripts if path_of(script) in files}
    for script in scripts:
        for revision in going.keys() & set(to_tuple(script.down_revision, default=())):
            if revision not in texts.get(path_of(script), revision):
                continue
            yield (
                f"{path_of(script)}: follows the example's migration. If a database that must keep its data has been migrated, "
                f'use --keep-migration; else write "{going[revision].down_revision}" for "{revision}" here'
            )


def traces(root: Path, trace: str, files: Sequence[str], texts: Mapping[str, str]) -> Iterator[str]:
    """The lines of other code that mention the example."""
    known = re.compile(trace, re.IGNORECASE)
    paths = (path for folder in CODE for path in sorted((root / folder).rglob("*")) if path.suffix in KINDS)
    for name in (path.relative_to(root).as_posix() for path in paths):
        if name in files:
            continue
        for number, line in enumerate((texts.get(name) or _text(root, name)).splitlines(), 1):
            if known.search(line) or (number == 1 and known.search(name)):
                yield f"{name}: uses the example: {line.strip()}"


def lost(texts: Mapping[str, str]) -> Iterator[str]:
    """The references in the contract to parts of it that go."""
    text = texts.get(CONTRACT, "{}")
    try:
        document = parse(text, name=CONTRACT)
    except ContractError as error:
        yield str(error)
        return
    for kind, name in sorted(set(re.findall(r"#/components/(\w+)/(\w+)", text))):
        if name not in mapping(mapping(document.get("components")).get(kind)):
            yield f"{CONTRACT}: uses the example's #/components/{kind}/{name}; promise one of your own"


def apply(removal: Removal, root: Path) -> None:
    """Write and remove; all of it, or nothing where it is interrupted or fails."""
    before = {name: (root / name).read_bytes() for name in (*removal.texts, *removal.files) if (root / name).exists()}
    try:
        for name, text in removal.texts.items():
            (root / name).write_text(text, encoding="utf-8", newline="\n")
        for name in removal.files:
            (root / name).unlink()
    except BaseException:  # Ctrl-C too: all or nothing
        for name, content in before.items():
            if not (root / name).exists() or (root / name).read_bytes() != content:
                (root / name).write_bytes(content)
        for name in removal.texts.keys() - before.keys():
            (root / name).unlink(missing_ok=True)
        raise
    for folder in {folder for name in removal.files for folder in (root / name).parents if root in folder.parents}:
        _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(path.is_file() for path in folder.rglob("*")):
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir()
        folder.rmdir()


def _text(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def _uncommitted(root: Path) -> str | None:
    """Why git could not bring back what was there, or None."""
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--", "."]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 - git from PATH, with our own arguments
    except (OSError, subprocess.CalledProcessError):
        return "this is not a git repository"
    return f"not committed: {', '.join(line[3:] for line in done.stdout.splitlines()[:5])}" if done.stdout else None


@click.command()
@click.option(
    "--keep-migration", is_flag=True, help="Keep the example's migration: a database that stays has its tables."
)
@click.option("--force", is_flag=True, help="Go on where git could not bring back what was there.")
def remove_example(keep_migration: bool, force: bool) -> None:
    """Take the example domain out: its files, its lines in others, and this command."""
    root = find_root()
    if not (root / PARTS).is_file():
        raise click.ClickException(f"{PARTS} is not there: the example was not asked for, or is gone.")
    reason = None if force else _uncommitted(root)
    if reason:
        raise click.ClickException(f"{reason}. Commit first, so that you can go back, or use --force.")
    removal, obstacles = removal_from(root, keep_migration=keep_migration)
    if obstacles:
        raise click.ClickException("\n  ".join(["nothing was changed, because of:", *obstacles]))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    apply(removal, root)
    click.echo(f"removed: {len(removal.files)} files, and the lines about them in {', '.join(removal.texts)}")
    click.echo(KEPT if keep_migration else REMOVED)
