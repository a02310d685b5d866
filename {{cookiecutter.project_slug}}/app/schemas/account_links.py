"""Links by e-mail, which confirm addresses and reset passwords.

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from typing import Annotated

from pydantic import Field

from app.schemas.base import Input, Output


class EmailRead(Output):
    """An address, and whether its owner has shown to read it."""

    email: str
    confirmed: bool


class EmailChange(Input):
    """Another address, and the password."""

    email: Annotated[str, Field(max_length=254, pattern="^[^@\\s\\x00-\\x1f\\x7f]+@[^@\\s\\x00-\\x1f\\x7f]+$")]
    current_password: Annotated[str, Field(max_length=512, pattern="^[^\\x00]*$")]


class Link(Input):
    """What a link carries after `#token=`."""

    token: Annotated[str, Field(max_length=100, pattern="^[^\\x00]*$")]


class ForgottenPassword(Input):
    """Whose password is forgotten."""

    email: Annotated[str, Field(max_length=254, pattern="^[^@\\s\\x00-\\x1f\\x7f]+@[^@\\s\\x00-\\x1f\\x7f]+$")]


class PasswordReset(Input):
    """What a link carries after `#token=`, and the new password."""

    token: Annotated[str, Field(max_length=100, pattern="^[^\\x00]*$")]
    new_password: Annotated[str, Field(max_length=512, pattern="^[^\\x00]*$")]
