"""Settings of the access tokens that the service issues itself."""

import re
import secrets

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.core.settings.base import ListOfSecrets, SettingsGroup, deployed, weakness

MIN_KEY_BYTES = 32
_KEY = re.compile(r"([A-Za-z0-9_-]{1,32}):(.+)")
_MAKE_ONE = "make one: python -c \"import secrets; print('a:' + secrets.token_urlsafe(32))\""


class AccessTokenSettings(SettingsGroup):
    """The keys and the life of access tokens."""

    access_token_keys: ListOfSecrets = Field(
        default=[],
        description="keys of access tokens, as ID:SECRET of 32 characters or more; the first signs, all verify",
    )
    access_token_seconds: int = Field(default=600, ge=60, le=3600, description="seconds that an access token is valid")

    @property
    def signing_keys(self) -> dict[str, bytes]:
        """The secret of each key id; the first is the one that signs."""
        pairs = [key.get_secret_value().partition(":") for key in self.access_token_keys]
        return {identifier: secret.encode() for identifier, _, secret in pairs}

    @field_validator("access_token_keys")
    @classmethod
    def _keys_are_strong(cls, value: list[SecretStr], info: ValidationInfo) -> list[SecretStr]:
        if not value and not deployed(info):
            return [SecretStr(f"development:{secrets.token_urlsafe(MIN_KEY_BYTES)}")]
        if not value:
            raise ValueError(f"is missing; {_MAKE_ONE}")
        identifiers = [_check_key(key.get_secret_value(), strict=deployed(info)) for key in value]
        if len(set(identifiers)) < len(identifiers):
            raise ValueError("names one ID twice")
        return value


def _check_key(key: str, *, strict: bool) -> str:
    """The id of a key, or ValueError."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"must be ID:SECRET, several separated by commas; {_MAKE_ONE}")
    if len(match[2].encode()) < MIN_KEY_BYTES:  # RFC 7518 3.2: as long as the hash
        raise ValueError(f"needs secrets of {MIN_KEY_BYTES} characters or more; {_MAKE_ONE}")
    if strict and (reason := weakness(match[2])):
        raise ValueError(f"{reason}; {_MAKE_ONE}")
    return match[1]
