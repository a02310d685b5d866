"""The lint of `contracts/events.yaml`, and messages that are held to it."""

from collections.abc import Callable

import pytest

from service_devkit.contract.document import parse
from service_devkit.contract.events import event_faults, violations
from service_devkit.contract.values import Json

EVENTS = """\
type: object
additionalProperties: false
required: [type, id]
properties:
  type:
    oneOf:
      - const: book.made
        description: There is another book.
  id: { type: string, format: uuid }
examples:
  - { type: book.made, id: 5f2c7b1e-8a4d-4f6e-9b3a-2d1c0e9f8a7b }
"""


def test_right_schema_has_no_fault() -> None:
    assert list(event_faults(parse(EVENTS, name="events.yaml"))) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("type: object", "type: objekt", "'objekt' is not valid"),
        ("required: [type, id]", "required: type", "'type' is not of type 'array'"),
        ("const: book.made", "const: BookMade", "BookMade is not written as noun.verb"),
        ("const: book.made", "const: book.made.twice", "book.made.twice is not written as noun.verb"),
        ("        description: There is another book.\n", "", "book.made needs a description"),
        ("  id: {", "      - { const: book.made, description: Again. }\n  id: {", "book.made stands there 2 times"),
        ("examples:\n  - {", "x-examples:\n  - {", "needs examples"),
        ("- { type: book.made, id: 5f", "- { type: book.lost, id: 5f", "example 1: $.type"),
        ("id: 5f2c7b1e-8a4d", "id: 8a4d", "example 1: $.id"),
    ],
)
def test_fault_is_named(old: str, new: str, said: str) -> None:
    assert EVENTS.count(old) >= 1

    faults = event_faults(parse(EVENTS.replace(old, new, 1), name="events.yaml"))

    assert said in " ".join(fault.text for fault in faults)


def test_schema_without_kinds_is_a_fault() -> None:
    faults = list(event_faults(parse("type: object\nexamples: [{}]\n", name="events.yaml")))

    assert "needs `oneOf`" in faults[0].text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda message: message | {"type": "book.lost"}, "$.type"),
        (lambda message: message | {"more": 1}, "'more' was unexpected"),
        (lambda message: {"type": message["type"]}, "'id' is a required property"),
        (lambda message: message, ""),
    ],
)
def test_message_is_held_to_the_schema(change: Callable[[dict[str, Json]], dict[str, Json]], said: str) -> None:
    message = change({"type": "book.made", "id": "5f2c7b1e-8a4d-4f6e-9b3a-2d1c0e9f8a7b"})

    found = " ".join(violations(parse(EVENTS, name="events.yaml"), message))

    assert said in found
    assert bool(found) is bool(said)
