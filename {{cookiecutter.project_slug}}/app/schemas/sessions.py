"""Signing in and out, and the places where the caller is signed in.

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.schemas.base import Input, Output


class Login(Input):
    """What a person signs in with."""

    email: Annotated[str, Field(max_length=254, pattern="^[^@\\s\\x00-\\x1f\\x7f]+@[^@\\s\\x00-\\x1f\\x7f]+$")]
    password: Annotated[str, Field(max_length=512, pattern="^[^\\x00]*$")]


class RefreshToken(Input):
    """A refresh token, as signing in or the last refresh gave it."""

    refresh_token: Annotated[str, Field(max_length=512, pattern="^[^\\x00]*$")]


class Tokens(Output):
    """The token that requests carry, and the one that gets the next pair. Times are in seconds from now."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(ge=0)]
    refresh_token: str
    refresh_expires_in: Annotated[int, Field(ge=0)]


class SessionRead(Output):
    """One place where the caller is signed in; `current` marks the one that asks."""

    id: UUID
    created_at: AwareDatetime
    last_used_at: AwareDatetime
    expires_at: AwareDatetime
    user_agent: str
    current: bool


class SessionList(Output):
    """Where the caller is signed in, last used first."""

    sessions: list[SessionRead]
