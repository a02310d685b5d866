"""Development secrets, made on the spot: what `just dev` writes into a fresh `.env`. Every module adds its own to them."""

from service_devkit.environment import Secrets, secrets_in


def development_secrets() -> Secrets:
    """What makes the value of each variable."""
    return secrets_in(__name__, __path__)
