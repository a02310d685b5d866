"""A stand-in for a Clerk instance: a host that cannot exist, and a key pair whose private half `dev sign-in clerk` alone reads."""

from base64 import b64encode
from functools import cache
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from service_devkit.environment import Secrets, Unless


@cache
def _pair() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65_537, key_size=2048)


def _one_line(pem: bytes) -> str:
    return pem.decode().strip().replace("\n", "\\n")


_MADE_UP: Secrets = {
    "CLERK_ISSUER": lambda: "https://clerk.development.invalid",  # RFC 2606: no name ends in .invalid
    "CLERK_JWT_KEY": lambda: _one_line(
        _pair().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    ),
    "CLERK_DEVELOPMENT_KEY": lambda: _one_line(
        _pair().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    ),
    "CLERK_WEBHOOK_SECRET": lambda: f"whsec_{b64encode(token_bytes(24)).decode()}",
}
# Beside the settings of a real instance they would refuse its tokens.
DEVELOPMENT_SECRETS: Secrets = {name: Unless((*_MADE_UP, "CLERK_JWKS_URL"), make) for name, make in _MADE_UP.items()}
