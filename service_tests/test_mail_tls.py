"""Mail goes out encrypted, to a server whose certificate somebody has signed whom we trust; otherwise nothing is said."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiosmtplib import SMTPException

from app.core.mail import send
from app.core.settings.mail import MailSettings
from tests.plugins.mail import MAIL_SETTINGS, Mailbox

Serve = Callable[[str], AbstractAsyncContextManager[int]]


@pytest.fixture
def serve(mailbox: Mailbox, certificate: Path) -> Serve:
    """`async with serve("smtps") as port`: a server that speaks TLS from the start, or after STARTTLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def start_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        await reader.readline()
        writer.write(b"250-mail.test\r\n250 STARTTLS\r\n")
        if (await reader.readline()).strip().upper() == b"STARTTLS":
            writer.write(b"220 go on\r\n")
            await writer.start_tls(context)
            await mailbox.talk(reader, writer, greets=False)

    @asynccontextmanager
    async def serving(scheme: str) -> AsyncIterator[int]:
        talk, encrypted = (mailbox.talk, context) if scheme == "smtps" else (start_tls, None)
        async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=encrypted) as server:
            yield server.sockets[0].getsockname()[1]

    return serving


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_message_goes_to_a_server_that_is_trusted_only(
    monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox, serve: Serve, certificate: Path, *, scheme: str, trusted: bool
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async with serve(scheme) as port:
        values = MAIL_SETTINGS | {"mail_url": f"{scheme}://127.0.0.1:{port}", "mail_seconds": 10}
        settings = MailSettings.model_validate(values)
        try:
            await send(settings, to="ada@example.com", subject="Hello", text="Hello.\n", key="job-7")
        except (SMTPException, OSError):
            assert not trusted

    assert len(mailbox.messages) == trusted
