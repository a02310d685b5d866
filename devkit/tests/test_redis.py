"""The Redis of development and tests: it can be broken on purpose, and nothing of it remains."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from devkit.tests.processes import eventually, kill, processes_with, read_line, start_python

from service_devkit.redis import NoRedisError, ThrowawayRedis, development_redis, find_server

HOLD_A_SERVER = """
import time
from service_devkit.redis import ThrowawayRedis
with ThrowawayRedis() as server:
    print(server.directory, flush=True)
    time.sleep(60)
"""
SETTINGS = """
from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

class RedisSettings(BaseSettings):
    redis_url: SecretStr | None = None

    @field_validator("redis_url")
    @classmethod
    def _usable(cls, value: SecretStr | None) -> SecretStr | None:
        if value and "wrong" in value.get_secret_value():
            raise ValueError("is of Sentinel")
        return value
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ThrowawayRedis]:
    with ThrowawayRedis({"maxmemory": "16mb"}) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service that uses Redis."""
    (tmp_path / "redis_settings_of_a_test.py").write_text(SETTINGS)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.devkit]\nredis-settings = "redis_settings_of_a_test:RedisSettings"\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("REDIS_URL", raising=False)
    return tmp_path


def test_password_is_needed_and_stands_in_no_command_line(server: ThrowawayRedis) -> None:
    commands = processes_with(server.directory)
    password, server.password = server.password, "guess"

    refused = server.command("PING")

    server.password = password
    assert refused.startswith("-NOAUTH")
    assert commands
    assert [command for command in commands if password in command] == []


def test_settings_reach_it(server: ThrowawayRedis) -> None:
    with ThrowawayRedis({"maxmemory": "16mb"}) as other:
        assert other.command("CONFIG", "GET", "maxmemory") == "*2"
    assert server.command("SET", "key", "value with blanks") == "+OK"


def test_killed_server_starts_again_at_its_address_and_empty(server: ThrowawayRedis) -> None:
    url = server.url
    server.command("SET", "key", "1")

    server.kill()
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset, as the system has it
        server.command("PING")
    server.start()

    assert server.url == url
    assert server.command("DBSIZE") == ":0"


def test_nothing_remains_of_one_that_was_frozen() -> None:
    with ThrowawayRedis() as server:
        server.freeze()

    assert not server.directory.exists()
    assert processes_with(server.directory) == []


def test_nothing_remains_when_its_owner_is_killed() -> None:
    owner = start_python(HOLD_A_SERVER)
    directory = Path(read_line(owner))

    kill(owner)

    assert eventually(lambda: not directory.exists())
    assert eventually(lambda: processes_with(directory) == [])


def test_server_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(NoRedisError, match=r"Redis did not start:\n(?s:.*)maxmemory"),
        ThrowawayRedis({"maxmemory": "no"}),
    ):
        pass


def test_one_on_the_path_is_taken_where_no_wheel_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoRedisError, match="uv sync"):
        find_server()

    (tmp_path / "valkey-server").touch(mode=0o755)

    assert find_server() == tmp_path / "valkey-server"


def test_service_without_redis_gets_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.devkit]\n")

    with development_redis(tmp_path) as environment:
        assert environment == {}


def test_development_has_a_server_while_it_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with development_redis(project) as environment:
        url = environment["REDIS_URL"]

    said = capsys.readouterr().out
    assert said.startswith("redis: 127.0.0.1:")
    assert said.endswith("/0 (embedded, in memory)\n")
    assert url.partition("@")[0].removeprefix("redis://:") not in said


def test_redis_that_is_set_is_taken(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", "rediss://default:hunter2@redis.example.com:6379/0")

    with development_redis(project) as environment:
        assert environment == {}

    assert capsys.readouterr().out == "redis: redis.example.com:6379/0 (REDIS_URL)\n"


def test_wrong_address_ends_the_command(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "wrong://:hunter2@localhost")

    with pytest.raises(click.ClickException, match=r"REDIS_URL: .*is of Sentinel") as error, development_redis(project):
        pass

    assert "hunter2" not in error.value.message


def test_without_a_server_the_service_runs_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")

    with development_redis(project) as environment:
        assert environment == {}

    assert capsys.readouterr().out.startswith("redis: none. No Redis found.")
