"""What all bodies share."""

from pydantic import BaseModel, ConfigDict


class Input(BaseModel):
    """Base of what callers send: fields that are not known are refused, so that a typing error is not lost; blanks around a text are not part of it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Output(BaseModel):
    """Base of what callers get, read from rows and objects alike."""

    model_config = ConfigDict(from_attributes=True)
