"""A mail server on 127.0.0.1 that speaks SMTP (RFC 5321) and keeps what it is sent."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.account_links import AccountLink
from app.services import account_links
from tests.api.query_tables import EXAMPLES
from tests.plugins.sign_in_jwt import register

MAIL_SETTINGS = {
    "mail_url": "smtp+plain://127.0.0.1:1",
    "mail_from": "My Service <no-reply@example.com>",
    "links_url": "https://app.example.com",
}


class Mailbox:
    """The server. `answers` says something else than yes to a command: `{"RCPT": "550 nobody here"}`; `hangs`, nothing at all."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.commands: list[str] = []
        self.hangs = False
        self.port = 0

    @property
    def url(self) -> str:
        """What `MAIL_URL` is for it."""
        return f"smtp+plain://127.0.0.1:{self.port}"

    @property
    def texts(self) -> list[tuple[str, str, str]]:
        """To whom, about what, and what, of each message."""
        return [(each["To"], each["Subject"], each.get_content()) for each in self.messages]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, greets: bool = True) -> None:
        """One conversation."""
        if self.hangs:
            await reader.read()
        if greets:
            writer.write(b"220 mail.test\r\n")
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line)
            command = line.partition(" ")[0].upper()
            answer = self.answers.get(
                command, {"EHLO": "250 mail.test", "DATA": "354 go on", "QUIT": "221 bye"}.get(command, "250 ok")
            )
            writer.write(f"{answer}\r\n".encode())
            if answer == "354 go on":
                content = await reader.readuntil(b"\r\n.\r\n")
                self.messages.append(message_from_bytes(content[:-5].replace(b"\r\n..", b"\r\n."), policy=default))
                writer.write(b"250 kept\r\n")
        writer.close()


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """An empty mailbox, behind a server that listens."""
    made = Mailbox()
    async with await asyncio.start_server(made.talk, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


@pytest.fixture
def sign_in_settings(sign_in_settings: dict[str, str]) -> dict[str, str]:
    """What the service needs to start where it is deployed; nothing listens there."""
    return sign_in_settings | MAIL_SETTINGS


@pytest.fixture
async def members_with_links(members: httpx2.AsyncClient, session: AsyncSession) -> httpx2.AsyncClient:
    """`members`, with links of Grace that have the tokens of the contract's examples."""
    await register(members, "grace@example.com", str((EXAMPLES["PUT /api/v1/auth/email"] or {})["current_password"]))
    owner = await account_links.find_owner(session, email="grace@example.com")
    for purpose, operation in (("confirm", "email/confirm"), ("reset", "password/reset")):
        token = str((EXAMPLES[f"POST /api/v1/auth/{operation}"] or {})["token"])
        values = {"user_id": owner and owner.user_id, "purpose": purpose, "email": "grace@example.com", "job_id": 0}
        hashed = sha256(token.encode()).digest()
        session.add(AccountLink(**values, token_hash=hashed, expires_at=datetime.now(UTC) + timedelta(minutes=5)))
    await session.flush()
    return members
