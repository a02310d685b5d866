"""Database addresses as providers give them, turned into what SQLAlchemy and asyncpg take.

Providers write their URLs for libpq (https://www.postgresql.org/docs/current/libpq-connect.html); asyncpg refuses most of libpq's
query parameters, and SQLAlchemy reads a bare `postgresql://` as another driver.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+asyncpg"
MAX_CONNECT_SECONDS = 30
MAX_PORT = 65_535
DEFAULT_PORT = 5432
_SCHEMES = frozenset({"postgres", "postgresql", DRIVER})
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SSL_FILES = ("sslrootcert", "sslcert", "sslkey")
# Hints for other clients (Prisma, libpq's channel binding) that asyncpg has no counterpart for.
_IGNORED = frozenset({"channel_binding", "connection_limit", "pool_timeout", "gssencmode", "sslcompression", "supa"})
_SPELLING: Final = "is not a database URL; write postgresql://USER:PASSWORD@HOST:5432/NAME"
_ESCAPES: Final = "in the user or the password write @ as %40, / as %2F, ? as %3F, # as %23, : as %3A"
# Between the scheme and the path: who, and where; several hosts stand between commas, a socket's folder in percent-encoding.
_AUTHORITY = re.compile(
    r"(?P<scheme>[a-z0-9+]+)://(?:(?P<who>[^@/?#]*)@)?(?P<hosts>[^@/?#]*)(?P<rest>[/?].*)?", re.DOTALL
)
# A name or address, or the folder of a socket, each with its port.
_HOST = re.compile(r"(?:\[(?P<bracketed>[0-9A-Fa-f:.%\w]+)\]|(?P<name>[\w.-]+|/[^,]*?))(?::(?P<port>[0-9]{1,5}))?")
_QUERY = re.compile(r"(?:[a-z_]{1,40}=[^&]*(?:&|$))*")


class DatabaseUrlError(ValueError):
    """The address cannot be used; the message says why and never repeats the password."""


@dataclass
class Address:
    """Where a database is: the URL that SQLAlchemy takes, without hosts, and the connection arguments that asyncpg takes."""

    url: URL
    connect_args: dict[str, object] = field(default_factory=dict)
    server_settings: dict[str, str] = field(default_factory=dict)
    transaction_pooler: bool = False


def parse_database_url(text: str) -> Address:
    """Read a provider's URL: `postgres://`, `postgresql://` or `postgresql+asyncpg://`, with libpq's query parameters.

    Raises:
        DatabaseUrlError: not a PostgreSQL URL, or a parameter that is not known.
    """
    url, hosts = _read(text.strip())
    if twice := [name for name, value in url.query.items() if not isinstance(value, str) and name != "host"]:
        raise DatabaseUrlError(f"has the parameter {twice[0]!r} more than once")
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    if hosts and "host" in query:
        raise DatabaseUrlError("has a host and the parameter host; write one of them")
    address = Address(url.set(drivername=DRIVER, query={}))
    address.connect_args |= _hosts(hosts or query.pop("host", ""), query.pop("port", "")) | _ssl(query)
    for name, value in query.items():
        _apply(address, name, value)
    return address


def _read(text: str) -> tuple[URL, str]:
    """The URL without its hosts, and the hosts as they are written."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise DatabaseUrlError(f"{_SPELLING}; {_ESCAPES}" if "://" in text else _SPELLING)
    if match["scheme"] not in _SCHEMES:
        raise DatabaseUrlError(
            f"is for {match['scheme']}; only PostgreSQL works: postgresql://USER:PASSWORD@HOST:5432/NAME"
        )
    if not _QUERY.fullmatch((match["rest"] or "").partition("?")[2]):  # rather the rest of a password: not repeated
        raise DatabaseUrlError(f"has something behind its ? that is no parameter; {_ESCAPES}")
    who = f"{match['who']}@" if match["who"] is not None else ""
    try:
        return make_url(f"{match['scheme']}://{who}{match['rest'] or ''}"), match["hosts"]
    except (ArgumentError, ValueError):
        raise DatabaseUrlError(_SPELLING) from None


def _hosts(hosts: str, ports: str) -> dict[str, object]:
    """One host, a folder with a socket (`%2Ftmp` or `?host=/tmp`), or several, which asyncpg tries in turn; without any, its own default."""
    if not hosts:
        return {"port": _port(ports)} if ports else {}
    parts = [part for host in hosts.split(",") if (part := _HOST.fullmatch(unquote(host)))]
    if len(parts) <= hosts.count(","):
        raise DatabaseUrlError(
            f"has a host that can be none; write HOST:PORT, or a folder as ?host=/FOLDER; {_ESCAPES}"
        )
    given = ports.split(",")
    if len(given) not in {1, len(parts)}:
        raise DatabaseUrlError("needs as many ports as hosts, or one")
    others = given * len(parts) if len(given) == 1 else given
    return {
        "host": [part["bracketed"] or part["name"] for part in parts],
        "port": [_port(part["port"] or other) for part, other in zip(parts, others, strict=True)],
    }


def _port(text: str) -> int:
    if text and not (text.isdecimal() and 1 <= int(text) <= MAX_PORT):
        raise DatabaseUrlError(f"needs ports from 1 to {MAX_PORT}")
    return int(text or DEFAULT_PORT)


def _apply(address: Address, name: str, value: str) -> None:
    """Take one parameter that asyncpg has another name for."""
    match name:
        case "application_name":
            address.server_settings[name] = value
        case "schema":
            address.server_settings["search_path"] = value
        case "options":
            address.server_settings |= _options(value)
        case "target_session_attrs":
            address.connect_args[name] = value
        case "pgbouncer":
            address.transaction_pooler = value.lower() == "true"
        case "connect_timeout":
            address.connect_args |= _timeout(value)
        case _ if name not in {"sslmode", "ssl", *_SSL_FILES, *_IGNORED}:
            raise DatabaseUrlError(f"has the parameter {name!r}, which is not known; remove it")


def _timeout(text: str) -> dict[str, object]:
    if not text.isdecimal():
        raise DatabaseUrlError("needs a whole number of seconds as connect_timeout")
    seconds = min(int(text), MAX_CONNECT_SECONDS)
    return {"timeout": float(seconds)} if seconds else {}  # 0 means no limit to libpq; ours stays


def _options(text: str) -> dict[str, str]:
    """`-c name=value -c name=value`, as PGOPTIONS."""
    options = [option.removeprefix("-c").removeprefix("--") for option in text.replace("-c ", "-c").split()]
    if not all("=" in option for option in options):
        raise DatabaseUrlError("needs options of the form -c name=value")
    return dict(option.split("=", 1) for option in options)


def _ssl(query: Mapping[str, str]) -> dict[str, object]:
    files = [name for name in _SSL_FILES if name in query]
    mode = query.get("sslmode", query.get("ssl", "prefer" if files else None))  # libpq's default
    if mode is None:
        return {}
    mode = {"true": "require", "false": "disable"}.get(mode, mode)
    if mode not in _SSL_MODES:
        raise DatabaseUrlError(f"needs an sslmode out of {', '.join(_SSL_MODES)}")
    if "sslkey" in query and "sslcert" not in query:
        raise DatabaseUrlError("names a file as sslkey, which needs its certificate as sslcert")
    if files and mode in {"disable", "allow", "prefer"}:
        raise DatabaseUrlError(
            f"names a file as {files[0]}, which sslmode={mode} does not use; write sslmode=verify-full"
        )
    if mode == "require" and "sslrootcert" in query:
        mode = "verify-ca"  # as libpq does
    if not files and not mode.startswith("verify"):
        return {"ssl": mode}
    try:
        return {"ssl": _context(mode, query)}
    except OSError as error:  # of the system, or of OpenSSL
        raise DatabaseUrlError(
            f"names a file as {' or '.join(files)} that cannot be used ({error.strerror}): it must be there, readable, and in PEM"
        ) from None


def _context(mode: str, query: Mapping[str, str]) -> ssl.SSLContext:
    root = query.get("sslrootcert", "system")
    context = ssl.create_default_context(cafile=None if root == "system" else root)
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE  # encrypted, to whomever: what the mode means without a root certificate
    if "sslcert" in query:
        context.load_cert_chain(query["sslcert"], query.get("sslkey"), password=_no_password)
    return context


def _no_password() -> str:
    """Without this, OpenSSL would ask at the terminal, and a service would hang."""
    raise DatabaseUrlError("names a key as sslkey that is encrypted; decrypt it, nobody is there to type its password")
