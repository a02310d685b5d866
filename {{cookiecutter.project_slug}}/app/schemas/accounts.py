"""People with a password.

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Input, Output


class Registration(Input):
    """A person who wants an account. A password has 12 to 128 characters; blanks around it are not part of it."""

    email: Annotated[str, Field(max_length=254, pattern="^[^@\\s\\x00-\\x1f\\x7f]+@[^@\\s\\x00-\\x1f\\x7f]+$")]
    password: Annotated[str, Field(max_length=512, pattern="^[^\\x00]*$")]
    display_name: Annotated[
        str,
        Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[^\\x00-\\x1f\\x7f\\s][^\\x00-\\x1f\\x7f]*$"),
    ]


class RegistrationAccepted(Output):
    """The answer to a registration, whether the address was free or not."""

    status: Literal["accepted"] = "accepted"


class PasswordChange(Input):
    """The current password and the new one."""

    current_password: Annotated[str, Field(max_length=512, pattern="^[^\\x00]*$")]
    new_password: Annotated[str, Field(max_length=512, pattern="^[^\\x00]*$")]
