"""A development stand-in for a Clerk instance: a host that cannot exist, and a key pair that is made on the spot.

`CLERK_DEVELOPMENT_KEY` is no setting of the service: only `dev sign-in clerk` reads it.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

ISSUER = "https://clerk.development.invalid"  # RFC 2606: no name ends in .invalid


@cache
def _pair() -> RSAPrivateKey:
    """One pair, whose halves are two values."""
    return generate_private_key(public_exponent=65_537, key_size=2048)


def _public() -> str:
    pem = _pair().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _one_line(pem)


def _private() -> str:
    return _one_line(_pair().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _one_line(pem: bytes) -> str:
    return pem.decode().strip().replace("\n", "\\n")


DEVELOPMENT_SECRETS: Mapping[str, Callable[[], str]] = {
    "CLERK_ISSUER": lambda: ISSUER,
    "CLERK_JWT_KEY": _public,
    "CLERK_DEVELOPMENT_KEY": _private,
    "CLERK_WEBHOOK_SECRET": lambda: f"whsec_{b64encode(token_bytes(24)).decode()}",
}
