"""Signatures of webhooks that Svix delivers.

Source of the rules: https://docs.svix.com/receiving/verifying-payloads/how-manual. The signature covers the bytes as they came: a body that was parsed
and written again has another one.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Final

TOLERANCE_SECONDS: Final = 300
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class SignatureError(Exception):
    """A message is not from the sender, not as it was sent, or not from now. `reason` is for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def signature(identifier: str, timestamp: str, body: bytes, key: bytes) -> str:
    """The signature of a message, as the header carries it."""
    signed = b".".join((identifier.encode(), timestamp.encode(), body))
    return "v1," + b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def verify(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], *, now: float) -> str:
    """The id of a message, the same whenever it is delivered again.

    Any of the keys will do, and any of the signatures: a secret that is being replaced signs beside its successor.

    Raises:
        SignatureError: malformed, stale, or not signed with one of the keys.
    """
    identifier, timestamp = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
    if not _IDENTIFIER.fullmatch(identifier) or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureError("malformed")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureError("stale")
    sent = [part.encode() for part in headers.get("svix-signature", "").split(" ")]
    expected = [signature(identifier, timestamp, body, key).encode() for key in keys]
    if not any(hmac.compare_digest(one, other) for one in expected for other in sent):
        raise SignatureError("forged")
    return identifier
