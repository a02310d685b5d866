"""The init data of a Telegram Mini App: who signed it, when, and for whom.

Source of the rules: https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app. The proof comes first and the meaning
second: nothing but the query string is parsed before the proof is checked, and whatever could be read in two ways is refused.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Protocol
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, Field, Json, ValidationError

from app.auth.principal import SignInError

MAX_BYTES: Final = 4096
MAX_FIELDS: Final = 24
MAX_SKEW_SECONDS: Final = 30
# What Telegram signs with, in its production and in its test environment.
PUBLIC_KEYS: Final = {
    "production": "e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d",
    "test": "40055058a4ee38156a06562e52eece92a771bcd8346a8c4615cb7376eddf72ec",
}
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9_-]{86}")  # 64 bytes in base64url without padding
_AUTH_DATE: Final = re.compile(r"[1-9][0-9]{0,11}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class TelegramUser(BaseModel):
    """The person who opened the Mini App. Ids have up to 52 significant bits."""

    id: Annotated[int, Field(gt=0, lt=2**52)]
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""


@dataclass(frozen=True, slots=True)
class InitData:
    """Init data that was proven. `digest` is the same however the same data is spelled; `signed_at` is in seconds since 1970."""

    bot: str
    user: TelegramUser
    signed_at: int
    digest: bytes


class Proof(Protocol):
    """One of the two ways to prove that init data comes from Telegram."""

    def bot_of(self, fields: Mapping[str, str]) -> str:
        """The number of the bot that the data was made for.

        Raises:
            SignInError: for none of the bots that are known.
        """


class HashProof:
    """`hash`: an HMAC-SHA256 with a key that is made of the bot's token, known to Telegram and to the bot's owner."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._keys = [(bot_number(token), secret_key(token)) for token in tokens]

    def bot_of(self, fields: Mapping[str, str]) -> str:
        """The bot whose key fits."""
        claimed = fields.get("hash", "")
        if not _HASH.fullmatch(claimed):
            raise SignInError("unsigned")
        for bot, key in self._keys:
            if hmac.compare_digest(sign(fields, key), claimed):
                return bot
        raise SignInError("forged")


class SignatureProof:
    """`signature`: Telegram's own Ed25519 signature (Bot API 8.0), which anybody can check who knows the bot's number."""

    def __init__(self, bots: Sequence[str], public_key: Ed25519PublicKey) -> None:
        self._bots = tuple(bots)
        self._public_key = public_key

    def bot_of(self, fields: Mapping[str, str]) -> str:
        """The bot whose number was signed with the fields."""
        claimed = fields.get("signature", "")
        if not _SIGNATURE.fullmatch(claimed):
            raise SignInError("unsigned")
        signature = urlsafe_b64decode(f"{claimed}==")
        for bot in self._bots:
            if self._is_signed(signature, signed_text(fields, bot)):
                return bot
        raise SignInError("forged")

    def _is_signed(self, signature: bytes, text: str) -> bool:
        try:
            self._public_key.verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


def public_key(environment: str) -> Ed25519PublicKey:
    """The key that Telegram signs with in its production or its test environment."""
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(PUBLIC_KEYS[environment]))


def bot_number(token: str) -> str:
    """The number of the bot that a token belongs to."""
    return token.partition(":")[0]


def secret_key(token: str) -> bytes:
    """The key that makes the `hash` of a bot's init data; derived once, when the service starts."""
    return hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)


def sign(fields: Mapping[str, str], key: bytes) -> str:
    """The `hash` of all other fields, as 64 lower-case hexadecimal digits."""
    return hmac.digest(key, _lines(fields, without={"hash"}).encode(), hashlib.sha256).hex()


def signed_text(fields: Mapping[str, str], bot: str) -> str:
    """What `signature` is made of: the bot's number, and all fields but the two proofs."""
    return f"{bot}:WebAppData\n{_lines(fields, without={'hash', 'signature'})}"


def read_init_data(text: str, proof: Proof, *, now: float, max_age: int) -> InitData:
    """Init data that is proven, at most `max_age` seconds old, and names a person.

    Raises:
        SignInError: it is not.
    """
    fields = _parse(text)
    bot = proof.bot_of(fields)
    signed_at = _signed_at(fields, now=now, max_age=max_age)
    return InitData(bot, _user(fields), signed_at, _digest(fields, bot))


def without_control_characters(text: str) -> str:
    """People may put anything into their names; the control characters among it stay out of the database."""
    return _CONTROL.sub("", text)


def _lines(fields: Mapping[str, str], *, without: set[str]) -> str:
    return "\n".join(sorted(f"{name}={value}" for name, value in fields.items() if name not in without))


def _parse(text: str) -> dict[str, str]:
    if len(text) > MAX_BYTES or not text.isascii():
        raise SignInError("malformed")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:  # UnicodeDecodeError included
        raise SignInError("malformed") from None
    fields = dict(pairs)
    # Fields are signed as lines: a repeated name, or a line feed inside a field, would give one signed text two readings.
    if len(fields) != len(pairs) or any(_CONTROL.search(name + value) for name, value in pairs):
        raise SignInError("ambiguous")
    return fields


def _signed_at(fields: Mapping[str, str], *, now: float, max_age: int) -> int:
    auth_date = fields.get("auth_date", "")
    if not _AUTH_DATE.fullmatch(auth_date):
        raise SignInError("malformed")
    signed_at = int(auth_date)
    if signed_at > now + MAX_SKEW_SECONDS:
        raise SignInError("from_the_future")
    if signed_at + max_age < now:
        raise SignInError("expired")
    return signed_at


class _Fields(BaseModel):
    user: Json[TelegramUser]


def _user(fields: Mapping[str, str]) -> TelegramUser:
    try:
        return _Fields.model_validate(fields).user
    except ValidationError:
        raise SignInError("no_user") from None


def _digest(fields: Mapping[str, str], bot: str) -> bytes:
    """The same for every spelling, whichever proof is asked for, and of no use to a reader of the database: neither proof is in it."""
    return hashlib.sha256(signed_text(fields, bot).encode()).digest()
