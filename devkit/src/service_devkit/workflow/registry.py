"""Which worktrees there are, with their ports and databases: a file under the folder that all worktrees of a repository share."""

import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Final

from service_devkit.workflow.command import Refused
from service_devkit.workflow.files import read_json, replace_whole, waiting

PORTS_EACH: Final = 10
_LAST_PORT: Final = 65_535


@dataclass(frozen=True)
class Worktree:
    """A registered worktree. `state` is `adding` while git makes it, `preparing` until environment and database are there, then `ready`."""

    name: str
    branch: str
    path: str
    service: str  # the folder of the service in the repository; "." where it is the repository
    port: int
    database: str
    base: str  # what it was started from: a tag, a branch
    commit: str
    kind: str
    title: str
    state: str

    @property
    def root(self) -> Path:
        """The folder of the service."""
        return Path(self.path) / self.service

    @property
    def ports(self) -> range:
        """The ports that nobody else is given; the first is the server's."""
        return range(self.port, self.port + PORTS_EACH)


class Registry:
    """The file, locked while it is changed and replaced whole."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "worktrees.json"
        self._lock = folder / "worktrees.lock"

    def read(self) -> list[Worktree]:
        """Every worktree, in the order of their beginning.

        Raises:
            Refused: the file is damaged.
        """
        found = read_json(self.path) or {}
        rows = found.get("worktrees", [])
        try:
            return [Worktree(**row) for row in rows]  # type: ignore[attr-defined] # refused below
        except TypeError:
            names = ", ".join(each.name for each in fields(Worktree))
            raise Refused(
                f"{self.path} has a worktree without one of {names}",
                then=f"rm {self.path}, then devkit worktree init in each worktree",
            ) from None

    def get(self, name: str) -> Worktree | None:
        """The worktree of that name."""
        return next((each for each in self.read() if each.name == name), None)

    def add(self, make: Callable[[Sequence[Worktree]], Worktree]) -> Worktree:
        """Register what is made from those that are there; `make` may refuse."""
        with waiting(self._lock):
            there = self.read()
            made = make(there)
            self._write([*there, made])
            return made

    def change(self, name: str, **values: str) -> Worktree:
        """Change some values of a worktree."""
        with waiting(self._lock):
            there = [replace(each, **values) if each.name == name else each for each in self.read()]  # type: ignore[arg-type] # all but the port are text
            self._write(there)
            return next(each for each in there if each.name == name)

    def remove(self, name: str) -> None:
        """Forget a worktree."""
        with waiting(self._lock):
            self._write([each for each in self.read() if each.name != name])

    def _write(self, worktrees: Sequence[Worktree]) -> None:
        replace_whole(
            self.path, json.dumps({"version": 1, "worktrees": [asdict(each) for each in worktrees]}, indent=2) + "\n"
        )


def free_block(there: Sequence[Worktree], first: int) -> int:
    """The first port of a block that no worktree has and nobody listens on.

    Raises:
        Refused: there is none.
    """
    taken = {each.port for each in there}
    for port in range(first, _LAST_PORT - PORTS_EACH, PORTS_EACH):
        if port not in taken and all(map(_is_free, range(port, port + PORTS_EACH))):
            return port
    raise Refused(
        f"no block of {PORTS_EACH} ports is free from {first} on",
        then="lower first-port in [tool.devkit.workflow] of pyproject.toml",
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
