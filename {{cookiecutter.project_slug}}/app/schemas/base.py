"""What all bodies share."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, field_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.schemas.strict import check_storable, strict_json, strict_text


class Input(BaseModel):
    """Base of what callers send: fields that are not known are refused, so that a typing error is not lost; blanks around a text are not part of it.

    Types are those of JSON, and what no column can hold is refused, whatever the contract forgot: `app/schemas/strict.py`.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """What pydantic makes of the fields, with strict types."""
        return strict_json(handler(source))

    @field_validator("*", mode="after")
    @classmethod
    def _can_be_stored(cls, value: object) -> object:
        check_storable(value)
        return value


class Query(BaseModel):
    """Base of what lists are asked for, in parameters that come as text."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """What pydantic makes of the fields, with texts that can be looked for."""
        return strict_text(handler(source))


class Output(BaseModel):
    """Base of what callers get, read from rows and objects alike."""

    model_config = ConfigDict(from_attributes=True)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise PydanticCustomError("decimal_form", "Input should be a number") from None


def _email(text: str) -> str:
    """Whether mail arrives tells only a mail; what is held is the form, and the length of RFC 5321, 4.5.3.1.3."""
    if not re.fullmatch(r"(?=.{3,254}$)[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+", text):
        raise PydanticCustomError("email_form", "This is not an e-mail address.")
    return text


def _uri(text: str) -> str:
    """RFC 3986: with a scheme, in ASCII; a link of the web names a host."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", text):
        raise PydanticCustomError("uri_form", "Input should be a URI")
    if not _has_host(text):
        raise PydanticCustomError("uri_host", "Input should be a URI with a host")
    return text


def _has_host(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        return parts.scheme not in {"http", "https"} or bool(parts.hostname and parts.port != 0)
    except ValueError:  # of the host or the port
        return False


def _bytes(text: str) -> bytes:
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        value = b""
    if b64encode(value).decode() != text:  # RFC 4648, 3.5: one text for the same bytes
        raise PydanticCustomError("base64_form", "Input should be base64")
    return value


_READ: Final[Mapping[str, Callable[[str], object]]] = {
    "decimal": _decimal,
    "email": _email,
    "uri": _uri,
    "byte": _bytes,
}


@dataclass(frozen=True)
class TextFormat:
    """A value that goes over the wire as text: `Annotated[Decimal, TextFormat("decimal", pattern=...)]` for money, `Annotated[bytes, TextFormat("byte")]`.

    `pattern` and the lengths are those of the text.
    """

    format: Literal["decimal", "email", "uri", "byte"]
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.str_schema(
            strict=True,
            pattern=self.pattern,
            min_length=self.min_length,
            max_length=self.max_length,
            metadata={"pydantic_js_updates": {"format": self.format}},
        )
        return core_schema.no_info_before_validator_function(
            _written,
            core_schema.no_info_after_validator_function(_READ[self.format], written),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value, info: _written(value) if info.mode_is_json() else value, info_arg=True
            ),
        )


def _written(value: object) -> object:
    match value:
        case Decimal():
            return format(value, "f")
        case bytes():
            return b64encode(value).decode()
    return value
