"""What all settings groups share, and the settings that concern the whole service."""

import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, get_origin

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.core.logging import LogFormat, LogLevel
from app.core.settings.env_file import EnvFileSource


class Environment(StrEnum):
    """Where the service runs. Staging is held to production's rules; development and test are not."""

    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"


LOCAL = frozenset({Environment.DEVELOPMENT, Environment.TEST})


def split_list(value: object) -> object:
    """Read `a, b` as a list, an empty value as no entries; a JSON list works too."""
    if not isinstance(value, str):
        return value
    return [item for item in (part.strip(" \"'") for part in value.strip().strip("[]").split(",")) if item]


# Without NoDecode, pydantic-settings reads the variable as JSON and fails on `a,b` and on an empty value.
ListOfText = Annotated[list[str], NoDecode, BeforeValidator(split_list)]
ListOfSecrets = Annotated[list[SecretStr], NoDecode, BeforeValidator(split_list)]


class SettingsGroup(BaseSettings):
    """Base of every group: where values come from, and the environment that decides how strict the rest is.

    Groups declare plain fields; a field that must be set where the service is deployed defaults to None, and its validator asks `deployed`.
    """

    # Not `env_file` of pydantic's configuration: each group would have its own, and it reads the file by other rules.
    env_file: ClassVar[Path | None] = Path(".env")
    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", validate_default=True)

    environment: Environment = Field(
        default=Environment.DEVELOPMENT, description="development, test, staging or production"
    )

    @field_validator("*", mode="before")
    @classmethod
    def _quotes_are_no_part_of_a_value(cls, value: object, info: ValidationInfo) -> object:
        """Whatever reads an environment file without a shell's rules leaves them on."""
        is_list = get_origin(cls.model_fields[info.field_name or ""].annotation) is list  # whose entries may have some
        if isinstance(value, str) and not is_list and value[:1] in {"'", '"'} and value[:1] == value[-1:]:
            raise ValueError("has quotes around it, which count as part of the value; write it without")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature; ours reads the file instead
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What wins, first: arguments, the environment, `.env`."""
        return init_settings, env_settings, EnvFileSource(settings_cls, cls.env_file), file_secret_settings


def deployed(info: ValidationInfo) -> bool:
    """Whether the settings under validation are for others to use, not for the developer's own machine.

    An environment that is itself wrong counts as deployed: the stricter reading.
    """
    return info.data.get("environment") not in LOCAL


WELL_KNOWN_SECRETS = ("changeme", "changethis", "change-me", "password", "insecure", "secret", "development")
MIN_SECRET_LENGTH = 32
MIN_SECRET_LETTERS = 10


def weakness(secret: str) -> str | None:
    """Why a secret may not protect a deployed service; None when it may."""
    if any(word in secret.lower() for word in WELL_KNOWN_SECRETS):
        return "contains a well-known word"
    if len(secret) < MIN_SECRET_LENGTH:
        return f"is shorter than {MIN_SECRET_LENGTH} characters"
    if len(set(secret)) < MIN_SECRET_LETTERS:
        return "repeats few characters"
    return None


_FOR_DEVELOPMENT = {
    "debug": "off outside development: statements carry personal data",
    "docs_authorization": "empty outside development: everybody would be signed in",
}


class ServiceSettings(SettingsGroup):
    """The service as a whole."""

    debug: bool = Field(default=False, description="log every SQL statement; development only")
    log_level: LogLevel = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: LogFormat = Field(default="json", description="json, or console for people")
    secret_key: SecretStr | None = Field(
        default=None,
        description="keys what only this service may compute, such as pseudonyms in the log; 32 random characters or more",
    )

    docs: bool | None = Field(
        default=None, description="serve /docs and /openapi.json; when empty, in development only"
    )
    docs_authorization: ListOfSecrets = Field(
        default=[], description="Authorization headers that /docs signs in with; development only"
    )

    @property
    def has_docs(self) -> bool:
        """Whether /docs is served."""
        return self.environment is Environment.DEVELOPMENT if self.docs is None else self.docs

    @property
    def is_deployed(self) -> bool:
        """Whether the service runs for others than its developer."""
        return self.environment not in LOCAL

    @property
    def pseudonym_key(self) -> bytes:
        """Key of the pseudonyms that stand for client addresses in the log."""
        return self.secret_key.get_secret_value().encode() if self.secret_key else b""

    @field_validator("debug", "docs_authorization")
    @classmethod
    def _is_for_development(cls, value: object, info: ValidationInfo) -> object:
        if value and deployed(info):
            raise ValueError(f"must be {_FOR_DEVELOPMENT[info.field_name or '']}")
        return value

    @field_validator("secret_key")
    @classmethod
    def _strong_secret(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr:
        if not deployed(info):
            return value or SecretStr(secrets.token_urlsafe(MIN_SECRET_LENGTH))
        if value is None or (reason := weakness(value.get_secret_value())):
            fault = "is missing" if value is None else reason
            raise ValueError(f'{fault}; make one: python -c "import secrets; print(secrets.token_urlsafe(32))"')
        return value
