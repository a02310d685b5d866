"""Links for accounts: addresses and passwords by the same rules as at the registration."""

from pydantic import field_validator

from app.schemas import account_links
from app.schemas.additions.accounts import check_password_strength, normalise_email, normalise_password


class EmailChange(account_links.EmailChange):
    """Another address, and the password."""

    _normalise_email = field_validator("email")(normalise_email)
    _normalise_password = field_validator("current_password")(normalise_password)


class ForgottenPassword(account_links.ForgottenPassword):
    """Whose password is forgotten."""

    _normalise_email = field_validator("email")(normalise_email)


class PasswordReset(account_links.PasswordReset):
    """What a link carries, and the new password."""

    _check_new = field_validator("new_password")(check_password_strength)
