"""Init data of an independent implementation, and a service whose clock stands at its time."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from app.api.v1.telegram import get_exchange
from app.auth.telegram import TelegramAuthenticator, TelegramExchange
from app.auth.telegram_init_data import Proof, SignatureProof
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from tests.plugins.client import open_client
from tests.plugins.sign_in_telegram import init_data

_VECTORS: Final = json.loads(Path(__file__).with_name("telegram_vectors.json").read_text(encoding="utf-8"))
BOT: Final = str(_VECTORS["bot_id"])
BOT_TOKEN: Final = _VECTORS["bot_token"]
VALID: Final[dict[str, str]] = {vector["id"]: vector["init_data"] for vector in _VECTORS["vectors"]}
MINIMAL: Final = VALID["minimal"]
SIGNED_AT: Final = 1_790_000_000
NOW: Final = SIGNED_AT + 10
USER: Final = '{"id":42,"first_name":"Ada"}'

# Nobody has Telegram's private key: signatures are tested with the key pair of the vectors.
SIGNING_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(_VECTORS["ed25519_seed_hex"]))
SIGNATURE_PROOF: Final = SignatureProof([BOT], SIGNING_KEY.public_key())


def signed(**fields: str) -> str:
    """Init data of the vectors' bot and time."""
    return init_data({"auth_date": str(SIGNED_AT), "user": USER} | fields, token=BOT_TOKEN)


def flipped(query: str, name: str) -> str:
    """The query with another first character in one of its values."""
    head, _, tail = query.partition(f"{name}=")
    first = "0" if tail[0] != "0" else "1"
    return f"{head}{name}={first}{tail[1:]}"


def without(query: str, name: str) -> str:
    """The query without one of its fields."""
    return "&".join(part for part in query.split("&") if not part.startswith(f"{name}="))


@asynccontextmanager
async def open_telegram(
    settings: Settings, database: Database, *, proof: Proof | None = None, **changes: object
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service for the bot of the vectors, at their time."""
    of_vectors = {"telegram_bot_tokens": [SecretStr(BOT_TOKEN)], "rate_limit_sign_in": "10000/minute"}
    settings = settings.model_copy(update=of_vectors | changes)
    app = create_app(
        settings,
        database=database,
        authenticator=TelegramAuthenticator(settings, proof=proof, clock=lambda: NOW),
    )
    app.dependency_overrides[get_exchange] = lambda: TelegramExchange(settings, proof=proof, clock=lambda: NOW)
    async with open_client(app) as client:
        yield client


async def status_of(client: httpx2.AsyncClient, authorization: str) -> int:
    """The answer's status to somebody with these credentials; what every refusal must say and must not say is checked."""
    response = await client.get("/api/v1/users/me", headers={b"Authorization": authorization.encode("latin-1")})
    if response.status_code != 200:
        assert_refused(response)
    return response.status_code


def assert_refused(response: httpx2.Response) -> None:
    """A 401 names the scheme and gives no reason."""
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith('tma realm="api"')
    assert response.json()["code"] == "not_authenticated"
    assert response.json()["detail"] == "Sign in to use this."
