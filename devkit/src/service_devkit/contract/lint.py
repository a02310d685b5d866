"""The conventions for a contract, beyond what OpenAPI asks of it.

A rule is a function that yields what is wrong with one operation or one schema. A service drops one by its name in `without-rules` of
`[tool.devkit.contract]`; rules of its own belong into its `contracts/redocly.yaml`.
"""

import re
from collections.abc import Iterator
from typing import Final

from openapi_schema_validator import OAS31Validator, oas31_format_checker

from service_devkit.contract.document import Fault
from service_devkit.contract.implied import ADVICE, missing_of_callers, missing_of_requests
from service_devkit.contract.operation import Operation, operations_of
from service_devkit.contract.schema import Schemas
from service_devkit.contract.supported import unsupported
from service_devkit.contract.values import Json, Node, mapping, sequence

PROBLEM: Final = "application/problem+json"
PAGE: Final = {"limit", "offset"}
PAGE_MEMBERS: Final = {
    "items",
    "total",
    "limit",
    "offset",
    "after",
    "before",
    "next",
    "previous",
    "cursor",
    "next_cursor",
    "has_more",
}
_SNAKE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PATH: Final = re.compile(r"(/([a-z0-9]+([-.][a-z0-9]+)*|\{[a-z0-9_]+\}))+")
_SCHEMA: Final = re.compile(r"([A-Z][a-z0-9]*)+")


def has_descriptions(operation: Operation) -> Iterator[str]:
    """Summary, tags that the contract describes, and a description of every parameter."""
    known = {mapping(tag).get("name") for tag in sequence(operation.schemas.document.get("tags"))}
    tags = sequence(operation.node.get("tags"))
    if not operation.node.get("summary"):
        yield "needs a summary"
    if not tags or not set(map(str, tags)) <= known:
        yield "needs a tag that the contract describes"
    for parameter in operation.parameters:
        if not parameter.get("description"):
            yield f"the parameter {parameter.get('name')} needs a description"


def has_conventional_names(operation: Operation) -> Iterator[str]:
    """Paths in kebab-case; operation ids and parameters in snake_case."""
    if not _PATH.fullmatch(operation.path):
        yield "paths are written in lower case with dashes"
    if not _SNAKE.fullmatch(str(operation.node.get("operationId", ""))):
        yield "needs an operationId in snake_case"
    for parameter in operation.parameters:
        if parameter.get("in") in ("query", "path") and not _SNAKE.fullmatch(str(parameter.get("name"))):
            yield f"the parameter {parameter.get('name')} is not in snake_case"


def is_public_only_on_purpose(operation: Operation) -> Iterator[str]:
    """Any caller can be refused, and an operation for anybody says so itself: `security: []`."""
    for why, statuses in missing_of_callers(operation):
        yield f"{why}, so it can answer {', '.join(statuses)}: {ADVICE}"


def declares_its_errors(operation: Operation) -> Iterator[str]:
    """What is sent can be wrong; every error is a problem document."""
    for why, statuses in missing_of_requests(operation):
        yield f"{why}, so it can answer {', '.join(statuses)}: {ADVICE}"
    for status, response in operation.responses.items():
        if status >= "400" and list(mapping(response.get("content"))) != [PROBLEM]:
            yield f"{status} must be {PROBLEM}"


def paginates_lists(operation: Operation) -> Iterator[str]:
    """A list of items comes in pages, with a default and an upper limit."""
    bodies = operation.schemas_of(operation.responses.get("200", {}).get("content"))
    if not any(_is_page(operation, each) for each in bodies):
        return
    query = {
        str(each["name"]): mapping(each.get("schema")) for each in operation.parameters if each.get("in") == "query"
    }
    for name in sorted(PAGE - query.keys()):
        if name != "offset" or "after" not in query:  # a page that begins behind an item skips none
            yield f"returns items, so it needs the parameter {name}; a list that never has more has maxItems"
    for name in sorted(PAGE & query.keys()):
        if not {"default", "minimum", "maximum"} <= query[name].keys():
            yield f"the parameter {name} needs a default, a minimum and a maximum"


def has_examples(operation: Operation) -> Iterator[str]:
    """What is sent and what comes back is shown, but for files."""
    sent = operation.body
    received = [response.get("content") for status, response in operation.responses.items() if status < "400"]
    for schema in [each for content in (sent, *received) for each in operation.schemas_of(content)]:
        target = operation.schemas.target(schema)
        if not target.get("examples") and target.get("format") != "binary":
            yield f"the schema {_name_of(schema)} needs examples"


def schema_has_conventional_names(name: str, schema: Node) -> Iterator[str]:
    """Schemas in PascalCase, their properties in snake_case."""
    if not _SCHEMA.fullmatch(name):
        yield "is not in PascalCase"
    for each in mapping(schema.get("properties")):
        if not _SNAKE.fullmatch(each):
            yield f"the property {each} is not in snake_case"


OPERATION_RULES: Final = (
    has_descriptions,
    has_conventional_names,
    is_public_only_on_purpose,
    declares_its_errors,
    paginates_lists,
    has_examples,
)
SCHEMA_RULES: Final = (schema_has_conventional_names,)

DOCUMENT_RULES: Final = (unsupported,)

RULES: Final = tuple(rule.__name__ for rule in (*OPERATION_RULES, *SCHEMA_RULES, *DOCUMENT_RULES))


def findings(document: Node, *, without: frozenset[str] = frozenset()) -> Iterator[Fault]:
    """What a contract does against the rules but those `without`, each with its place."""
    schemas = Schemas(document)
    operation_rules = [rule for rule in OPERATION_RULES if rule.__name__ not in without]
    schema_rules = [rule for rule in SCHEMA_RULES if rule.__name__ not in without]
    for operation in operations_of(schemas):
        where = operation.where
        yield from (Fault(where, f"{operation.name}: {said}") for rule in operation_rules for said in rule(operation))
    for each in DOCUMENT_RULES:
        yield from each(document) if each.__name__ not in without else ()
    components = mapping(document.get("components"))
    for name, schema in mapping(components.get("schemas")).items():
        wrong = [said for rule in schema_rules for said in rule(name, mapping(schema))]
        wrong += _wrong_examples(mapping(schema), components)
        yield from (Fault(("components", "schemas", name), f"schema {name}: {said}") for said in wrong)


def _wrong_examples(schema: Node, components: Node) -> Iterator[str]:
    validator = OAS31Validator({"allOf": [schema], "components": components}, format_checker=oas31_format_checker)
    for number, example in enumerate(sequence(schema.get("examples"))):
        for error in validator.iter_errors(example):
            yield f"example {number + 1}: {error.json_path}: {error.message}"


def _is_page(operation: Operation, schema: Json) -> bool:
    """Whether a list is in it that can grow without end: an order with its `items` is none, since an order has an id or other members of its own.

    `total`, `limit`, `offset` and what points to a next page are what a page is made of. With `maxItems` a list has its end.
    """
    properties = mapping(operation.schemas.target(schema).get("properties"))
    items = operation.schemas.target(properties.get("items"))
    return items.get("type") == "array" and "maxItems" not in items and properties.keys() <= PAGE_MEMBERS


def _name_of(schema: Json) -> str:
    return str(mapping(schema).get("$ref", "of the body")).rpartition("/")[2]
