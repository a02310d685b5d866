"""The `.env` of a fresh checkout."""

import os
import sys
from pathlib import Path
from secrets import token_urlsafe

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from service_devkit.__main__ import main
from service_devkit.environment import Unless, add_secrets, create_env_file, rsa_key_pair

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


def test_halves_of_a_key_belong_together_each_on_one_line() -> None:
    lines = rsa_key_pair()

    private_pem, public_pem = (line.replace("\\n", "\n").encode() for line in lines)
    private = load_pem_private_key(private_pem, password=None)
    assert "\n" not in "".join(lines)
    assert private.public_key() == load_pem_public_key(public_pem)


def test_existing_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine\n")

    written = create_env_file(path, SECRETS)

    assert not written
    assert path.read_text() == "SECRET_KEY=mine\n"


@pytest.mark.parametrize(
    ("before", "apart"),
    [
        (b"COMPOSE_PROJECT_NAME=two\n", b""),
        (b"COMPOSE_PROJECT_NAME=two", b"\n"),
        (b"COMPOSE_PROJECT_NAME=two\r\n", b""),
        (b"COMPOSE_PROJECT_NAME=one\r\nPORT=8001", b"\r\n"),
        (b"", b""),
        (b"#KEY=mine\nKEY=\nMODE=''\n", b""),
        (b"KEY= # to be set\n", b""),
    ],
)
def test_file_gets_what_it_lacks_below_what_stands_there(tmp_path: Path, before: bytes, apart: bytes) -> None:
    path = tmp_path / ".env"
    path.write_bytes(before)
    path.chmod(0o640)

    added = add_secrets(path, {"KEY": lambda: "secret", "MODE": lambda: "console"})

    end = b"\r\n" if b"\r\n" in before else b"\n"
    assert added == ["KEY", "MODE"]
    assert path.read_bytes() == before + apart + b"KEY=secret" + end + b"MODE=console" + end
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "content",
    [
        b"KEY=mine\nMODE=json",
        b"export KEY = 'mine'\r\n  MODE=json\r\n",
        b"\xef\xbb\xbfKEY=mine\nMODE=json\n",
        "PORT=8001\n".encode("utf-16"),
        "PORT=8001\n".encode("utf-16-le"),
    ],
)
def test_file_that_lacks_nothing_or_cannot_be_read_stays_byte_for_byte(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content)

    added = add_secrets(path, {"KEY": lambda: "secret", "MODE": lambda: "console"})

    assert added == []
    assert path.read_bytes() == content


def test_value_that_would_not_fit_what_is_set_is_not_added(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("ISSUER=https://real.example.com\n")

    added = add_secrets(path, {"ISSUER": lambda: "made up", "KEY": Unless(("ISSUER", "KEY"), lambda: "made up")})

    assert added == []
    assert path.read_text() == "ISSUER=https://real.example.com\n"


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


@pytest.mark.usefixtures("service")
def test_command_adds_what_the_service_names_to_a_file_that_is_there_and_says_what() -> None:
    Path(".env").write_text("COMPOSE_PROJECT_NAME=two\n")

    said = [CliRunner().invoke(main, ["create-env"]).output for _ in range(2)]

    assert said[0].startswith("settings: added to .env: ")
    assert {"SECRET_KEY", "LOG_FORMAT"} <= {*said[0].split(": ")[2].strip().split(", ")}
    assert said[1] == "settings: .env is there\n"
    assert Path(".env").read_text().startswith("COMPOSE_PROJECT_NAME=two\n")
    assert Path(".env").read_text().count("SECRET_KEY=") == 1


@pytest.mark.usefixtures("service")
def test_command_goes_on_where_it_may_not_write_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=8001\n")

    def refuse(*_: object) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("service_devkit.environment.add_secrets", refuse)

    done = CliRunner().invoke(main, ["create-env"])

    assert done.exit_code == 0
    assert "cannot be completed (Permission denied)" in done.output
