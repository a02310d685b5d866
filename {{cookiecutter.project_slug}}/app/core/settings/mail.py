"""Settings of outgoing mail, and of the links in it."""

from email.utils import parseaddr
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.core.settings.base import SettingsGroup, deployed

SCHEMES: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
FORM: Final = "must be smtp://USER:PASSWORD@HOST:587 for STARTTLS, smtps:// for TLS from the start, or smtp+plain://HOST for neither"


class MailSettings(SettingsGroup):
    """The server that takes messages, and what stands in them."""

    mail_url: SecretStr | None = Field(
        default=None,
        description="mail server, as smtp://USER:PASSWORD@HOST:587; when empty, in development, messages go into the log",
    )
    mail_from: str = Field(
        default="no-reply@localhost", description="sender of messages, as My Service <no-reply@example.com>"
    )
    mail_seconds: float = Field(default=20, ge=1, le=300, description="seconds that the mail server may take")
    links_url: str = Field(
        default="http://localhost:3000",
        description="where links in messages lead: the address of the pages that people see",
    )

    @field_validator("mail_url")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            if deployed(info):
                raise ValueError(f"is missing; {FORM}")
            return None
        url = split_mail_url(value)
        if url.scheme not in SCHEMES or not url.hostname or url.path.strip("/") or url.query or url.fragment:
            raise ValueError(FORM)
        if url.scheme == "smtp+plain" and url.username:
            raise ValueError("must not send a password without TLS: use smtp:// or smtps://")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_a_sender(cls, value: str, info: ValidationInfo) -> str:
        address = parseaddr(value)[1]
        if not value.isprintable() or address.count("@") != 1 or not all(address.split("@")):
            raise ValueError("must be an address, as My Service <no-reply@example.com>")
        if deployed(info) and address.endswith("@localhost"):
            raise ValueError("is missing; set an address of a domain that the mail server may send for")
        return value

    @field_validator("links_url")
    @classmethod
    def _is_a_place(cls, value: str, info: ValidationInfo) -> str:
        url = urlsplit(value)
        if url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment:
            raise ValueError("must be an address, as https://app.example.com")
        if deployed(info) and url.scheme != "https":
            raise ValueError("must be https:// outside development: links carry secrets")
        return value.rstrip("/")


def split_mail_url(url: SecretStr) -> SplitResult:
    """The parts of `mail_url`.

    Raises:
        ValueError: a port that is none, or brackets that do not close.
    """
    parts = urlsplit(url.get_secret_value())
    try:
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise ValueError(FORM) from None
    return parts


def credentials_of(url: SplitResult) -> tuple[str | None, str | None]:
    """The user and the password, without the escapes of an address."""
    return url.username and unquote(url.username), url.password and unquote(url.password)
