"""Why the database could not be used, and what to do: for operators, in commands and in the log. Callers get a sentence without it.

The text of an error is repeated where PostgreSQL or the system wrote it: neither knows the password.
"""

import socket
import ssl
from collections.abc import Iterator

from app.core.errors import Unavailable

_CHECK_ADDRESS = "start PostgreSQL, or correct host and port of DATABASE_URL"
_REFUSED_TLS = "rejected SSL upgrade"  # asyncpg's words; it has no class of its own for this
# The first that fits: more exact kinds stand before wider ones.
_REMEDIES: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "the host is not known: correct it in DATABASE_URL, or look at the name server"),
    (
        ssl.SSLCertVerificationError,
        "the certificate of the server is not trusted: name the provider's authority with sslrootcert=FILE, and the host as the certificate does",
    ),
    (ssl.SSLError, "TLS failed: compare sslmode, sslcert and sslkey of DATABASE_URL with what the server wants"),
    (ConnectionRefusedError, f"nothing listens there: {_CHECK_ADDRESS}"),
    (FileNotFoundError, f"there is no such socket: {_CHECK_ADDRESS}"),
    (PermissionError, "this user may not: give it access to the socket, or to the files that DATABASE_URL names"),
    (TimeoutError, "no answer in time: a wrong host, a firewall in between, or a server that hangs"),
    (ConnectionError, f"the connection was cut: {_CHECK_ADDRESS}"),
    (OSError, _CHECK_ADDRESS),
)
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_REMEDIES_BY_CODE = {
    "28P01": "correct user and password of DATABASE_URL",
    "28000": "correct user and sslmode of DATABASE_URL, or let the user in with pg_hba.conf",
    "3D000": "create the database, or correct its name in DATABASE_URL",
    "42501": "give the user of DATABASE_URL this right, or take another",
    "42P01": "run `python -m app migrate`",
    "53300": "lower DB_POOL_SIZE or WORKERS, put a pooler in between, or raise max_connections",
    "57P03": "wait until it has started, or look at the log of PostgreSQL",
}


def cause_of(error: BaseException) -> str:
    """One line: what happened, and where it is known, what to do about it."""
    for link in _chain(error):
        if isinstance(link, Unavailable) and link.reason:
            return link.reason
        code = getattr(link, "sqlstate", None)
        if code in _REMEDIES_BY_CODE:
            return f"{_first_line(link)}; {_REMEDIES_BY_CODE[code]}"
        if _REFUSED_TLS in str(link):
            return f"{_first_line(link)}; switch TLS on in the server, or correct sslmode of DATABASE_URL"
        for kind, remedy in _REMEDIES:
            if isinstance(link, kind):
                return f"{_first_line(link)}; {remedy}"
    return _first_line(getattr(error, "orig", error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
