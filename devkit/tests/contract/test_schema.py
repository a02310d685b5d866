"""What means the same is spelled the same."""

from service_devkit.contract.schema import Schemas, unnamed
from service_devkit.contract.values import Node

PAGE: Node = {
    "type": "object",
    "required": ["total"],
    "properties": {"total": {"type": "integer"}, "limit": {"type": "integer"}},
}
EXTENDED: Node = {
    "allOf": [{"$ref": "#/components/schemas/Page"}],
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": {"type": "string"}}, "limit": {"type": "number"}},
}
WRITTEN_OUT: Node = {
    "type": "object",
    "required": ["items", "total"],
    "properties": {
        "total": {"type": "integer"},
        "limit": {"type": "number"},
        "items": {"type": "array", "items": {"type": "string"}},
    },
}


def test_schema_that_extends_another_is_the_same_as_one_that_is_written_out() -> None:
    schemas = Schemas({"components": {"schemas": {"Page": PAGE}}})

    extended, written_out = (unnamed(schemas.spell(schema)) for schema in (EXTENDED, WRITTEN_OUT))

    assert extended == written_out
