"""Development secrets of the service itself, and logs for people."""

from secrets import token_urlsafe

DEVELOPMENT_SECRETS = {"SECRET_KEY": lambda: token_urlsafe(32), "LOG_FORMAT": lambda: "console"}
