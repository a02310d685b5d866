"""A development stand-in for the Telegram bot's token: the right form, a bot that does not exist."""

from secrets import token_urlsafe

DEVELOPMENT_SECRETS = {"TELEGRAM_BOT_TOKEN": lambda: f"1000000000:{token_urlsafe(27)[:35]}"}
