"""The contract of what a service sends without being asked: `contracts/events.yaml`, a JSON Schema of one message.

It is optional. Its members `properties.type.oneOf` list the kinds of events, each a `const` with a description.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # its types are a package of their own
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from service_devkit.contract.document import Fault
from service_devkit.contract.values import Json, Node, mapping, sequence

_TYPE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\.[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TYPES: Final = ("properties", "type", "oneOf")


def events_of(root: Path) -> Path:
    """Where a service keeps it."""
    return root / "contracts" / "events.yaml"


def event_faults(document: Node) -> Iterator[Fault]:
    """What is wrong with the schema of events, each with its place; the examples only where the schema is one."""
    metaschema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    wrong = [Fault(tuple(error.absolute_path), error.message) for error in metaschema.iter_errors(document)]
    yield from wrong or (*_wrong_types(document), *_wrong_examples(document))


def violations(document: Node, message: Json) -> Iterator[str]:
    """What a message does against the schema."""
    validator = OAS31Validator(document, format_checker=oas31_format_checker)
    yield from (f"{error.json_path}: {error.message}" for error in validator.iter_errors(message))


def _wrong_types(document: Node) -> Iterator[Fault]:
    kinds = sequence(mapping(mapping(document.get("properties")).get("type")).get("oneOf"))
    if not kinds:
        yield Fault(("properties", "type"), "needs `oneOf`: the kinds of events, each a `const` with a description")
    names = [str(mapping(kind).get("const")) for kind in kinds]
    for number, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        where = (*_TYPES, number)
        if not _TYPE.fullmatch(name):
            yield Fault(where, f"{name} is not written as noun.verb in snake_case")
        if not mapping(kind).get("description"):
            yield Fault(where, f"{name} needs a description")
    yield from (
        Fault(_TYPES, f"{name} stands there {count} times") for name, count in Counter(names).items() if count > 1
    )


def _wrong_examples(document: Node) -> Iterator[Fault]:
    examples = sequence(document.get("examples"))
    if not examples:
        yield Fault((), "needs examples")
    for number, example in enumerate(examples):
        yield from (
            Fault(("examples", number), f"example {number + 1}: {said}") for said in violations(document, example)
        )
