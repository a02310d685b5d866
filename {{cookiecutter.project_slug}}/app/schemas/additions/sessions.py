"""Signing in: an address and a password are compared in the form in which they are stored."""

from pydantic import field_validator

from app.schemas import sessions
from app.schemas.additions.accounts import normal_email, normal_password


class Login(sessions.Login):
    """What a person signs in with."""

    _normal_email = field_validator("email")(normal_email)
    _normal_password = field_validator("password")(normal_password)
