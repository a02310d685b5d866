"""Signing in with a password, and the sessions that follow."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.schemas.accounts import Email, Password
from app.schemas.base import TEXT, Input, Output


class Login(Input):
    """What a person signs in with."""

    email: Email
    password: Password


class RefreshToken(Input):
    """A refresh token, as signing in or the last refresh gave it."""

    refresh_token: Annotated[str, StringConstraints(max_length=512, pattern=TEXT)]


class Tokens(Output):
    """The token that requests carry, and the one that gets the next pair. Times are in seconds from now."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(ge=0)
    refresh_token: str
    refresh_expires_in: int = Field(ge=0)


class SessionRead(Output):
    """One place where the caller is signed in; `current` marks the one that asks."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str
    current: bool


class SessionList(Output):
    """Where the caller is signed in, last used first."""

    sessions: list[SessionRead]
