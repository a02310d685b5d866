"""Take away the files that no chosen answer owns, then say the next step."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

Answers = Mapping[str, object]
OwnedPaths = Mapping[str, Iterable[str]]


def is_chosen(owner: str, answers: Answers) -> bool:
    """Whether an owner such as `example=true` or `auth=telegram, telegram+clerk`, which is either, is among the answers; of `a=true and b=true` both."""
    parts = [each.partition("=") for each in owner.split(" and ")]
    return all(written(answers[name]) in values.split(", ") for name, _, values in parts)


def written(answer: object) -> str:
    """An answer as an owner names it."""
    return json.dumps(answer) if isinstance(answer, bool) else str(answer)


def files_of(root: Path, patterns: Iterable[str]) -> set[Path]:
    """The files that the patterns match; a folder stands for all that is in it."""
    found = {path for pattern in patterns for path in root.glob(pattern)}
    inside = {path for folder in found if folder.is_dir() for path in folder.rglob("*")}
    return {path for path in found | inside if not path.is_dir()}


def unowned_files(root: Path, owned_paths: OwnedPaths, answers: Answers) -> set[Path]:
    """The files that have owners of which none is chosen."""
    chosen = {owner for owner in owned_paths if is_chosen(owner, answers)}
    kept = files_of(root, (path for owner in chosen for path in owned_paths[owner]))
    return (
        files_of(root, (path for owner, paths in owned_paths.items() if owner not in chosen for path in paths)) - kept
    )


def prune(root: Path, paths: Iterable[Path]) -> None:
    """Remove files and whole folders, and each folder that this leaves empty."""
    for path in sorted(paths):
        if not os.path.lexists(path):  # it went with a folder that was removed before it
            continue
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for folder in path.relative_to(root).parents:
            if folder == Path() or any((root / folder).iterdir()):
                break
            (root / folder).rmdir()


def leftovers(root: Path) -> list[Path]:
    """What running the tree in place leaves in it, when a service is baked from a folder that somebody works in."""
    return [
        path
        for pattern in (".dev", ".env", ".venv", ".*_cache", ".coverage*", "**/__pycache__")
        for path in root.glob(pattern)
    ]


def shape(owned_paths: OwnedPaths, answers: Answers) -> str:
    """The answers that files depend on: cookiecutter drops a misspelt question in silence, and here one sees it."""
    names = dict.fromkeys(owner.partition("=")[0] for owner in owned_paths)
    return ", ".join(f"{name}={written(answers[name])}" for name in names)


def quoted(folder: Path) -> str:
    """A folder as the shell takes it, whatever its name holds."""
    return f'"{folder}"' if os.name == "nt" else shlex.quote(str(folder))


def next_step(folder: Path, *, has_uv: bool) -> str:
    """What to type now."""
    lines = [
        "",
        "Your service is ready. Start it with:",
        "",
        f"    cd {quoted(folder)}",
        "    uv sync",
        "    uv run just dev",
    ]
    if not has_uv:
        lines += ["", "uv is not on your PATH; this brings it: python3 -m pip install uv"]
    return "\n".join(lines)


def main() -> None:
    """Prune the new service; a file that cannot be removed is named and does not undo the bake."""
    answers = json.loads(r"""{{ cookiecutter | tojson }}""")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without the letters of a folder's name
    try:
        prune(Path.cwd(), leftovers(Path.cwd()))
        prune(Path.cwd(), unowned_files(Path.cwd(), answers["_owned_paths"], answers))
        print(f"\nBaked with {shape(answers['_owned_paths'], answers)}.")
        print(next_step(Path.cwd(), has_uv=shutil.which("uv") is not None))
    except (OSError, UnicodeError) as error:
        print(f"The service was made, but not tidied up: {error!a}")


if __name__ == "__main__":
    main()
