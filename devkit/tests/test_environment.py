"""The `.env` of a fresh checkout."""

import os
import sys
from pathlib import Path
from secrets import token_urlsafe

import pytest
from click.testing import CliRunner

from service_devkit.__main__ import main
from service_devkit.environment import create_env_file

SECRETS = {"SECRET_KEY": lambda: token_urlsafe(32), "LOG_FORMAT": lambda: "console"}


def _secret_key(path: Path) -> str:
    lines = dict(line.split("=", 1) for line in path.read_text().splitlines() if not line.startswith("#"))
    return lines["SECRET_KEY"]


def test_file_holds_strong_secrets_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / ".env"

    written = create_env_file(path, SECRETS)

    assert written
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(_secret_key(path)) == 43


def test_secrets_differ_between_checkouts(tmp_path: Path) -> None:
    create_env_file(tmp_path / "one", SECRETS)
    create_env_file(tmp_path / "two", SECRETS)

    assert _secret_key(tmp_path / "one") != _secret_key(tmp_path / "two")


def test_existing_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine\n")

    written = create_env_file(path, SECRETS)

    assert not written
    assert path.read_text() == "SECRET_KEY=mine\n"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root writes for others")
def test_root_writes_the_file_for_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 4711, 4712)

    create_env_file(tmp_path / ".env", SECRETS)

    written = (tmp_path / ".env").stat()
    assert (written.st_uid, written.st_gid, written.st_mode & 0o777) == (4711, 4712, 0o600)


@pytest.mark.usefixtures("service")
def test_command_writes_what_the_service_names_and_says_whether() -> None:
    said = [CliRunner().invoke(main, ["create-env"]).output for _ in range(2)]

    assert said == ["settings: .env created, with development secrets\n", "settings: .env is there\n"]
    assert "\nSECRET_KEY=" in Path(".env").read_text()
