"""Settings of the database."""

from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.core.database_url import parse_database_url
from app.core.settings.base import SettingsGroup, deployed

Pooler = Literal["none", "session", "transaction"]


class DatabaseSettings(SettingsGroup):
    """Where PostgreSQL is, and how long the service waits for it.

    Development needs no `DATABASE_URL`: `just dev` brings a database and sets it.
    """

    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL for the service, as the provider gives it (pooled when there is a pooler)"
    )
    direct_url: SecretStr | None = Field(
        default=None, description="PostgreSQL for migrations, past any pooler; DATABASE_URL when empty"
    )
    db_pooler: Pooler = Field(default="none", description="pooler in between: none, session or transaction (PgBouncer)")
    db_pool_size: int = Field(default=10, ge=1, le=200, description="connections kept open per process")
    db_pool_overflow: int = Field(default=5, ge=0, le=200, description="connections above that under load")
    db_pool_timeout: float = Field(default=3, gt=0, le=30, description="seconds to wait for a free connection")
    db_connect_timeout: float = Field(default=3, gt=0, le=30, description="seconds to wait for a new connection")
    db_statement_timeout: float = Field(default=5, gt=0, le=300, description="seconds that one statement may take")
    db_ping_after: float = Field(
        default=15, ge=0, description="seconds of idleness after which a connection is tried before it is used"
    )

    @field_validator("database_url", "direct_url")
    @classmethod
    def _url_is_usable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_database_url(value.get_secret_value())
        return value

    @field_validator("database_url")
    @classmethod
    def _url_is_set_where_deployed(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and deployed(info):
            raise ValueError("is missing; set it to postgresql://USER:PASSWORD@HOST:5432/NAME")
        return value
