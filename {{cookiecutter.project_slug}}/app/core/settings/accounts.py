"""Settings of accounts with a password."""

from pydantic import Field, ValidationInfo, field_validator

from app.core.settings.base import SettingsGroup


class AccountSettings(SettingsGroup):
    """Sessions of people who sign in with a password."""

    refresh_token_idle_days: int = Field(
        default=14, ge=1, le=90, description="days without use after which a session ends"
    )
    refresh_token_days: int = Field(default=60, ge=1, le=365, description="days after which every session ends")
    refresh_token_grace_seconds: int = Field(
        default=10, ge=0, le=60, description="seconds that a used refresh token gives the same answer again"
    )
    password_hashers: int = Field(
        default=2, ge=1, le=64, description="passwords hashed at once in each worker; each takes 19 MiB"
    )

    registration_tells: bool = Field(
        default=False,
        description="answer a registration with 201, or 409 for a taken address; otherwise 202 in either case",
    )

    @field_validator("refresh_token_days")
    @classmethod
    def _sessions_outlive_their_idleness(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("refresh_token_idle_days", value):
            raise ValueError("must not be less than REFRESH_TOKEN_IDLE_DAYS")
        return value
