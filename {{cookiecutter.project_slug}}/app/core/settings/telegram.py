"""Settings of Telegram sign-in."""

import re
import secrets
from typing import Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.core.settings.base import Environment, ListOfSecrets, ListOfText, SettingsGroup, deployed, weakness

DEVELOPMENT_BOT: Final = "1000000000"  # a bot that does not exist
MAX_EXCHANGE_AGE: Final = 3600
# What Telegram's own server takes for a token, which is documented nowhere else: github.com/tdlib/telegram-bot-api, ClientManager::send.
MAX_BOT: Final = 2**54 - 1
MAX_TOKEN_LENGTH: Final = 80
_BOT: Final = re.compile(r"[1-9][0-9]{0,16}")
_BOT_TOKEN: Final = re.compile(r"([1-9][0-9]{0,16}):([A-Za-z0-9_-]{30,})")  # 35 today; fewer are a token cut short
_ASK: Final = "ask @BotFather for it"
_ONLY_A_NUMBER: Final = f"is the number of a bot and not its token; {_ASK}. A number alone is for TELEGRAM_BOT_IDS, with TELEGRAM_VERIFY=signature"


class TelegramSettings(SettingsGroup):
    """The bots whose Mini App users sign in with, and how their init data is checked."""

    telegram_verify: Literal["hash", "signature"] = Field(
        default="hash",
        description="proof of init data: hash (needs the bots' tokens) or signature (needs their numbers)",
    )
    telegram_bot_tokens: ListOfSecrets = Field(
        default=[], description="tokens of the bots that own the Mini Apps, from @BotFather; one or several"
    )
    telegram_bot_ids: ListOfText = Field(
        default=[], description="numbers of the bots, for TELEGRAM_VERIFY=signature; those of the tokens when empty"
    )
    telegram_environment: Literal["production", "test"] = Field(
        default="production",
        description="Telegram's environment, whose public key checks signatures: production or test",
    )
    telegram_max_age: int = Field(
        default=86_400, ge=60, le=86_400, description="seconds that init data is accepted after Telegram signed it"
    )
    telegram_exchange_max_age: int = Field(
        default=300,
        ge=30,
        le=MAX_EXCHANGE_AGE,
        description="seconds that init data can be exchanged after Telegram signed it",
    )
    telegram_direct: bool = Field(
        default=True, description="accept init data itself with every request, not only at the exchange"
    )

    @property
    def telegram_bots(self) -> list[str]:
        """The numbers of the bots whose signatures are accepted."""
        return self.telegram_bot_ids or [
            token.get_secret_value().partition(":")[0] for token in self.telegram_bot_tokens
        ]

    @field_validator("telegram_bot_tokens")
    @classmethod
    def _tokens_have_telegrams_form(cls, value: list[SecretStr], info: ValidationInfo) -> list[SecretStr]:
        tokens = [token.get_secret_value() for token in value]
        if not tokens and info.data.get("telegram_verify") != "signature":
            return [_stand_in(info)]
        for token in tokens:
            _check_token(token, strict=deployed(info))
        if len(set(tokens)) < len(tokens):
            raise ValueError("names one token twice")
        return value

    @field_validator("telegram_bot_ids")
    @classmethod
    def _bots_are_known(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if info.data.get("telegram_verify") != "signature":
            if value:
                raise ValueError("is for TELEGRAM_VERIFY=signature only: a hash is checked with TELEGRAM_BOT_TOKENS")
            return value
        if not value and not info.data.get("telegram_bot_tokens"):
            raise ValueError("is missing; it is the number before the colon of the bot's token")
        if not all(_BOT.fullmatch(bot) and int(bot) <= MAX_BOT for bot in value):
            raise ValueError("must be numbers, several separated by commas, as they stand before the colon of a token")
        return value

    @field_validator("telegram_environment")
    @classmethod
    def _test_accounts_stay_out_of_production(cls, value: str, info: ValidationInfo) -> str:
        allowed = {Environment.DEVELOPMENT, Environment.TEST, Environment.STAGING}
        if value == "test" and info.data.get("environment") not in allowed:
            raise ValueError(
                "must be production where ENVIRONMENT is: anybody can be anybody in Telegram's test environment"
            )
        return value


def _stand_in(info: ValidationInfo) -> SecretStr:
    """A token for development that nobody knows, or ValueError."""
    if deployed(info):
        raise ValueError(f"is missing; {_ASK}")
    return SecretStr(f"{DEVELOPMENT_BOT}:{secrets.token_urlsafe(27)[:35]}")


def _check_token(token: str, *, strict: bool) -> None:
    match = _BOT_TOKEN.fullmatch(token)
    if _BOT.fullmatch(token):
        raise ValueError(_ONLY_A_NUMBER)
    if match is None or len(token) > MAX_TOKEN_LENGTH or int(match[1]) > MAX_BOT:
        raise ValueError("must be NUMBER:LETTERS, as @BotFather gives it; several separated by commas")
    if strict and match[1] == DEVELOPMENT_BOT:
        raise ValueError(f"is the stand-in for development; {_ASK}")
    if strict and (reason := weakness(match[2])):
        raise ValueError(f"{reason}; {_ASK}")
