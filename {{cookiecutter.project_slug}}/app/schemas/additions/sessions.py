"""Signing in: an address and a password are compared in the form in which they are stored."""

from pydantic import field_validator

from app.schemas import sessions
from app.schemas.additions.accounts import normalise_email, normalise_password


class Login(sessions.Login):
    """What a person signs in with."""

    _normalise_email = field_validator("email")(normalise_email)
    _normalise_password = field_validator("password")(normalise_password)
