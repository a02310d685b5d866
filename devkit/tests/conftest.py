"""Shared by the tests of devkit: folders, and services to work on."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from devkit.tests.processes import SERVICE

from service_devkit.postgres.throwaway import folder_in_memory


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory, where a cluster is made in half a second."""
    with TemporaryDirectory(dir=folder_in_memory()) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def path_as_it_was() -> Iterator[None]:
    """Hooks put their service on the path; the next test has another one."""
    before = [*sys.path]
    yield
    sys.path[:] = before


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that devkit takes for a service, with the application of `contract/books.py`; commands run in it."""
    (tmp_path / "pyproject.toml").write_text('[tool.devkit]\napp = "devkit.tests.contract.books:make_app"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def service(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The service of the template, with a place of its own for settings and data; commands run in it."""
    root = folder / "a service, 50%off"  # a name has no meaning
    root.mkdir()
    for name in ("alembic", "alembic.ini", "app", "contracts", "dev", "locales", "pyproject.toml"):
        (root / name).symlink_to(SERVICE / name)
    monkeypatch.chdir(root)
    path, modules = [*sys.path], {*sys.modules}
    yield root
    sys.path[:] = path
    for name in {*sys.modules} - modules:  # the next service stands elsewhere
        if name.partition(".")[0] in {"app", "dev"}:
            del sys.modules[name]
