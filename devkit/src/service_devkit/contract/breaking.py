"""Finds what a new contract takes from the clients of an old one.

What callers send may be wanted less and allowed more; what they get may be promised more. Everything else breaks somebody: clients are taken to
know every field, every status below 400 and every value of an enumeration, and to send what the old contract allowed.
"""

from collections.abc import Iterator
from typing import Final

from service_devkit.contract.operations import Operations
from service_devkit.contract.schema import NAME, unnamed
from service_devkit.contract.values import Json, Node, canonical, mapping, sequence

# A bound that falls, or one that rises, refuses what was allowed before.
UPPER: Final = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
LOWER: Final = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
BY_MEMBER: Final = {"properties", "required", "enum", "items", "additionalProperties", "default", NAME}
FIRST_ERROR: Final = "400"


def breaking_changes(old: Operations, new: Operations) -> Iterator[str]:
    """One line for each change that breaks a client, with its operation."""
    for name in sorted(old):
        if name not in new:
            yield f"{name}: is gone"
            continue
        yield from (f"{name}: {change}" for change in _of_operation(old[name], new[name]))


def _of_operation(old: Node, new: Node) -> Iterator[str]:
    if old["operationId"] != new["operationId"]:
        yield f"operationId: {canonical(old['operationId'])} became {canonical(new['operationId'])}"
    if canonical(old["security"]) != canonical(new["security"]):
        yield "security: callers must sign in another way"
    yield from _of_parameters(mapping(old["parameters"]), mapping(new["parameters"]))
    yield from _of_request(mapping(old["request body"]), mapping(new["request body"]))
    yield from _of_responses(mapping(old["responses"]), mapping(new["responses"]))


def _of_parameters(old: Node, new: Node) -> Iterator[str]:
    for name in sorted(old.keys() - new.keys()):
        yield f"{name}: is no longer taken"
    for name in sorted(new):
        parameter, known = mapping(new[name]), mapping(old.get(name))
        if parameter.get("required") and not known.get("required"):
            yield f"{name}: must be sent now"
        if name in old:
            yield from _sent(name, known.get("schema", {}), parameter.get("schema", {}))


def _of_request(old: Node, new: Node) -> Iterator[str]:
    if new.get("required") and not old.get("required"):
        yield "request body: must be sent now"
    for media_type, schema in mapping(old.get("content")).items():
        if media_type not in mapping(new.get("content")):
            yield f"request body: {media_type} is no longer taken"
        else:
            yield from _sent("request body", schema, mapping(new["content"])[media_type])


def _of_responses(old: Node, new: Node) -> Iterator[str]:
    for status in sorted(status for status in old.keys() | new.keys() if status < FIRST_ERROR):
        if status not in new:
            yield f"{status}: is no longer answered"
        elif status not in old:
            yield f"{status}: is a new answer"
        else:
            yield from _of_response(status, mapping(old[status]), mapping(new[status]))


def _of_response(status: str, old: Node, new: Node) -> Iterator[str]:
    for header in sorted(mapping(old["headers"]).keys() - mapping(new["headers"]).keys()):
        yield f"{status}: the header {header} is gone"
    for media_type, schema in mapping(old["content"]).items():
        if media_type not in mapping(new["content"]):
            yield f"{status}: {media_type} is no longer answered"
        else:
            yield from _received(str(status), schema, mapping(new["content"])[media_type])


def _sent(where: str, old: Json, new: Json) -> Iterator[str]:
    """Changes of a schema that callers write."""
    before, after = mapping(old), mapping(new)
    for name in sorted(mapping(before.get("properties")).keys() - mapping(after.get("properties")).keys()):
        yield f"{where} > {name}: is no longer taken"
    for name in _gained(before, after, "required"):
        yield f"{where} > {name}: must be sent now"
    if "enum" in after and (lost := _gained(after, before, "enum") if "enum" in before else ["others"]):
        yield f"{where}: no longer takes {', '.join(lost)}"
    for key in sorted((before.keys() | after.keys()) - BY_MEMBER):
        if _refuses_more(key, before.get(key), after.get(key)):
            yield f"{where}: {key} {_described(before.get(key))} became {_described(after.get(key))}"
    yield from _deeper(where, before, after, sent=True)


def _received(where: str, old: Json, new: Json) -> Iterator[str]:
    """Changes of a schema that callers read."""
    before, after = mapping(old), mapping(new)
    for name in sorted(mapping(before.get("properties")).keys() - mapping(after.get("properties")).keys()):
        yield f"{where} > {name}: is gone"
    for name in _gained(after, before, "required"):
        yield f"{where} > {name}: may be missing now"
    if "enum" in before and (added := _gained(before, after, "enum") if "enum" in after else ["others"]):
        yield f"{where}: can be {', '.join(added)} now"
    for key in ("type", "format", "anyOf", "allOf", "oneOf"):
        if canonical(unnamed(before.get(key))) != canonical(unnamed(after.get(key))):
            yield f"{where}: {key} {_described(before.get(key))} became {_described(after.get(key))}"
    yield from _deeper(where, before, after, sent=False)


def _deeper(where: str, before: Node, after: Node, *, sent: bool) -> Iterator[str]:
    look = _sent if sent else _received
    properties = mapping(after.get("properties"))
    for name, schema in mapping(before.get("properties")).items():
        if name in properties:
            yield from look(f"{where} > {name}", schema, properties[name])
    if isinstance(before.get("items"), dict):
        yield from look(f"{where} > items", before["items"], after.get("items", {}))


def _refuses_more(key: str, before: Json, after: Json) -> bool:
    if canonical(unnamed(before)) == canonical(unnamed(after)) or after is None:
        return False
    if isinstance(before, int | float) and isinstance(after, int | float) and key in UPPER | LOWER:
        return after < before if key in UPPER else after > before
    return True


def _gained(before: Node, after: Node, key: str) -> list[str]:
    """The members of a list that were not in it before."""
    known = {canonical(each) for each in sequence(before.get(key))}
    return [str(each) for each in sequence(after.get(key)) if canonical(each) not in known]


def _described(value: Json) -> str:
    return canonical(unnamed(value))
