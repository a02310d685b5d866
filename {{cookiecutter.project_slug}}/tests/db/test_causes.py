"""What operators learn about an error of the database."""

import ssl

import pytest
from sqlalchemy.exc import DBAPIError

from app.core.errors import Unavailable
from app.core.i18n import Text
from app.db.causes import cause_of
from app.db.errors import unavailable


def _certificate_error() -> ssl.SSLCertVerificationError:
    return ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (_certificate_error(), "self-signed certificate; the certificate of the server is not trusted"),
        (ssl.SSLError(1, "wrong version number"), "wrong version number; TLS failed"),
        (TimeoutError(), "TimeoutError; no answer in time"),
        (ConnectionResetError(104, "Connection reset by peer"), "the connection was cut"),
        (OSError(113, "No route to host"), "No route to host; start PostgreSQL"),
        (PermissionError(13, "Permission denied"), "this user may not"),
        (Unavailable(Text("A sentence."), reason="The reason."), "The reason."),
        (Unavailable(Text("A sentence.")), "A sentence."),
        (ValueError("one\ntwo"), "one"),
        (DBAPIError("SELECT 'hidden-from-all'", None, ValueError("said\nmore")), "said"),
    ],
)
def test_operators_are_told_cause_and_remedy(error: Exception, message: str) -> None:
    assert message in cause_of(error)
    assert "hidden-from-all" not in cause_of(error)
    assert len(cause_of(error).splitlines()) == 1


def test_callers_get_a_sentence_without_the_cause() -> None:
    error = unavailable(ConnectionRefusedError(111, "Connect call failed ('10.0.0.1', 5432)"))

    assert error.detail == "The database does not answer. Try again in a moment."
    assert "10.0.0.1" in error.reason
