"""What Clerk's webhook sends, as far as it is used. Source: https://clerk.com/docs/guides/development/webhooks/overview

Clerk adds fields and kinds of event at will, so that what is not known is ignored here.
"""

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter

MAX_NAME: Final = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Subject = Annotated[str, StringConstraints(pattern=r"^user_[A-Za-z0-9_-]{1,128}$")]
Milliseconds = Annotated[int, Field(ge=0, lt=2**53)]


class ClerkProfile(BaseModel):
    """A user of Clerk as of `updated_at`, in milliseconds since 1970."""

    id: Subject
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    updated_at: Milliseconds

    @property
    def display_name(self) -> str:
        """The name to show; empty where Clerk knows none. People may put anything into their names: control characters stay out."""
        name = _CONTROL.sub("", f"{self.first_name or ''} {self.last_name or ''}").strip()
        return (name or _CONTROL.sub("", self.username or "").strip())[:MAX_NAME]


class _Gone(BaseModel):
    id: Subject


class ClerkUserChanged(BaseModel):
    """A user was made or changed."""

    type: Literal["user.created", "user.updated"]
    data: ClerkProfile


class ClerkUserDeleted(BaseModel):
    """A user is gone for good: Clerk never gives an id again."""

    type: Literal["user.deleted"]
    data: _Gone


class _Other(BaseModel):
    type: str


ClerkEvent = ClerkUserChanged | ClerkUserDeleted
_KNOWN: TypeAdapter[ClerkEvent] = TypeAdapter(Annotated[ClerkEvent, Field(discriminator="type")])
_KNOWN_TYPES: Final = frozenset({"user.created", "user.updated", "user.deleted"})


def read_event(body: bytes) -> ClerkEvent | None:
    """The event of a message; None for a kind that means nothing here.

    Raises:
        ValueError: no event, or one of a known kind that lacks what belongs to it.
    """
    if _Other.model_validate_json(body).type not in _KNOWN_TYPES:
        return None
    return _KNOWN.validate_json(body)
