"""Development secrets, made on the spot: what `just dev` writes into a fresh `.env`, and adds to one that lacks them. Every module adds its own to them."""

from secrets import token_urlsafe

from service_devkit.environment import Secrets, Unless, secrets_in

_SERVICE: Secrets = {
    "SECRET_KEY": lambda: token_urlsafe(32),
    # For people. A file with a key and no format has been edited: the format was taken out on purpose.
    "LOG_FORMAT": Unless(("SECRET_KEY",), lambda: "console"),
}


def development_secrets() -> Secrets:
    """What makes each secret of the service, and of its ways to sign in."""
    return {**_SERVICE, **secrets_in(__name__, __path__)}
