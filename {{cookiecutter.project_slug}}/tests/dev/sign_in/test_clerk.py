"""`python -m dev sign-in` for Clerk."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from service_devkit.environment import create_env_file

from app.auth.clerk import ClerkAuthenticator
from app.core.permissions import Permission
from app.core.settings import Settings, load_settings
from dev.environment import development_secrets
from dev.sign_in import sign_in
from dev.sign_in.clerk import SignerSettings
from tests.plugins.sign_in_clerk import PARTY, public_pem, signing_key


@pytest.fixture
def fresh_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `.env` that `just dev` has written, and nothing else."""
    path = tmp_path / ".env"
    create_env_file(path, development_secrets())
    monkeypatch.setenv("ENVIRONMENT", "development")
    for settings in (Settings, SignerSettings):
        monkeypatch.setattr(settings, "env_file", path)
    return path


def _invoke(*arguments: str) -> Result:
    return CliRunner().invoke(sign_in, ["clerk", *arguments])


async def _permissions(result: Result) -> frozenset[Permission] | None:
    """What the service makes of the printed header."""
    name, _, value = result.output.strip().partition(": ")
    assert name == "Authorization"
    principal = await ClerkAuthenticator(load_settings()).authenticate([value])
    assert (principal.provider, principal.subject) == ("clerk", "user_42")
    return principal.permissions


@pytest.mark.usefixtures("fresh_checkout")
async def test_printed_header_signs_the_user_in() -> None:
    assert await _permissions(_invoke("user_42")) is None


@pytest.mark.usefixtures("fresh_checkout")
@pytest.mark.parametrize(("role", "granted"), [("admin", frozenset(Permission)), ("guest", frozenset())])
async def test_role_of_an_organisation_can_be_tried(role: str, granted: frozenset[Permission]) -> None:
    assert await _permissions(_invoke("user_42", "--organisation-role", role)) == granted


@pytest.mark.usefixtures("fresh_checkout")
async def test_header_is_of_a_page_that_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_AUTHORIZED_PARTIES", PARTY)

    assert await _permissions(_invoke("user_42")) is None


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.usefixtures("fresh_checkout")
def test_deployed_service_signs_nothing(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], environment: str
) -> None:
    for name, value in sign_in_settings.items():
        if name != "clerk_jwt_key":
            monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("SECRET_KEY", "kX7-visibly-fake-9sQ2-key-for-tests-only")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/d")

    result = _invoke("user_42")

    assert result.exit_code == 1
    assert "only in development" in result.output
    assert "Authorization" not in result.output


def test_without_a_key_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLERK_DEVELOPMENT_KEY", raising=False)
    monkeypatch.setattr(SignerSettings, "env_file", None)

    result = _invoke("user_42")

    assert result.exit_code == 1
    assert "`devkit create-env`" in result.output


@pytest.mark.usefixtures("fresh_checkout")
def test_key_of_another_checkout_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_JWT_KEY", public_pem(signing_key()))

    result = _invoke("user_42")

    assert result.exit_code == 1
    assert "remove .env" in result.output
