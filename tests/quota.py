"""A share of a CPU for some processes, as `docker run --cpus` and Kubernetes give it: a cgroup with a quota, of either version."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

PERIOD_MICROSECONDS = 100_000  # Docker's and the kernel's
CGROUPS = Path("/sys/fs/cgroup")
UNIFIED = (CGROUPS / "cgroup.controllers").exists()
LEAVE_SECONDS = 5


@dataclass(frozen=True)
class Quota:
    """A group of processes; what they have used is counted, those that have ended included."""

    folders: tuple[Path, ...]

    def entering(self, command: Sequence[str]) -> list[str]:
        """What runs the command inside; the process stays the same."""
        enter = "".join(f"echo $$ > {folder}/cgroup.procs; " for folder in self.folders)
        return ["sh", "-ec", f'{enter}exec "$@"', "sh", *command]

    def cpu_seconds(self) -> float:
        """CPU time used so far, the kernel's share included."""
        if UNIFIED:
            usage = dict(line.split() for line in (self.folders[0] / "cpu.stat").read_text().splitlines())
            return int(usage["usage_usec"]) / 1e6
        return int((self.folders[1] / "cpuacct.usage").read_text()) / 1e9


@contextmanager
def quota(cpus: float | None) -> Iterator[Quota]:
    """A group that may use this many CPUs; None for all. Its processes must have ended when the block does.

    Raises:
        OSError: this machine allows no cgroups.
    """
    name = f"template-{uuid4().hex}"
    folders = (CGROUPS / name,) if UNIFIED else (CGROUPS / "cpu" / name, CGROUPS / "cpuacct" / name)
    share = None if cpus is None else round(cpus * PERIOD_MICROSECONDS)
    for folder in folders:
        folder.mkdir(exist_ok=True)  # both may be one hierarchy
    try:
        if UNIFIED:
            (folders[0] / "cpu.max").write_text(f"{share or 'max'} {PERIOD_MICROSECONDS}")
        else:
            (folders[0] / "cpu.cfs_quota_us").write_text(str(share or -1))
        yield Quota(folders)
    finally:
        for folder in dict.fromkeys(path.resolve() for path in folders):
            _remove(folder)


def why_no_quota() -> str | None:
    """Why no quota can be set here, if so."""
    try:
        with quota(0.5):
            return None
    except OSError as error:
        return f"this machine allows no cgroup with a quota: {error}"


def _remove(folder: Path) -> None:
    """A process that has just ended is in its group for a moment more."""
    deadline = time.monotonic() + LEAVE_SECONDS
    while folder.exists():
        try:
            os.rmdir(folder)  # noqa: PTH106 - a cgroup is removed with its files
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
