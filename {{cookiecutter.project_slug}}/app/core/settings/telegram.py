"""Settings of Telegram sign-in."""

import re
import secrets

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.core.settings.base import SettingsGroup, deployed

_BOT_TOKEN = re.compile(r"[0-9]{8,10}:[A-Za-z0-9_-]{35}")


class TelegramSettings(SettingsGroup):
    """The bot whose Mini App users sign in with."""

    telegram_bot_token: SecretStr | None = Field(
        default=None, description="token of the bot that owns the Mini App, from @BotFather"
    )
    telegram_max_age: int = Field(
        default=86_400, ge=60, le=86_400, description="seconds that init data is accepted after Telegram signed it"
    )

    @field_validator("telegram_bot_token")
    @classmethod
    def _token_has_telegrams_form(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr:
        if value is None and not deployed(info):
            return SecretStr(f"1000000000:{secrets.token_urlsafe(27)[:35]}")
        if value is None:
            raise ValueError("is missing; ask @BotFather for it")
        if not _BOT_TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("must be NUMBER:35 characters, as @BotFather gives it")
        return value
