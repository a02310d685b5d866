"""A development stand-in for the Telegram bot's token: the right form, a bot that does not exist."""

from secrets import token_urlsafe

from app.core.settings.telegram import DEVELOPMENT_BOT

DEVELOPMENT_SECRETS = {"TELEGRAM_BOT_TOKENS": lambda: f"{DEVELOPMENT_BOT}:{token_urlsafe(27)[:35]}"}
