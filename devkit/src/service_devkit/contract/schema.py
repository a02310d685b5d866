"""One spelling for schemas that mean the same.

References are resolved, words for people are left out, and these become one: `nullable`, `type: [string, "null"]` and
`anyOf`; `const` and `enum`; one schema alone in `allOf`; `required: []` and none.
"""

from typing import Final

from service_devkit.contract.defaults import converted, text_of
from service_devkit.contract.references import resolve
from service_devkit.contract.values import Json, Node, canonical, in_one_order, mapping, sequence

WORDS_FOR_PEOPLE: Final = {"title", "description", "summary", "example", "examples", "externalDocs", "xml", "$comment"}
# FastAPI marks files by this, contracts by `format: binary`, and clients read neither.
UNUSED: Final = {"contentMediaType"}
ONE_SCHEMA: Final = {"items", "additionalProperties", "contains", "not", "propertyNames", "unevaluatedProperties"}
SCHEMAS_BY_NAME: Final = {"properties", "patternProperties", "dependentSchemas"}
SCHEMAS_IN_ANY_ORDER: Final = {"anyOf", "oneOf", "allOf"}
VALUES_IN_ANY_ORDER: Final = {"required", "enum"}
TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
# Carries the name of a component, so that a difference inside it is reported once; never compared.
NAME: Final = "$name"


class Schemas:
    """Spells the schemas of one document."""

    def __init__(self, document: Node) -> None:
        self.document = document

    def target(self, value: Json) -> Node:
        """The object itself, or what it refers to; what stands beside `$ref` wins."""
        node = mapping(value)
        while isinstance(reference := node.get("$ref"), str):
            beside = {key: each for key, each in node.items() if key != "$ref"}
            node = {**resolve(self.document, reference), **beside}
        return node

    def spell(self, value: Json, inside: tuple[str, ...] = ()) -> Json:
        """The schema in its one spelling; `inside` are the references on the way here, which ends recursion."""
        if not isinstance(value, dict):
            return value
        name = value.get("$ref")
        if not isinstance(name, str):
            return self._members(value, inside)
        if name in inside:
            return {"recursion": inside[::-1].index(name)}
        return {**self._members(value, (*inside, name)), NAME: name.rpartition("/")[2]}

    def _members(self, value: Node, inside: tuple[str, ...]) -> Node:
        promises = bounded({key: each for key, each in self.target(value).items() if _is_promise(key)})
        if "default" in promises:
            promises["default"] = text_of(converted(promises["default"], promises, self.target))
        spelled = {key: self._member(key, each, inside) for key, each in _one_union(promises).items()}
        return _without_unused_defaults(_tidy(spelled))

    def _member(self, key: str, value: Json, inside: tuple[str, ...]) -> Json:
        if key in SCHEMAS_BY_NAME:
            return {name: self.spell(each, inside) for name, each in mapping(value).items()}
        if key in ONE_SCHEMA:
            return self.spell(value, inside)
        if key in SCHEMAS_IN_ANY_ORDER:
            return sorted((self.spell(each, inside) for each in sequence(value)), key=_without_names)
        if key == "prefixItems":
            return [self.spell(each, inside) for each in sequence(value)]
        if key in VALUES_IN_ANY_ORDER:
            return in_one_order(value)
        return mapping(value).get("propertyName") if key == "discriminator" else value


def bounded(schema: Node) -> Node:
    """The formats of numbers as what they say: `int32` has limits, and `int64` and `double` are what every number is."""
    if (form := schema.get("format")) not in ("int32", "int64", "double"):
        return schema
    rest = {key: each for key, each in schema.items() if key != "format"}
    if form != "int32":
        return rest
    least, most = rest.get("minimum", -(2**31)), rest.get("maximum", 2**31 - 1)
    least = least if isinstance(least, int | float) and least > -(2**31) else -(2**31)
    most = most if isinstance(most, int | float) and most < 2**31 - 1 else 2**31 - 1
    return {**rest, "minimum": least, "maximum": most}


def _without_unused_defaults(schema: Node) -> Node:
    """What must be there never begins with its default; types have none then."""
    properties, required = mapping(schema.get("properties")), sequence(schema.get("required"))
    kept: Node = {
        name: {key: part for key, part in each.items() if key != "default"}
        if name in required and isinstance(each, dict)
        else each
        for name, each in properties.items()
    }
    return {**schema, "properties": kept} if "properties" in schema else schema


def unnamed(value: Json) -> Json:
    """The same without the names of components."""
    if isinstance(value, dict):
        return {key: unnamed(each) for key, each in value.items() if key != NAME}
    return [unnamed(each) for each in value] if isinstance(value, list) else value


def _without_names(value: Json) -> str:
    return canonical(unnamed(value))


def _is_promise(key: str) -> bool:
    return key not in WORDS_FOR_PEOPLE | UNUSED and not key.startswith("x-")


def _one_union(schema: Node) -> Node:
    """Spell every union, null included, as `anyOf`."""
    if isinstance(types := schema.get("type"), list):
        return _union(schema, "type", [{"type": each} for each in types])
    if schema.get("nullable") is True:
        return _union(schema, "nullable", [{}, {"type": "null"}])
    if "oneOf" in schema and "discriminator" not in schema:
        return {("anyOf" if key == "oneOf" else key): value for key, value in schema.items()}
    return schema


def _union(schema: Node, key: str, members: list[Node]) -> Node:
    rest = {name: value for name, value in schema.items() if name not in (key, "default")}
    default = {"default": schema["default"]} if "default" in schema else {}
    return {"anyOf": [each if each.get("type") == "null" else {**each, **rest} for each in members], **default}


def _tidy(schema: Node) -> Node:
    if "const" in schema:
        schema = {**schema, "enum": [schema["const"]]}
    for key in ("allOf", "anyOf"):
        members = sequence(schema.get(key))
        if len(members) == 1:
            own = {name: value for name, value in schema.items() if name != key}
            schema = {**mapping(members[0]), **own, **_joined(mapping(members[0]), own)}
    return {key: value for key, value in schema.items() if not _says_nothing(key, value, schema)}


def _joined(base: Node, own: Node) -> Node:
    """The properties of a base and of what extends it, which a framework writes out."""
    if "properties" not in base or "properties" not in own:
        return {}
    return {
        "properties": {**mapping(base["properties"]), **mapping(own["properties"])},
        "required": in_one_order([*sequence(base.get("required")), *sequence(own.get("required"))]),
    }


def _says_nothing(key: str, value: Json, schema: Node) -> bool:
    if key == "additionalProperties":
        return value is True or value == {}
    if key == "type" and isinstance(value, str) and value in TYPES and "enum" in schema:
        return all(isinstance(each, TYPES[value]) for each in sequence(schema["enum"]))
    return key == "const" or (key == "default" and value is None) or (key in ("required", "nullable") and not value)
