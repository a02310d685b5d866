"""What holds for all tests of this repository."""

import os


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: much of a test is a wait for a process."""
    return (os.cpu_count() or 1) + 1
