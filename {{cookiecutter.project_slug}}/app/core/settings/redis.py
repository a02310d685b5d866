"""Settings of Redis."""

from pydantic import Field, SecretStr, field_validator

from app.core.redis_url import parse_redis_url
from app.core.settings.base import SettingsGroup


class RedisSettings(SettingsGroup):
    """Where Redis is. Without it every process keeps its own counts and its own cache."""

    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis as the provider gives it, as rediss://USER:PASSWORD@HOST:6379/0; none when empty",
    )
    redis_timeout: float = Field(
        default=0.2, gt=0, le=5, description="seconds that Redis may take before the service goes on without it"
    )

    @field_validator("redis_url")
    @classmethod
    def _redis_url_is_usable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_redis_url(value.get_secret_value())
        return value
