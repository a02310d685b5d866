"""The gates of a service, run on a commit that is then known to be green."""

import subprocess
from pathlib import Path
from typing import Final

from service_devkit.workflow.command import Refused, progress_to_stderr, say
from service_devkit.workflow.place import environment_for

_STDERR: Final = 2


def run_gates(command: str, root: Path, *, when: str) -> None:
    """Run the gates.

    Raises:
        Refused: they are red.
    """
    say(f"gates {when}: {command}")
    output = _STDERR if progress_to_stderr() else None
    done = subprocess.run(["sh", "-c", command], cwd=root, env=environment_for(root), stdout=output, check=False)  # noqa: S603, S607 - the service's own setting
    if done.returncode:
        raise Refused(
            f"the gates are red {when}: `{command}` ended with status {done.returncode}; nothing is merged",
            then=f"cd {root}, fix it, git commit, then devkit finish --resume; or devkit finish --abort",
        )
