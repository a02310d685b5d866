"""Development secrets, made on the spot: what `just dev` writes into a fresh `.env`, and adds to one that lacks them. Every module adds its own to them."""

from functools import partial

from service_devkit.environment import secrets_in

development_secrets = partial(secrets_in, __name__, __path__)
