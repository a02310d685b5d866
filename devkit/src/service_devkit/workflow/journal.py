"""Several files that change together, or not at all: what is to be written is noted first, and a command that was killed is completed by the next one."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from service_devkit.workflow.command import Refused
from service_devkit.workflow.files import read_json, replace_whole, waiting
from service_devkit.workflow.repository import Repository


class Journal:
    """The note of one change. Its callers hold a lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def replace(self, texts: Mapping[Path, str]) -> None:
        """Write all files."""
        files = {str(path): {"before": _text(path), "after": text} for path, text in texts.items()}
        replace_whole(self.path, json.dumps({"files": files}) + "\n")
        self.complete()

    def complete(self) -> bool:
        """Write what a killed command had noted and not written. Returns whether there was something.

        Raises:
            Refused: somebody has edited one of the files since.
        """
        found = read_json(self.path)
        if found is None:
            return False
        files: Mapping[str, Mapping[str, str]] = found["files"]  # type: ignore[assignment] # as `replace` wrote it
        for name, texts in files.items():
            if _text(Path(name)) not in (texts["before"], texts["after"]):
                raise Refused(
                    f"a command was interrupted while it changed {', '.join(files)}, and {name} was edited since",
                    then=f"git checkout these files, rm {self.path}, then run the command again",
                )
        for name, texts in files.items():
            if _text(Path(name)) != texts["after"]:
                put(Path(name), texts["after"])
        self.path.unlink()
        return True


@contextmanager
def changing(repository: Repository) -> Iterator[Journal]:
    """Nobody else changes the tasks of this worktree meanwhile, and what a killed command left is complete."""
    with waiting(repository.private("task.lock")):
        journal = Journal(repository.private("task.json"))
        journal.complete()
        yield journal


def put(path: Path, text: str) -> None:
    """Write one of the files."""
    replace_whole(path, text)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
