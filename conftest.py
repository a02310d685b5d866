"""What holds for all tests of this repository."""

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a private folder in it
ROOM = 4 << 30


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: much of a test is a wait for a process."""
    return (os.cpu_count() or 1) + 1


def pytest_configure() -> None:
    """Temporary folders in memory where there is room: to make a file there takes a twentieth of the time, and a bake makes hundreds."""
    if in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def in_memory() -> bool:
    """Whether there is a folder in memory with room for every test, whose programs may be run."""
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
