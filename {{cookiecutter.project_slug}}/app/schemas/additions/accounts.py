"""Accounts with a password: what is accepted as a login name and as a password."""

import re
import unicodedata

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.schemas import accounts

MIN_PASSWORD = 12
MAX_PASSWORD = 128
MIN_DIFFERENT = 5
_EMAIL = re.compile(r"[^@]+@[^@.]+(\.[^@.]+)*")
# Letters and digits of all scripts, with their marks (IdentifierClass of PRECIS, RFC 8264 4.2 and 9.1). What else there is beyond ASCII is shown as nothing,
# or alike: format characters, blanks, code points without a character. With it, one address would make any number of accounts that look alike.
_LETTERS = frozenset({"Ll", "Lu", "Lo", "Lm", "Mn", "Mc", "Nd"})
# Default_Ignorable_Code_Point of Unicode that are letters or marks by category, and still shown as nothing.
_INVISIBLE = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# The first that anybody tries, of those that are long enough; written without capitals.
_COMMON = frozenset(
    {
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123456789abc",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "abcdefghijkl",
        "administrator",
        "changeme1234",
        "correcthorsebatterystaple",
        "iloveyou1234",
        "letmein12345",
        "motdepasse12",
        "motdepasse123",
        "motdepasse1234",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "q1w2e3r4t5y6",
        "qwerty123456",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdf",
        "welcome12345",
    }
)


def normalise_email(text: str) -> str:
    """The one spelling of an address that is stored and looked for: NFKC, then lower case; characters that nobody sees are refused.

    No mail is sent to it, so two addresses that look alike may well be one login name; the second registration just changes nothing.
    """
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    # Compatibility forms can hide an @ or a blank.
    if not _EMAIL.fullmatch(normal) or not all(map(_is_visible, normal)):
        raise PydanticCustomError("email_form", "This is not an e-mail address.")
    return normal


def _is_visible(character: str) -> bool:
    if character.isascii():
        return character.isprintable() and character != " "
    return unicodedata.category(character) in _LETTERS and not _INVISIBLE.match(character)


def check_password_strength(text: str) -> str:
    """A password that may be chosen, as it is hashed: NFKC, so that every keyboard writes it alike."""
    normal = unicodedata.normalize("NFKC", text)
    if not MIN_PASSWORD <= len(normal) <= MAX_PASSWORD:
        limits = {"min": MIN_PASSWORD, "max": MAX_PASSWORD}
        raise PydanticCustomError("password_length", "A password has {min} to {max} characters.", limits)
    if normal.lower() in _COMMON or len(set(normal)) < MIN_DIFFERENT:
        raise PydanticCustomError("password_common", "This password is among the first that anybody tries.")
    return normal


def is_email_name(password: str, email: str) -> bool:
    """Whether a password is only the address, or the part before the @."""
    return password.lower() in {email, email.partition("@")[0]}


def normalise_password(text: str) -> str:
    """A password that is only compared, in the form that is hashed; the rules may have been others when it was chosen."""
    return unicodedata.normalize("NFKC", text)


class Registration(accounts.Registration):
    """A person who wants an account."""

    _normalise_email = field_validator("email")(normalise_email)
    _check_password = field_validator("password")(check_password_strength)

    @field_validator("password")
    @classmethod
    def _password_is_not_the_email(cls, value: str, info: ValidationInfo) -> str:
        if is_email_name(value, info.data.get("email", "")):
            raise PydanticCustomError("password_is_email", "The password must not be the e-mail address.")
        return value


class PasswordChange(accounts.PasswordChange):
    """The current password and the new one."""

    _normalise_current = field_validator("current_password")(normalise_password)
    _check_new = field_validator("new_password")(check_password_strength)
