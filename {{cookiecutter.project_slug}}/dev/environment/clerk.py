"""A stand-in for a Clerk instance: a host that cannot exist, and a key pair whose private half `dev sign-in clerk` alone reads."""

from base64 import b64encode
from functools import cache
from secrets import token_bytes

from service_devkit.environment import Secrets, Unless, rsa_key_pair

_pair = cache(rsa_key_pair)
_MADE_UP: Secrets = {
    "CLERK_ISSUER": lambda: "https://clerk.development.invalid",  # RFC 2606: no name ends in .invalid
    "CLERK_DEVELOPMENT_KEY": lambda: _pair()[0],
    "CLERK_JWT_KEY": lambda: _pair()[1],
    "CLERK_WEBHOOK_SECRET": lambda: f"whsec_{b64encode(token_bytes(24)).decode()}",
}
# Beside the settings of a real instance they would refuse its tokens.
DEVELOPMENT_SECRETS: Secrets = {name: Unless((*_MADE_UP, "CLERK_JWKS_URL"), make) for name, make in _MADE_UP.items()}
