"""Access tokens that must be refused, each wrong in one way."""

import base64
import hmac
import json
import time
from collections.abc import Mapping

from app.core import project

KEY = b"visibly-fake-signing-key-0123456789"
OLD_KEY = b"visibly-fake-former-key-9876543210"
KEYS = f"new:{KEY.decode()},old:{OLD_KEY.decode()}"
SUBJECT = "7d9f8a52-6c1e-4b0a-9d3e-2f1a0b4c5d6e"

# A claim or a header parameter that is left out.
ABSENT = object()


def token(
    header: Mapping[str, object] | bytes | None = None,
    claims: Mapping[str, object] | bytes | None = None,
    *,
    audience: str,
    key: bytes = KEY,
    digest: str = "sha256",
) -> str:
    """A token, right in everything that is not named; bytes stand for the whole part."""
    now = int(time.time())
    usual = {
        "iss": project.NAME,
        "aud": f"{project.NAME}:{audience}",
        "sub": SUBJECT,
        "sid": "",
        "iat": now,
        "exp": now + 86_400,  # made when the tests are collected, perhaps long before they run
        "jti": "visibly-fake",
    }
    signed = b".".join(
        [_part({"alg": "HS256", "typ": "at+jwt", "kid": "new"}, header), _part(usual, claims)],
    )
    signature = hmac.new(key, signed, digest).digest()
    return b".".join([signed, _encoded(signature)]).decode()


def attacks(*, audience: str) -> dict[str, str]:
    """Every attack by its name; all but the named part is right."""
    return {
        **_forms(audience),
        **_algorithms(audience),
        **_headers(audience),
        **_claims(audience),
    }


def _forms(audience: str) -> dict[str, str]:
    valid = token(audience=audience)
    head, body, signature = valid.split(".")
    other = token(claims={"sub": "somebody else"}, audience=audience).split(".")[1]
    return {
        "one part": head,
        "two parts": f"{head}.{body}",
        "four parts": f"{valid}.{signature}",
        "five parts": f"{valid}.{signature}.{signature}",
        "bad base64": f"{head}.!{body[1:]}.{signature}",
        "not ASCII": f"{head}.\u00e9{body[1:]}.{signature}",
        "signature stripped": f"{head}.{body}.",
        "signature changed": f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "payload of another": f"{head}.{other}.{signature}",
        "header no JSON": token(b"hello", audience=audience),
        "header a list": token(b"[]", audience=audience),
        "header nested three thousand deep": f"{_encoded(b'[' * 2900).decode()}.{body}.x",
        "payload a list": token(claims=b"[]", audience=audience),
        "payload nested deep": token(claims=b"[" * 2800, audience=audience),
        "more than 4 KB": token(claims={"sid": "x" * 4096}, audience=audience),
    }


def _algorithms(audience: str) -> dict[str, str]:
    head, body, _ = token({"alg": "none"}, audience=audience).split(".")
    return {
        "alg none": f"{head}.{body}.",
        "alg none and signed": token({"alg": "none"}, audience=audience),
        "alg nOnE": token({"alg": "nOnE"}, audience=audience),
        "alg missing": token({"alg": ABSENT}, audience=audience),
        "alg in small letters": token({"alg": "hs256"}, audience=audience),
        "HS384": token({"alg": "HS384"}, digest="sha384", audience=audience),
        "HS512": token({"alg": "HS512"}, digest="sha512", audience=audience),
        "RS256": token({"alg": "RS256"}, audience=audience),
        "empty key": token(key=b"", audience=audience),
        "wrong key": token(key=b"another-visibly-fake-key-0123456789", audience=audience),
        "old id, new key": token({"kid": "old"}, audience=audience),
        "new id, old key": token(key=OLD_KEY, audience=audience),
    }


def _headers(audience: str) -> dict[str, str]:
    changes: dict[str, dict[str, object]] = {
        "key id unknown": {"kid": "newer"},
        "key id missing": {"kid": ABSENT},
        "key id empty": {"kid": ""},
        "key id a list": {"kid": ["new"]},
        "key id a number": {"kid": 0},
        "key id a path": {"kid": "../new"},
        "type JWT": {"typ": "JWT"},
        "type missing": {"typ": ABSENT},
        "type a list": {"typ": ["at+jwt"]},
        "critical extension": {"crit": ["exp"]},
        "unknown critical extension": {"crit": ["x"], "x": True},
    }
    return {name: token(change, audience=audience) for name, change in changes.items()}


def _claims(audience: str) -> dict[str, str]:
    now = int(time.time())
    changes: dict[str, dict[str, object]] = {
        **{f"{claim} missing": {claim: ABSENT} for claim in ("iss", "aud", "sub", "sid", "iat", "exp", "jti")},
        "subject a number": {"sub": 7},
        "subject null": {"sub": None},
        "session a number": {"sid": 7},
        "session a list": {"sid": []},
        "another issuer": {"iss": "somebody-else"},
        "issuer a list": {"iss": [project.NAME]},
        "another audience": {"aud": "other"},
        "audience a list": {"aud": [f"{project.NAME}:{audience}"]},
        "expired": {"exp": now - 10},
        "end a text": {"exp": "tomorrow"},
        "end null": {"exp": None},
        "end a list": {"exp": []},
        "end infinite": {"exp": float("inf")},
        "not valid yet": {"nbf": now + 43_200},
        "issued ahead of time": {"iat": now + 43_200},
    }
    return {name: token(claims=change, audience=audience) for name, change in changes.items()}


def _part(usual: Mapping[str, object], changes: Mapping[str, object] | bytes | None) -> bytes:
    if isinstance(changes, bytes):
        return _encoded(changes)
    fields = {**usual, **(changes or {})}
    return _encoded(json.dumps({name: value for name, value in fields.items() if value is not ABSENT}).encode())


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")
