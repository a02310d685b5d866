"""What all bodies share."""

from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, field_validator
from pydantic_core import CoreSchema, core_schema

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


@dataclass(frozen=True)
class DecimalText:
    """An exact number, such as money, that goes over the wire as text: `Annotated[Decimal, DecimalText(pattern)]`."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.str_schema(strict=True, pattern=self.pattern, metadata=_DECIMAL)
        return core_schema.no_info_before_validator_function(
            lambda value: format(value, "f") if isinstance(value, Decimal) else value,
            core_schema.no_info_after_validator_function(Decimal, written),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value, info: format(value, "f") if info.mode_is_json() else value, info_arg=True
            ),
        )


_DECIMAL = {"pydantic_js_updates": {"format": "decimal"}}
