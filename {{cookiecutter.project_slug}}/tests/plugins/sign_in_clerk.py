"""Signing in as anybody, with session tokens that an instance of the tests has signed."""

import time
from collections.abc import Callable
from functools import lru_cache

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://clerk.example.test"
PARTY = "https://app.example.test"
KEY_ID = "ins_fakeForTestsOnly"
WEBHOOK_SECRET = "whsec_VmlzaWJseS1GYWtlLUtleS1Gb3ItVGVzdHMtMDE="
LIFETIME_SECONDS = 3600

Claims = dict[str, object]


@lru_cache(maxsize=4)
def signing_key(name: str = "the instance's") -> RSAPrivateKey:
    """The private key of a name, made once in a run."""
    del name  # the cache goes by it
    return generate_private_key(public_exponent=65_537, key_size=2048)


def public_pem(key: RSAPrivateKey) -> str:
    """The public half, as Clerk's dashboard shows it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def claims_of(subject: str = "user_42", /, **changes: object) -> Claims:
    """The claims of a session of a person, less those that `changes` set to None."""
    now = int(time.time())
    claims: Claims = {
        "azp": PARTY,
        "exp": now + LIFETIME_SECONDS,
        "fva": [1, -1],
        "iat": now,
        "iss": ISSUER,
        "jti": "0123456789",
        "nbf": now - 10,
        "sid": "sess_42",
        "sub": subject,
        "sts": "active",
        "v": 2,
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def header_of(**changes: object) -> dict[str, object]:
    """The header of a session token, less what `changes` set to None."""
    header: dict[str, object] = {"cat": "cl_B7d4PD111AAA", "kid": KEY_ID, "oiat": int(time.time()), "typ": "JWT"}
    return {name: value for name, value in (header | changes).items() if value is not None}


def session_token(claims: Claims | None = None, *, key: RSAPrivateKey | None = None, **header: object) -> str:
    """A session token as Clerk signs it."""
    return jwt.encode(
        claims_of() if claims is None else claims,
        key or signing_key(),
        algorithm="RS256",
        headers=header_of(**header),
    )


@pytest.fixture
def sign_in() -> Callable[[str], dict[str, str]]:
    """Request headers that sign in the person of a name."""
    return lambda name: {"Authorization": f"Bearer {session_token(claims_of(f'user_{name.encode().hex()}'))}"}


@pytest.fixture
def sign_in_settings(sign_in_settings: dict[str, str]) -> dict[str, str]:
    """The instance of the tests, whose key needs no fetching."""
    return sign_in_settings | {
        "clerk_issuer": ISSUER,
        "clerk_jwt_key": public_pem(signing_key()).replace("\n", "\\n"),
        "clerk_authorized_parties": PARTY,
        "clerk_webhook_secret": WEBHOOK_SECRET,
    }
