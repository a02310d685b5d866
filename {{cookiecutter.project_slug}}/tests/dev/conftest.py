"""Shared by the tests of the developer commands."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from service_devkit.postgres.throwaway import folder_in_memory


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory, where a cluster is made in half a second."""
    with TemporaryDirectory(dir=folder_in_memory()) as folder:
        yield Path(folder)
