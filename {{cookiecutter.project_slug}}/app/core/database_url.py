"""Database addresses as providers give them, turned into what SQLAlchemy and asyncpg take.

Providers write their URLs for libpq (https://www.postgresql.org/docs/current/libpq-connect.html); asyncpg refuses most of libpq's
query parameters, and SQLAlchemy reads a bare `postgresql://` as another driver.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+asyncpg"
MAX_CONNECT_SECONDS = 30
_SCHEMES = frozenset({"postgres", "postgresql", DRIVER})
_SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
# Hints for other clients (Prisma, libpq's channel binding) that asyncpg has no counterpart for.
_IGNORED = frozenset({"channel_binding", "connection_limit", "pool_timeout", "gssencmode", "sslcompression", "supa"})
_SSL_FILES = ("sslrootcert", "sslcert", "sslkey")


class DatabaseUrlError(ValueError):
    """The address cannot be used; the message says why and never repeats the password."""


@dataclass
class Address:
    """Where a database is: the URL that SQLAlchemy takes and the connection arguments that asyncpg takes."""

    url: URL
    connect_args: dict[str, object] = field(default_factory=dict)
    server_settings: dict[str, str] = field(default_factory=dict)
    transaction_pooler: bool = False


def parse_database_url(text: str) -> Address:
    """Read a provider's URL: `postgres://`, `postgresql://` or `postgresql+asyncpg://`, with libpq's query parameters.

    Raises:
        DatabaseUrlError: not a PostgreSQL URL, or a parameter that is not known.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise DatabaseUrlError("is not a database URL; write postgresql://USER:PASSWORD@HOST:5432/NAME") from None
    if url.drivername not in _SCHEMES:
        raise DatabaseUrlError(
            f"is for {url.drivername}; only PostgreSQL works: postgresql://USER:PASSWORD@HOST:5432/NAME"
        )
    query = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    address = Address(url.set(drivername=DRIVER, query=_kept(query)))
    _set_ssl(address, query)
    for name, value in query.items():
        _apply(address, name, value)
    return address


def _kept(query: Mapping[str, str]) -> dict[str, str]:
    """Unix sockets are given as `?host=/folder`, which SQLAlchemy understands."""
    return {name: query[name] for name in ("host", "port") if name in query}


def _apply(address: Address, name: str, value: str) -> None:
    if name in _IGNORED or name in {"host", "port", "sslmode", "ssl", *_SSL_FILES}:
        return
    if name not in _PARAMETERS:
        raise DatabaseUrlError(f"has the parameter {name!r}, which is not known; remove it")
    _PARAMETERS[name](address, value)


def _application_name(address: Address, value: str) -> None:
    address.server_settings["application_name"] = value


def _connect_timeout(address: Address, value: str) -> None:
    if not value.isdecimal():
        raise DatabaseUrlError("needs a whole number of seconds as connect_timeout")
    if seconds := min(int(value), MAX_CONNECT_SECONDS):  # 0 means no limit to libpq; ours stays
        address.connect_args["timeout"] = float(seconds)


def _options(address: Address, value: str) -> None:
    """`-c name=value -c name=value`, as PGOPTIONS."""
    for option in value.replace("-c ", "-c").split():
        name, equals, setting = option.removeprefix("-c").removeprefix("--").partition("=")
        if not equals:
            raise DatabaseUrlError("needs options of the form -c name=value")
        address.server_settings[name] = setting


def _pgbouncer(address: Address, value: str) -> None:
    address.transaction_pooler = value.lower() == "true"


def _schema(address: Address, value: str) -> None:
    address.server_settings["search_path"] = value


def _target_session_attrs(address: Address, value: str) -> None:
    address.connect_args["target_session_attrs"] = value


_PARAMETERS: Mapping[str, Callable[[Address, str], None]] = {
    "application_name": _application_name,
    "connect_timeout": _connect_timeout,
    "options": _options,
    "pgbouncer": _pgbouncer,
    "schema": _schema,
    "target_session_attrs": _target_session_attrs,
}


def _set_ssl(address: Address, query: Mapping[str, str]) -> None:
    mode = query.get("sslmode", query.get("ssl"))
    if mode is None:
        return
    mode = {"true": "require", "false": "disable"}.get(mode, mode)
    if mode not in _SSL_MODES:
        raise DatabaseUrlError(f"needs an sslmode out of {', '.join(sorted(_SSL_MODES))}")
    files = [name for name in _SSL_FILES if name in query]
    if files and mode in {"disable", "allow", "prefer"}:
        raise DatabaseUrlError(
            f"names a file as {files[0]}, which sslmode={mode} does not use; write sslmode=verify-full"
        )
    if mode == "require" and "sslrootcert" in query:
        mode = "verify-ca"  # as libpq does
    address.connect_args["ssl"] = _context(mode, query) if files or mode.startswith("verify") else mode


def _context(mode: str, query: Mapping[str, str]) -> ssl.SSLContext:
    root = query.get("sslrootcert", "system")
    for name in _SSL_FILES:
        if (path := query.get(name, "system")) != "system" and not Path(path).is_file():
            raise DatabaseUrlError(f"names a file as {name} that is not there")
    context = ssl.create_default_context(cafile=None if root == "system" else root)
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE  # encrypted, to whomever: what the mode means without a root certificate
    if "sslcert" in query:
        context.load_cert_chain(query["sslcert"], query.get("sslkey"))
    return context
