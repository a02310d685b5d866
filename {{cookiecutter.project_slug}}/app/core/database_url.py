"""Database addresses as providers give them, turned into what SQLAlchemy and asyncpg take.

Providers write their URLs for libpq (https://www.postgresql.org/docs/current/libpq-connect.html); asyncpg refuses most of libpq's
query parameters, and SQLAlchemy reads a bare `postgresql://` as another driver.
"""

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+asyncpg"
MAX_CONNECT_SECONDS = 30
MAX_PORT = 65_535
DEFAULT_PORT = 5432
_SCHEMES = frozenset({"postgres", "postgresql", DRIVER})
_SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
# Hints for other clients (Prisma, libpq's channel binding) that asyncpg has no counterpart for.
_IGNORED = frozenset({"channel_binding", "connection_limit", "pool_timeout", "gssencmode", "sslcompression", "supa"})
_SSL_FILES = ("sslrootcert", "sslcert", "sslkey")
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
    url, hosts = _read(text.strip())
    if twice := [name for name, value in url.query.items() if not isinstance(value, str) and name != "host"]:
        raise DatabaseUrlError(f"has the parameter {twice[0]!r} more than once")
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    if hosts and "host" in query:
        raise DatabaseUrlError("has a host and the parameter host; write one of them")
    address = Address(url.set(drivername=DRIVER, query={}))
    _set_hosts(address, hosts or query.get("host", ""), query.get("port", ""))
    _set_ssl(address, query)
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


def _set_hosts(address: Address, hosts: str, ports: str) -> None:
    """One host, a folder with a socket (`%2Ftmp` or `?host=/tmp`), or several of them, which are tried in turn."""
    parts = [_HOST.fullmatch(unquote(host)) for host in hosts.split(",")] if hosts else []
    found = [(part["bracketed"] or part["name"], part["port"]) for part in parts if part]
    if len(found) < len(parts):
        raise DatabaseUrlError(
            f"has a host that can be none; write HOST:PORT, or a folder as ?host=/FOLDER; {_ESCAPES}"
        )
    given = ports.split(",")
    if len(given) not in {1, len(found)}:
        raise DatabaseUrlError("needs as many ports as hosts, or one")
    given = given * max(1, len(found)) if len(given) == 1 else given
    numbers = [_port(own or other) for (_, own), other in zip(found or [("", "")], given, strict=True)]
    if len(found) == 1:
        _set_host(address, found[0][0], numbers[0])
    elif found:  # asyncpg takes lists; SQLAlchemy's own form for several hosts has no IPv6
        address.connect_args.update(
            host=[name for name, _ in found], port=[number or DEFAULT_PORT for number in numbers]
        )
    elif numbers[0]:
        address.connect_args["port"] = numbers[0]


def _set_host(address: Address, name: str, port: int | None) -> None:
    if name.startswith("/"):  # SQLAlchemy knows sockets as parameters only
        address.url = address.url.update_query_dict({"host": name} | ({"port": str(port)} if port else {}))
    else:
        address.url = address.url.set(host=name, port=port)


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PORT:
        raise DatabaseUrlError(f"needs ports from 1 to {MAX_PORT}")
    return int(text)


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
    if "sslkey" in query and "sslcert" not in query:
        raise DatabaseUrlError("names a file as sslkey, which needs its certificate as sslcert")
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
    with _named("sslrootcert"):
        context = ssl.create_default_context(cafile=None if root == "system" else root)
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE  # encrypted, to whomever: what the mode means without a root certificate
    if "sslcert" in query:
        with _named("sslcert or sslkey"):
            context.load_cert_chain(query["sslcert"], query.get("sslkey"), password=_no_password)
    return context


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say of which file an error is."""
    try:
        yield
    except PermissionError:
        raise DatabaseUrlError(f"names a file as {name} that may not be read") from None
    except (ssl.SSLError, OSError):
        raise DatabaseUrlError(
            f"names a file as {name} that holds no certificate and key in PEM that belong together"
        ) from None


def _no_password() -> str:
    """Without this, OpenSSL would ask at the terminal, and a service would hang."""
    raise DatabaseUrlError("names a key as sslkey that is encrypted; decrypt it, nobody is there to type its password")
