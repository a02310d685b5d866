"""What the contract implies without saying it: the errors that follow from who may call, from the body and from the parameters; and ids in paths.

`devkit contract fill` writes it into the file, so that every reader of the contract sees all of it, and nobody has to write it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from service_devkit.contract.operation import Operation, operations_of
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, mapping

ADVICE: Final = "write it with `just contract --fill`"
# On a public operation: nothing counts its calls, as those of a load balancer.
UNLIMITED: Final = "x-unlimited"
RESPONSES: Final = {
    "400": "BadRequest",
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "NotFound",
    "413": "TooLarge",
    "415": "WrongMediaType",
    "422": "Invalid",
    "429": "TooManyRequests",
    "503": "Unavailable",
}
# The framework reads these, and can find them wrong.
_PARSED: Final = {"application/json", "multipart/form-data", "application/x-www-form-urlencoded"}
_ID: Final = re.compile(r"(?:(\w+)_)?id")


def missing_of_callers(operation: Operation) -> Iterator[tuple[str, list[str]]]:
    """Why, and which errors: who has to sign in can be refused, and every caller can call too often."""
    if not operation.node.get("security", operation.schemas.document.get("security", True)):
        limited = operation.node.get(UNLIMITED) is not True
        yield from _missing(operation, f"is for anybody and not {UNLIMITED}", {"429", "503"} if limited else set())
    else:
        yield from _missing(operation, "needs a caller", {"401", "403", "429", "503"})


def missing_of_requests(operation: Operation) -> Iterator[tuple[str, list[str]]]:
    """The same for what is sent: a body can be wrong in four ways, an id can be unknown, a parameter can be wrong."""
    if operation.body.keys() & _PARSED:
        yield from _missing(operation, "takes a body", {"400", "413", "415", "422"})
    elif operation.body:
        yield from _missing(operation, "takes a body", {"413", "415"})
    if "{" in operation.path:
        yield from _missing(operation, "takes an id", {"404", "422"})
    elif operation.parameters:
        yield from _missing(operation, "takes parameters", {"422"})


def missing_ids(operation: Operation) -> list[str]:
    """The ids in the path that nobody declares. Of other names nobody knows what they are."""
    declared = {each.get("name") for each in operation.parameters if each.get("in") == "path"}
    return [each for each in re.findall(r"\{(\w+)\}", operation.path) if each not in declared and _ID.fullmatch(each)]


def id_parameter(document: Node, name: str) -> Json:
    """What declares an id: the shared parameter of that name, else one of its own."""
    components = mapping(document.get("components"))
    for key, each in mapping(components.get("parameters")).items():
        if mapping(each).get("name") == name and mapping(each).get("in") == "path":
            return {"$ref": f"#/components/parameters/{key}"}
    shared = "Id" in mapping(components.get("schemas"))
    schema: Json = {"$ref": "#/components/schemas/Id"} if shared else {"type": "string", "format": "uuid"}
    of = _ID.fullmatch(name)
    noun = (of[1] or "one").replace("_", " ") if of else name
    return {"name": name, "in": "path", "required": True, "description": f"Which {noun}", "schema": schema}


def location_header(document: Node) -> Json:
    """What declares where a new object is: the shared header of that name, else one of its own."""
    if "Location" in mapping(mapping(document.get("components")).get("headers")):
        return {"$ref": "#/components/headers/Location"}
    return {"description": "Where the new object is", "schema": {"type": "string"}}


def shared_responses(document: Node) -> dict[str, Json]:
    """The shared response of each status: what most operations refer to, else the one of the usual name."""
    used = Counter(
        (status, str(mapping(each)["$ref"]))
        for operation in operations_of(Schemas(document))
        for status, each in mapping(operation.node.get("responses")).items()
        if "$ref" in mapping(each)
    )
    there = mapping(mapping(document.get("components")).get("responses"))
    usual = {status: f"#/components/responses/{name}" for status, name in RESPONSES.items() if name in there}
    most = {status: reference for (status, reference), _ in reversed(used.most_common())}
    return {status: {"$ref": reference} for status, reference in {**usual, **most}.items()}


def _missing(operation: Operation, why: str, statuses: set[str]) -> Iterator[tuple[str, list[str]]]:
    if missing := sorted(statuses - mapping(operation.node.get("responses")).keys()):
        yield why, missing
