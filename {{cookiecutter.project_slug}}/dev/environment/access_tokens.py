"""The key that signs access tokens in development."""

from secrets import token_urlsafe

DEVELOPMENT_SECRETS = {"ACCESS_TOKEN_KEYS": lambda: f"development:{token_urlsafe(32)}"}
