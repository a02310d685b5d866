"""Values that go over the wire as text: what is taken, what it becomes, and that it goes out as it came."""

from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from app.schemas.base import TextFormat

TYPES: dict[str, TypeAdapter[object]] = {
    "decimal": TypeAdapter(Annotated[Decimal, TextFormat("decimal")]),
    "email": TypeAdapter(Annotated[str, TextFormat("email", max_length=20)]),
    "uri": TypeAdapter(Annotated[str, TextFormat("uri")]),
    "byte": TypeAdapter(Annotated[bytes, TextFormat("byte")]),
}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("decimal", "10.10", Decimal("10.10")),
        ("email", "ada@example.com", "ada@example.com"),
        ("uri", "https://example.com:8443/a?b=%20", "https://example.com:8443/a?b=%20"),
        ("uri", "mailto:ada@example.com", "mailto:ada@example.com"),
        ("byte", "AAEC", b"\x00\x01\x02"),
    ],
)
def test_value_goes_out_as_it_came(name: str, text: str, value: object) -> None:
    taken = TYPES[name].validate_python(text)

    assert taken == value
    assert TYPES[name].dump_json(taken) == f'"{text}"'.encode()


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("decimal", "ten", "decimal_form"),
        ("decimal", 10, "string_type"),
        ("email", "ada at example.com", "email_form"),
        ("email", "ada@a-very-long-name.example", "string_too_long"),
        ("uri", "example.com", "uri_form"),
        ("uri", "https:///path", "uri_host"),
        ("uri", "https://[::1", "uri_host"),
        ("byte", "AAEC=", "base64_form"),
        ("byte", "AAE", "base64_form"),
    ],
)
def test_what_has_another_form_is_refused(name: str, text: object, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TYPES[name].validate_python(text)

    assert [error["type"] for error in refused.value.errors()] == [code]
