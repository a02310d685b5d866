"""Outgoing mail, by a real conversation with a mail server."""

import asyncio
from collections.abc import MutableMapping

import pytest
from aiosmtplib import SMTPException

from app.core.mail import send
from app.core.settings.mail import MailSettings
from tests.plugins.mail import MAIL_SETTINGS, Mailbox


def _settings(**values: object) -> MailSettings:
    return MailSettings.model_validate({**MAIL_SETTINGS, "mail_seconds": 5} | values)


async def _send(settings: MailSettings, to: str = "ada@example.com", subject: str = "Bonjour à tous") -> None:
    await send(settings, to=to, subject=subject, text="Voilà.\n.\nA line.\n", key="job-7")


async def test_message_arrives_as_it_was_written(mailbox: Mailbox) -> None:
    await _send(_settings(mail_url=mailbox.url))

    [message] = mailbox.messages
    assert mailbox.texts == [("ada@example.com", "Bonjour à tous", "Voilà.\n.\nA line.\n")]
    assert (message["From"], message["Message-ID"]) == ("My Service <no-reply@example.com>", "<job-7@example.com>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]


@pytest.mark.parametrize(
    ("to", "recipients"),
    [
        ("ada@bücher.example", ["RCPT TO:<ada@xn--bcher-kva.example>"]),
        ("a@example.com,b", []),
        ("a,victim@example.com", []),
        ("a@example.com\r\nBcc: victim@example.com", []),
        ("Ada <ada@example.com>", []),
        ("ада@example.com", []),
        ("a..b@example.com", []),
    ],
)
async def test_message_goes_to_one_address_or_to_nobody(
    mailbox: Mailbox, to: str, recipients: list[str], logs: list[MutableMapping[str, object]]
) -> None:
    await _send(_settings(mail_url=mailbox.url), to)

    assert [line for line in mailbox.commands if line.startswith("RCPT")] == recipients
    assert [line["event"] for line in logs] == ["mail refused"] * (not recipients)


async def test_header_is_not_broken_by_what_stands_in_it(mailbox: Mailbox) -> None:
    await _send(_settings(mail_url=mailbox.url), subject="Hello\r\nBcc: victim@example.com")

    assert not mailbox.messages


@pytest.mark.parametrize(
    ("answers", "event"),
    [
        ({"RCPT": "550 nobody of that name"}, "mail refused"),
        ({"RCPT": "450 try later"}, None),
        ({"DATA": "451 no space"}, None),
        ({"MAIL": "421 closing"}, None),
        ({"EHLO": "500 what?", "HELO": "500 what?"}, None),
    ],
    ids=str,
)
async def test_only_what_may_succeed_later_is_an_error(
    mailbox: Mailbox, answers: dict[str, str], event: str | None, logs: list[MutableMapping[str, object]]
) -> None:
    mailbox.answers = answers
    failed = False

    try:
        await _send(_settings(mail_url=mailbox.url))
    except SMTPException:
        failed = True

    assert failed is (event is None)
    assert [line["event"] for line in logs] == [event] * (event is not None)


@pytest.mark.parametrize("credentials", ["", "ada:visibly-fake@"])
async def test_server_without_encryption_gets_nothing(mailbox: Mailbox, credentials: str) -> None:
    with pytest.raises(SMTPException):
        await _send(_settings(mail_url=f"smtp://{credentials}127.0.0.1:{mailbox.port}"))

    assert not [line for line in mailbox.commands if line.startswith(("AUTH", "MAIL"))]


async def test_server_that_says_nothing_is_not_waited_for(mailbox: Mailbox) -> None:
    mailbox.hangs = True

    async with asyncio.timeout(30):
        with pytest.raises((SMTPException, TimeoutError)):
            await _send(_settings(mail_url=mailbox.url, mail_seconds=1))


async def test_absent_server_is_an_error() -> None:
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        await _send(_settings(mail_url="smtp+plain://127.0.0.1:1"))


async def test_development_reads_messages_in_the_log(logs: list[MutableMapping[str, object]]) -> None:
    await _send(_settings(mail_url=None))

    [line] = logs
    assert (line["event"], line["to"], line["text"]) == ("mail", "ada@example.com", "Voilà.\n.\nA line.\n")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mail_url": None}, "is missing"),
        ({"mail_url": "https://mail.example.com"}, "must be smtp://"),
        ({"mail_url": "smtp://mail.example.com:99999"}, "must be smtp://"),
        ({"mail_url": "smtp://"}, "must be smtp://"),
        ({"mail_url": "smtp+plain://ada:visibly-fake@mail.example.com"}, "must not send a password without TLS"),
        ({"mail_from": "no-reply@localhost"}, "is missing"),
        ({"mail_from": "nobody"}, "must be an address"),
        ({"mail_from": "A\n<a@example.com>"}, "must be an address"),
        ({"links_url": "http://app.example.com"}, "must be https://"),
        ({"links_url": "app.example.com"}, "must be an address"),
    ],
    ids=str,
)
def test_wrong_setting_is_found_at_the_start(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        _settings(environment="production", **changes)
