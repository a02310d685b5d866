"""Addresses of Redis as providers give them, turned into what redis-py takes.

The form is https://www.iana.org/assignments/uri-schemes/prov/redis, with `rediss` for TLS and `unix` for a socket; Valkey and others that speak
the protocol give the same. redis-py's own reader drops what it does not know in silence and repeats wrong values.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

DEFAULT_PORT: Final = 6379
MAX_PORT: Final = 65_535
MAX_DATABASE: Final = 9999
_SPELLING: Final = "is no Redis URL; write redis://USER:PASSWORD@HOST:6379/0, rediss:// with TLS, or unix:///PATH?db=0"
_ESCAPES: Final = "in the user or the password write @ as %40, / as %2F, ? as %3F, # as %23, : as %3A, % as %25"
_ONE_SERVER: Final = "one server, or the one address of a managed service, is what works: redis://HOST:6379"
_TCP: Final = frozenset({"redis", "valkey"})
_TLS: Final = frozenset({"rediss", "valkeys"})
_SOCKET: Final = frozenset({"unix", "redis+unix", "redis+socket", "redis-socket", "valkey+unix"})
_URL = re.compile(
    r"(?P<scheme>[a-z0-9+-]+)://(?:(?P<who>[^@/?#]*)@)?(?P<host>[^@/?#]*)(?P<path>/[^?#@]*)?(?:\?(?P<query>[^#]*))?",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.-]+))(?::(?P<port>[0-9]{1,5}))?")
_QUERY = re.compile(r"(?:[a-z_]{1,40}=[^&]*(?:&|$))*", re.IGNORECASE)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Hints for other clients that change nothing here.
_IGNORED: Final = frozenset({"family", "protocol", "client_name", "timeout", "health_check_interval"})
_CERTIFICATES: Final = ("required", "optional", "none")


class RedisUrlError(ValueError):
    """The address cannot be used; the message says why and never repeats the password."""


@dataclass(frozen=True)
class RedisAddress:
    """Where Redis is: `options` are keyword arguments of redis-py's connections, `tls` and `socket` choose their class."""

    tls: bool = False
    socket: bool = False
    database: int = 0
    options: dict[str, str | int] = field(default_factory=dict, repr=False)


def parse_redis_url(text: str) -> RedisAddress:
    """Read a provider's URL.

    Raises:
        RedisUrlError: no Redis URL, or one of Sentinel or a cluster.
    """
    match = _URL.fullmatch(text.strip())
    if match is None:
        raise RedisUrlError(f"{_SPELLING}; {_ESCAPES}" if "://" in text else _SPELLING)
    scheme = match["scheme"].lower()
    _refuse_several_servers(scheme, match["host"])
    if scheme not in _TCP | _TLS | _SOCKET:
        raise RedisUrlError(_SPELLING)
    query = _query(match["query"] or "")
    credentials = _credentials(match["who"], query)
    if scheme in _SOCKET:
        return _socket_address(match, query, credentials)
    options = {**_host(match["host"]), **credentials, **_tls(query, encrypted=scheme in _TLS)}
    database = _database((match["path"] or "").strip("/") or query.get("db", "0"))
    return RedisAddress(tls=scheme in _TLS, database=database, options=options)


def _refuse_several_servers(scheme: str, host: str) -> None:
    if "sentinel" in scheme:
        raise RedisUrlError(f"is of Sentinel, which is not supported; {_ONE_SERVER}")
    if "cluster" in scheme:
        raise RedisUrlError(f"is of a cluster, which is not supported; {_ONE_SERVER}")
    if "," in host:
        raise RedisUrlError(
            f"names several servers, as for Sentinel or a cluster, which are not supported; {_ONE_SERVER}"
        )


def _query(text: str) -> dict[str, str]:
    if not _QUERY.fullmatch(text):  # rather the rest of a password: not repeated
        raise RedisUrlError(f"has something behind its ? that is no parameter; {_ESCAPES}")
    query = {name.lower(): value for name, value in parse_qsl(text, keep_blank_values=True)}
    known = {"db", "username", "password", "ssl_cert_reqs", "ssl_ca_certs", *_IGNORED}
    if unknown := sorted(query.keys() - known):
        raise RedisUrlError(f"has the parameter {unknown[0]!r}, which is not known; remove it")
    return query


def _credentials(who: str | None, query: dict[str, str]) -> dict[str, str | int]:
    """User and password: `user:password@`, `:password@`, or one word alone, which is the password where no user is named."""
    user, colon, password = (who or "").partition(":")
    if _STRAY_PERCENT.search(who or "") or ":" in password:
        raise RedisUrlError(f"has a user or a password that is not percent-encoded; {_ESCAPES}")
    if who and not colon:
        user, password = "", user
    found = {
        "username": unquote(user) or query.get("username", ""),
        "password": unquote(password) or query.get("password", ""),
    }
    return {name: value for name, value in found.items() if value}


def _host(text: str) -> dict[str, str | int]:
    match = _HOST.fullmatch(text or "localhost")
    if match is None:
        raise RedisUrlError(f"has a host that can be none; write HOST:PORT; {_ESCAPES}")
    port = int(match["port"] or DEFAULT_PORT)
    if not 1 <= port <= MAX_PORT:
        raise RedisUrlError(f"needs a port from 1 to {MAX_PORT}")
    return {"host": match["bracketed"] or match["name"], "port": port}


def _database(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= MAX_DATABASE):
        raise RedisUrlError("needs the number of a database behind the host, as redis://HOST:6379/0")
    return int(text)


def _tls(query: dict[str, str], *, encrypted: bool) -> dict[str, str | int]:
    given = {name: value for name, value in query.items() if name.startswith("ssl_")}
    if given and not encrypted:
        raise RedisUrlError(f"has {next(iter(given))}, which is for TLS; write rediss://")
    checks = given.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    if checks not in _CERTIFICATES:
        raise RedisUrlError(f"needs an ssl_cert_reqs out of {', '.join(_CERTIFICATES)}")
    if not encrypted:
        return {}
    authority: dict[str, str | int] = {"ssl_ca_certs": given["ssl_ca_certs"]} if "ssl_ca_certs" in given else {}
    return authority | {"ssl_cert_reqs": checks, "ssl_check_hostname": int(checks == "required")}


def _socket_address(match: re.Match[str], query: dict[str, str], credentials: dict[str, str | int]) -> RedisAddress:
    path = unquote(match["host"] + (match["path"] or ""))
    if not path.startswith("/"):
        raise RedisUrlError("needs the whole path of the socket, as unix:///run/redis.sock?db=0")
    return RedisAddress(socket=True, database=_database(query.get("db") or "0"), options={"path": path, **credentials})
