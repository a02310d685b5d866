"""The development key of access tokens."""

from app.core.settings.access_tokens import AccessTokenSettings
from dev.environment.access_tokens import DEVELOPMENT_SECRETS


def test_key_has_the_form_that_the_settings_want() -> None:
    key = DEVELOPMENT_SECRETS["ACCESS_TOKEN_KEYS"]()

    settings = AccessTokenSettings.model_validate({"environment": "development", "access_token_keys": key})

    assert settings.signing_keys == {"development": key.removeprefix("development:").encode()}


def test_keys_differ_between_checkouts() -> None:
    keys = {DEVELOPMENT_SECRETS["ACCESS_TOKEN_KEYS"]() for _ in range(5)}

    assert len(keys) == 5
