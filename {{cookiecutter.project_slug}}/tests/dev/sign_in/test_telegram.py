"""`python -m dev sign-in` for Telegram."""

import httpx2
import pytest
from click.testing import CliRunner

from dev.sign_in import sign_in
from tests.plugins.sign_in_telegram import BOT_TOKEN


async def test_printed_header_signs_the_user_in(anonymous: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "development")
    monkeypatch.setenv("TELEGRAM_BOT_TOKENS", f"{BOT_TOKEN},9876543210:another-visibly-fake-token-in-tests")

    printed = CliRunner().invoke(sign_in, ["telegram", "42", "Ada", "--language", "fr"]).output.strip()
    name, _, value = printed.partition(": ")
    response = await anonymous.get("/api/v1/users/me", headers={name: value})

    assert response.status_code == 200
    assert response.json()["display_name"] == "Ada"
    assert response.json()["locale"] == "fr"


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_deployed_service_signs_nothing(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], environment: str
) -> None:
    for name, value in sign_in_settings.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("SECRET_KEY", "kX7-visibly-fake-9sQ2-key-for-tests-only")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/d")

    result = CliRunner().invoke(sign_in, ["telegram", "42"])

    assert result.exit_code == 1
    assert "only in development" in result.output
    assert "Authorization" not in result.output


def test_signature_of_telegram_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_VERIFY", "signature")
    monkeypatch.setenv("TELEGRAM_BOT_TOKENS", BOT_TOKEN)

    result = CliRunner().invoke(sign_in, ["telegram", "42"])

    assert result.exit_code == 1
    assert "only Telegram can make a signature" in result.output
    assert "Authorization" not in result.output


def test_without_a_token_it_says_how_to_get_one() -> None:
    result = CliRunner().invoke(sign_in, ["telegram", "42"])

    assert result.exit_code == 1
    assert "`devkit create-env`" in result.output
