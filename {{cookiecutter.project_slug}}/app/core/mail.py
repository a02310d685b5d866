"""Outgoing mail by SMTP: encrypted, to a server whose certificate is good, unless `MAIL_URL` says otherwise. `docs/mail.md`."""

import asyncio
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime, parseaddr
from typing import Final
from urllib.parse import SplitResult

import aiosmtplib

from app.core.logging import get_logger
from app.core.settings.mail import SCHEMES, MailSettings, credentials_of, split_mail_url

log = get_logger(__name__)
PERMANENT: Final = 500  # RFC 5321 4.2.1: trying again does not help


async def send(settings: MailSettings, *, to: str, subject: str, text: str, key: str) -> None:
    """Hand a message to the mail server; in development without one, to the log.

    An address to which nothing can be sent is a line in the log, since trying again would not help. `key` names the message: of two with
    the same one, which a retry can make, most mailboxes show one.

    Raises:
        SMTPException, OSError: the server is away, or does not take it now.
    """
    try:
        message = _message(settings.mail_from, to, subject, text, key)
    except (ValueError, MessageError) as error:
        log.warning("mail refused", key=key, cause=str(error) or type(error).__name__)
        return
    if settings.mail_url is None:
        log.info("mail", to=to, subject=subject, text=text)
        return
    try:
        async with asyncio.timeout(settings.mail_seconds):
            await _deliver(message, split_mail_url(settings.mail_url), settings.mail_seconds)
    except aiosmtplib.SMTPRecipientsRefused as error:
        code = error.recipients[0].code
        if code < PERMANENT:
            raise
        log.warning("mail refused", key=key, cause=f"{code} {error.recipients[0].message}")


def _message(mail_from: str, to: str, subject: str, text: str, key: str) -> EmailMessage:
    name, sender = parseaddr(mail_from)
    local, _, domain = to.rpartition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = Address(addr_spec=f"{local}@{domain.encode('idna').decode()}")  # as one address, or ValueError
    message["Subject"] = subject
    message["Date"] = localtime()
    message["Message-ID"] = f"<{key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is to answer that they are out of office
    message.set_content(text)
    return message


async def _deliver(message: EmailMessage, server: SplitResult, seconds: float) -> None:
    username, password = credentials_of(server)
    await aiosmtplib.send(
        message,
        hostname=server.hostname,
        port=server.port or SCHEMES[server.scheme],
        username=username,
        password=password,
        use_tls=server.scheme == "smtps",
        start_tls=server.scheme == "smtp",  # a server that does not offer it gets nothing
        local_hostname="localhost",  # the default asks DNS, on the event loop
        timeout=seconds,
    )
