"""The `.env` of a fresh checkout."""

from pathlib import Path
from secrets import token_urlsafe

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
