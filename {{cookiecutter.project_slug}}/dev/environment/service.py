"""Development secrets of the service itself."""

from secrets import token_urlsafe

DEVELOPMENT_SECRETS = {"SECRET_KEY": lambda: token_urlsafe(32)}
