"""`python -m dev sign-in` for accounts with a password."""

import httpx2
import pytest
from click.testing import CliRunner

from dev.sign_in import sign_in
from tests.plugins.sign_in_jwt import ACCESS_TOKEN_KEYS

ME = "/api/v1/users/me"


def _printed(name: str) -> dict[str, str]:
    header, _, value = CliRunner().invoke(sign_in, ["jwt", name]).output.strip().partition(": ")
    return {header: value}


async def test_printed_header_always_signs_the_same_person_in(
    members: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "development")
    monkeypatch.setenv("ACCESS_TOKEN_KEYS", ACCESS_TOKEN_KEYS)

    first = await members.get(ME, headers=_printed("ada@example.com"))
    second = await members.get(ME, headers=_printed("ada@example.com"))
    another = await members.get(ME, headers=_printed("grace@example.com"))

    assert [answer.status_code for answer in (first, second, another)] == [200, 200, 200]
    assert first.json()["id"] == second.json()["id"] != another.json()["id"]


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_deployed_service_signs_nothing(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], environment: str
) -> None:
    for name, value in sign_in_settings.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("SECRET_KEY", "kX7-visibly-fake-9sQ2-key-for-tests-only")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/d")

    result = CliRunner().invoke(sign_in, ["jwt", "ada@example.com"])

    assert result.exit_code == 1
    assert "only in development" in result.output
    assert "Authorization" not in result.output


def test_without_a_key_it_says_how_to_get_one() -> None:
    result = CliRunner().invoke(sign_in, ["jwt", "ada@example.com"])

    assert result.exit_code == 1
    assert "`devkit create-env`" in result.output
