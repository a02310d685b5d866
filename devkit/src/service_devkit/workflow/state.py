"""How far the finish of a change is: one file for each worktree, replaced whole at every step."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from service_devkit.workflow.command import Refused
from service_devkit.workflow.files import read_json, replace_whole


@dataclass(frozen=True)
class State:
    """Commits by their ids, empty where a step was not reached."""

    before: str  # the branch when its finish began
    green: str = ""  # the last commit with green gates
    merging: str = ""  # the commit of main whose merge has begun
    merged: str = ""  # the commit that this merge made
    resolved: tuple[str, ...] = ()  # the files in which conflicts were resolved
    moved: str = ""  # the migration that was put behind those of main
    old_main: str = ""  # main before it was moved
    landing: str = ""  # the commit to which main is moved
    landed: bool = False


class StateFile:
    """The file of one worktree."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"finish-{name}.json"

    def read(self) -> State | None:
        """The state; None where no finish has begun.

        Raises:
            Refused: the file is damaged.
        """
        found = read_json(self.path)
        try:
            return found and State(**{**found, "resolved": tuple(found["resolved"])})  # type: ignore[arg-type, return-value] # refused below
        except (TypeError, KeyError):
            raise Refused(f"{self.path} is damaged", then=f"rm {self.path}, then devkit finish") from None

    def write(self, state: State, **values: object) -> State:
        """Change values and write the file."""
        changed = replace(state, **values)  # type: ignore[arg-type] # names and types are those of the fields
        replace_whole(self.path, json.dumps(asdict(changed), indent=2) + "\n")
        return changed

    def remove(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)
