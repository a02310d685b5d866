"""The signing keys of an identity provider: fetched when they are needed, kept for a while, kept longer while the provider is down.

A key set is a JSON document at a fixed address (RFC 7517). Callers choose the key ids that are asked for, so what an unknown one may cost is
bounded: one request to the provider in `cooldown` seconds, whatever arrives.
"""

import asyncio
import json
import math
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Final

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from app.core.logging import get_logger

log = get_logger(__name__)

MIN_KEY_BITS: Final = 2048
MAX_DOCUMENT_BYTES: Final = 256 * 1024
FETCH_SECONDS: Final = 5.0  # a whole fetch; httpx2's own timeouts start again with each byte
TIMEOUT_SECONDS: Final = 3.0
_HTTP_OK: Final = 200
_MAX_CAUSE: Final = 200
# What httpx2 reads of the environment, in capitals or not.
_CLIENT_VARIABLES: Final = frozenset(
    {"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE", "SSLKEYLOGFILE"}
)

Fetch = Callable[[], Awaitable[object]]


class KeysUnavailableError(Exception):
    """Whether a key is genuine is not known now: the provider is out of reach. Ask again after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"no keys for {retry_after:.0f} s")
        self.retry_after = retry_after


class ClientSettingsError(Exception):
    """The environment says how other hosts are to be reached, but not in a way that works."""


class BadKeySetError(Exception):
    """The provider answered with something else than a set of keys."""


class JwksCache:
    """The keys of one provider. Made inside a running event loop; `running` fetches them the first time.

    Args:
        fetch: gets the document; any exception is an outage.
        ttl: seconds after which the document is fetched again.
        max_stale: seconds that it is used beyond that while the provider is out of reach.
        cooldown: seconds between two attempts, whatever asks for them.
        clock: seconds that never jump.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        ttl: float = 300,
        max_stale: float = 3600,
        cooldown: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._ttl = ttl
        self._max_stale = max_stale
        self._cooldown = cooldown
        self._clock = clock
        self._keys: dict[str, RSAPublicKey] = {}
        self._fetched_at = -math.inf
        self._tried_at = -math.inf
        self._failing = False
        self._refresh: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Begin with a fetch that nobody waits for; end with none under way."""
        self._refresh_if_due()
        try:
            yield
        finally:
            if self._refresh:
                self._refresh.cancel()
                await asyncio.wait({self._refresh})

    async def get(self, kid: str) -> RSAPublicKey | None:
        """The key of an id, or None when the provider has none.

        A known key of a fresh set is answered at once; so is one of a set that has grown stale because the provider is out of reach.

        Raises:
            KeysUnavailableError: the provider does not answer, and what is known does not settle it.
        """
        if kid in self._keys and self._age() < self._ttl:
            return self._keys[kid]
        refresh = self._refresh_if_due()
        if refresh and not (self._failing and kid in self._keys):
            # Unlike `await refresh`: a request that is cancelled does not cancel it for the others.
            await asyncio.wait((refresh,))
        return self._known(kid)

    def _known(self, kid: str) -> RSAPublicKey | None:
        key = self._keys.get(kid)
        if self._age() >= self._ttl + self._max_stale or (key is None and self._failing):
            raise KeysUnavailableError(max(1.0, self._tried_at + self._cooldown - self._clock()))
        return key

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _refresh_if_due(self) -> asyncio.Task[None] | None:
        """The fetch under way: the one that others wait for already, or a new one unless the last is too recent."""
        if self._refresh and not self._refresh.done():
            return self._refresh
        if self._clock() - self._tried_at < self._cooldown:
            return None
        self._tried_at = self._clock()
        self._refresh = asyncio.create_task(self._fetch_keys())
        return self._refresh

    async def _fetch_keys(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._keys = rsa_keys(await self._fetch())
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the keys that are known stay in force
            self._failing = True
            log.warning("signing keys could not be fetched", error=type(error).__name__, cause=str(error)[:_MAX_CAUSE])
        else:
            self._failing = False
            self._fetched_at = self._clock()


async def fetch_document(url: str) -> object:
    """The JSON document at an address; redirects are not followed.

    A client of its own each time: one that a proxy or a certificate file of the environment keeps from being made is an outage of the provider, not
    the end of the service.

    Raises:
        ClientSettingsError: no client can be made.
        BadKeySetError: another status than 200, or more than 256 KiB.
        httpx2.HTTPError: no answer.
        ValueError: no JSON.
    """
    body = bytearray()
    async with await _new_client() as client, client.stream("GET", url, follow_redirects=False) as response:
        if response.status_code != _HTTP_OK:
            raise BadKeySetError(f"status {response.status_code}")
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MAX_DOCUMENT_BYTES:
                raise BadKeySetError(f"more than {MAX_DOCUMENT_BYTES} bytes")
    document: object = json.loads(body)
    return document


async def _new_client() -> httpx2.AsyncClient:
    """A client, made in a thread: reading the certificates takes 20 ms. Errors name the variables only, since their own texts may hold half a password."""
    try:
        return await asyncio.to_thread(httpx2.AsyncClient, timeout=TIMEOUT_SECONDS)
    except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
        names = sorted(name for name in os.environ if name.upper() in _CLIENT_VARIABLES)
        needs = '; a SOCKS proxy needs `uv add "httpx2[socks]"`' if isinstance(error, ImportError) else ""
        raise ClientSettingsError(f"no client can be made with {', '.join(names)}{needs}") from None


def rsa_keys(document: object) -> dict[str, RSAPublicKey]:
    """The keys of a document that may verify RS256, by id; everything else in it is left out.

    Raises:
        BadKeySetError: none is left. A provider that shows no keys has a fault; it has not withdrawn all of them.
    """
    keys = dict(_usable(document))
    if not keys:
        raise BadKeySetError("no usable key")
    return keys


def _usable(document: object) -> Iterator[tuple[str, RSAPublicKey]]:
    entries = document.get("keys") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("kid"), str) and (key := _rsa_key(entry)):
            yield entry["kid"], key


def _rsa_key(entry: dict[str, object]) -> RSAPublicKey | None:
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    public = {name: entry[name] for name in ("kty", "n", "e") if isinstance(entry.get(name), str)}
    try:
        key = RSAAlgorithm.from_jwk(public)
    except (jwt.InvalidKeyError, ValueError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= MIN_KEY_BITS else None
