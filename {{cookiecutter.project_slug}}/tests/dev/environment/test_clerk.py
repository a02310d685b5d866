"""The stand-in for a Clerk instance."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from service_devkit.environment import add_secrets, create_env_file

from app.core.settings.clerk import ClerkSettings
from dev.environment import development_secrets
from dev.environment.clerk import DEVELOPMENT_SECRETS


def test_instance_cannot_exist_and_its_key_needs_no_fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_env_file(tmp_path / ".env", development_secrets())
    monkeypatch.setattr(ClerkSettings, "env_file", tmp_path / ".env")

    settings = ClerkSettings()

    assert settings.clerk_issuer == "https://clerk.development.invalid"
    assert settings.clerk_keys_url is None
    assert [len(key) for key in settings.clerk_webhook_keys] == [24]


def test_settings_of_a_real_instance_get_nothing_made_up_beside_them(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("CLERK_ISSUER=https://clerk.example.com\n")

    added = add_secrets(path, DEVELOPMENT_SECRETS)

    assert added == []


def test_both_halves_of_the_key_belong_together_each_on_one_line() -> None:
    public, private = (DEVELOPMENT_SECRETS[name]() for name in ("CLERK_JWT_KEY", "CLERK_DEVELOPMENT_KEY"))

    key = load_pem_private_key(private.replace("\\n", "\n").encode(), password=None)

    assert isinstance(key, RSAPrivateKey)
    assert key.public_key() == ClerkSettings.model_validate({"clerk_jwt_key": public}).clerk_public_key
    assert "\n" not in public + private
