"""Settings of Clerk sign-in."""

import re
from base64 import b64decode
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.core.origins import parse_origin
from app.core.settings.base import ListOfSecrets, ListOfText, SettingsGroup, deployed, weakness

MIN_KEY_BITS: Final = 2048
MIN_SECRET_BYTES: Final = 24
# The example of the Standard Webhooks specification, which anybody can sign with.
_EXAMPLE_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - public, and refused
_LOCAL = re.compile(r"http://(127\.0\.0\.1|localhost)(:[0-9]+)?")
_ADDRESS = re.compile(r"(https?://[^/]+)(?:/[\x21-\x7e]*)?")
# Apps bring their pages along, so that nobody on the way can change them; with a port it is a server for development.
_APP_ON_DEVICE = re.compile(r"http://(?:[a-z0-9-]+\.)?localhost")
_PREFIX: Final = "whsec_"


class ClerkSettings(SettingsGroup):
    """The Clerk instance whose users sign in. Without an issuer, which only development may do without, every token is refused."""

    clerk_issuer: str | None = Field(
        default=None,
        description="Frontend API URL of the Clerk instance, as https://clerk.example.com; behind a proxy of yours, its address",
    )
    clerk_jwks_url: str | None = Field(
        default=None, description="where the instance shows its keys; CLERK_ISSUER/.well-known/jwks.json when empty"
    )
    clerk_jwt_key: str | None = Field(
        default=None, description="public key of the instance (PEM, line ends as \\n); no keys are fetched then"
    )
    clerk_native_apps: bool = Field(
        default=False, description="accept sessions that name no origin (azp), as those of native apps"
    )
    clerk_authorized_parties: ListOfText = Field(
        default=[],
        description="origins whose sessions are accepted (azp), as https://app.example.com or chrome-extension://...",
    )
    clerk_audience: ListOfText = Field(
        default=[],
        description="audiences (aud) of your session tokens, where you gave them some; tokens for others are refused",
    )
    clerk_webhook_secret: ListOfSecrets = Field(
        default=[], description="signing secret of the webhook, as whsec_...; two while one replaces the other"
    )

    @property
    def clerk_keys_url(self) -> str | None:
        """Where to fetch keys; None when one is given, or when there is no issuer to trust."""
        if self.clerk_jwt_key or not self.clerk_issuer:
            return None
        return self.clerk_jwks_url or f"{self.clerk_issuer}/.well-known/jwks.json"

    @property
    def clerk_public_key(self) -> RSAPublicKey | None:
        """The key that is given, if any."""
        return _public_key(self.clerk_jwt_key) if self.clerk_jwt_key else None

    @property
    def clerk_webhook_keys(self) -> list[bytes]:
        """What messages may be signed with; none of them when there is no secret."""
        return [_secret_bytes(secret.get_secret_value()) for secret in self.clerk_webhook_secret]

    @field_validator("clerk_issuer")
    @classmethod
    def _issuer_is_exact(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and deployed(info):
            raise ValueError("is missing; Clerk's dashboard shows it under API keys as Frontend API URL")
        if value is not None and (not _is_address(value, info) or value.endswith("/") or {"?", "#"} & set(value)):
            raise ValueError("must be the Frontend API URL as tokens have it in iss, as https://clerk.example.com")
        if value is not None and deployed(info) and value.endswith(".invalid"):
            raise ValueError("is a stand-in for development; take the Frontend API URL of your instance")
        return value

    @field_validator("clerk_jwks_url")
    @classmethod
    def _keys_come_over_https(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and not _is_address(value, info):
            raise ValueError("must be an address as https://clerk.example.com/.well-known/jwks.json")
        return value

    @field_validator("clerk_jwt_key")
    @classmethod
    def _key_is_public_rsa(cls, value: str | None) -> str | None:
        if value is None:
            return None
        pem = value.replace("\\n", "\n")
        _public_key(pem)
        return pem

    @field_validator("clerk_authorized_parties")
    @classmethod
    def _parties_are_origins(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if not value and deployed(info) and not info.data.get("clerk_native_apps"):
            raise ValueError(
                "is missing; list the origins of your pages, or set CLERK_NATIVE_APPS=true if there are none: a token made for another page would be accepted"
            )
        origins = [parse_origin(origin) for origin in value]
        if wrong := [one for one in origins if not _is_encrypted(one, info) and not _APP_ON_DEVICE.fullmatch(one)]:
            raise ValueError(f"needs https, not {wrong[0]}")
        return origins

    @field_validator("clerk_webhook_secret")
    @classmethod
    def _secrets_are_strong(cls, value: list[SecretStr], info: ValidationInfo) -> list[SecretStr]:
        if not value and deployed(info):
            raise ValueError("is missing; Clerk's dashboard shows it with the webhook's endpoint as Signing Secret")
        for secret in value:
            _check_secret(secret.get_secret_value(), strict=deployed(info))
        return value


def _is_address(value: str, info: ValidationInfo) -> bool:
    """Whether a text is an encrypted web address: an origin as browsers write it, and maybe a path."""
    match = _ADDRESS.fullmatch(value)
    try:
        return match is not None and parse_origin(match[1]) == match[1] and _is_encrypted(match[1], info)
    except ValueError:
        return False


def _is_encrypted(origin: str, info: ValidationInfo) -> bool:
    """Whether nobody can listen; unencrypted on this machine alone, and not where deployed."""
    return not origin.startswith("http:") or (not deployed(info) and _LOCAL.fullmatch(origin) is not None)


def _public_key(pem: str) -> RSAPublicKey:
    """The key of a PEM text, or ValueError."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("must be the PEM public key, from -----BEGIN PUBLIC KEY----- on") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_KEY_BITS:
        raise ValueError(f"must be an RSA key of {MIN_KEY_BITS} bits or more")
    return key


def _secret_bytes(secret: str) -> bytes:
    """The key that a signing secret stands for, or ValueError."""
    try:
        return b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise ValueError(f"must be {_PREFIX} and base64, as Clerk's dashboard shows it") from None


def _check_secret(secret: str, *, strict: bool) -> None:
    if not secret.startswith(_PREFIX) or len(_secret_bytes(secret)) < MIN_SECRET_BYTES:
        raise ValueError(
            f"must be {_PREFIX} and {MIN_SECRET_BYTES} bytes or more in base64, as Clerk's dashboard shows it"
        )
    if not strict:
        return
    if secret == _EXAMPLE_SECRET:
        raise ValueError("is a published example; take the Signing Secret of your endpoint")
    if reason := weakness(secret.removeprefix(_PREFIX)):
        raise ValueError(f"{reason}; take the Signing Secret of your endpoint")
