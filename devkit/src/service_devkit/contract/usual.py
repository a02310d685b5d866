"""Writes what the usual operations of a noun take and answer, where nobody has said it, and the pages of lists.

`list_books`, `read_book`, `create_book` (or `add_book`), `update_book` and `delete_book` are usual where there is a component `BookRead`.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from service_devkit.contract.document import ContractError, Fault, Source
from service_devkit.contract.edit import Edit
from service_devkit.contract.operation import Operation, operations_of
from service_devkit.contract.references import COMPONENT, lost_pages, wrong_references
from service_devkit.contract.schema import Schemas
from service_devkit.contract.validity import faults
from service_devkit.contract.values import Json, Node, mapping, plain, sequence

# By the method and whether the path ends with an id: the words that begin an operationId, and the component that is sent.
_KINDS: Final = {
    ("get", False): (("list",), ""),
    ("get", True): (("read",), ""),
    ("post", False): (("create", "add"), "Create"),
    ("patch", True): (("update",), "Update"),
    ("delete", True): (("delete",), ""),
}
_ANSWERS: Final = {
    "list": ("200", "A part of the list.", "Page"),
    "read": ("200", "The {}.", "Read"),
    "create": ("201", "The new {}.", "Read"),
    "add": ("201", "The new {}.", "Read"),
    "update": ("200", "The {} as it is now.", "Read"),
    "delete": ("204", "The {} is gone.", ""),
}


def with_the_usual(given: Source, text: str) -> tuple[str, list[Fault]]:
    """The text with what is usual, and where something was put.

    Raises:
        ContractError: the contract is wrong in another way, with the line of the text as it was given.
    """
    text, pages = _written(given.document, text, given.name, _pages)
    document = Source(text, name=given.name).document
    wrong = [Fault(where, said) for where, said in wrong_references(document)]
    if found := wrong or [each for each in faults(document) if not each.is_implied]:
        raise ContractError("\n".join(map(given.line_of, found)))
    text, operations = _written(document, text, given.name, _operations)
    return text, [*pages, *operations]


def _written(
    document: Node, text: str, name: str, put: Callable[[Node, Node, Edit], Iterator[Fault]]
) -> tuple[str, list[Fault]]:
    wanted, edit = mapping(plain(document)), Edit(text, name=name)
    added = list(put(document, wanted, edit))
    filled = edit.text()
    if added and Source(filled, name=name).document != wanted:
        raise ContractError(f"{name}: cannot be filled in: write aliases and anchors out, and try again")
    return filled, added


def _pages(document: Node, wanted: Node, edit: Edit) -> Iterator[Fault]:
    """The page of each list that has none: all are of one form."""
    schemas = mapping(mapping(document.get("components")).get("schemas"))
    lists = {f"{noun}Page" for each, word, noun in _usual(document) if word == "list" and not _is_promised(each)}
    lacking = {each for each in lists if each not in schemas and "Page" in schemas}
    for name in sorted(lacking | lost_pages(document)):
        read = f"{name.removesuffix('Page')}Read"
        page = _page(f"{COMPONENT}{read}")
        edit.put(("components", "schemas"), {name: page}, after=read)
        mapping(mapping(wanted["components"])["schemas"])[name] = page
        yield Fault(("components", "schemas", name), f"schema {name}")


def _page(items: str) -> Json:
    return {
        "type": "object",
        "allOf": [{"$ref": f"{COMPONENT}Page"}],
        "required": ["items"],
        "properties": {"items": {"type": "array", "items": {"$ref": items}}},
        "examples": [{"items": [], "total": 0, "limit": 20, "offset": 0}],
    }


def _operations(document: Node, wanted: Node, edit: Edit) -> Iterator[Fault]:
    """The body, the success and the parameters of a page of each usual operation that does not say them."""
    for operation, word, noun in _usual(document):
        members = _members(operation, word, noun)
        if not members:
            continue
        _put(operation, members, edit)
        node = mapping(mapping(mapping(wanted["paths"])[operation.path])[operation.method])
        if parameters := sequence(members.get("parameters")):
            node["parameters"] = [*sequence(node.get("parameters")), *parameters]
        node.update({key: each for key, each in members.items() if key == "requestBody"})
        if responses := mapping(members.get("responses")):
            node["responses"] = {**responses, **mapping(node.get("responses"))}
        yield Fault(operation.where, f"{operation.name}: {', '.join(members)}")


def _members(operation: Operation, word: str, noun: str) -> Node:
    """What is put into an operation."""
    components = mapping(operation.schemas.document.get("components"))
    found: Node = {}
    is_promised = _is_promised(operation)
    if word == "list" and (
        not is_promised or operation.responses.get("200", {}).get("content") == _json(f"{noun}Page")
    ):
        found["parameters"] = _parameters(operation, mapping(components.get("parameters")))
    sent = f"{noun}{_KINDS[operation.method, operation.path.endswith('}')][1]}"
    if sent != noun and "requestBody" not in operation.node and sent in mapping(components.get("schemas")):
        found["requestBody"] = {"required": True, "content": _json(sent)}
    if not is_promised:
        found["responses"] = _success(word, noun, mapping(operation.responses.get("304", {}).get("headers")))
    return {key: each for key, each in found.items() if each}


def _is_promised(operation: Operation) -> bool:
    """Whether it says what it answers where all is well."""
    return any(each.startswith(("2", "3", "d")) and each != "304" for each in mapping(operation.node.get("responses")))


def _put(operation: Operation, members: Node, edit: Edit) -> None:
    """Put what is new behind the rest, and what there is some of into it."""
    fresh = dict(members)
    if sequence(operation.node.get("parameters")):
        for each in sequence(fresh.pop("parameters", None)):
            edit.append((*operation.where, "parameters"), each)
    if "responses" in operation.node and "responses" in fresh:
        edit.put((*operation.where, "responses"), mapping(fresh.pop("responses")))
    if fresh:
        edit.put(operation.where, fresh, after=[key for key in operation.node if key != "responses"][-1])


def _usual(document: Node) -> Iterator[tuple[Operation, str, str]]:
    """The usual operations, each with the word that its operationId begins with, and the noun."""
    nouns = [
        each.removesuffix("Read")
        for each in mapping(mapping(document.get("components")).get("schemas"))
        if each.endswith("Read")
    ]
    for operation in operations_of(Schemas(document)):
        words, _ = _KINDS.get((operation.method, operation.path.endswith("}")), ((), ""))
        word, _, rest = str(operation.node.get("operationId")).partition("_")
        noun = next((each for each in nouns if rest in _spelled(each, plural=word == "list")), None)
        if word in words and noun:
            yield operation, word, noun


def _spelled(noun: str, *, plural: bool) -> set[str]:
    """`StudyPlan` in operation ids: `study_plan`; of several `study_plans`."""
    one = re.sub(r"(?<!^)(?=[A-Z])", "_", noun).lower()
    return {f"{one}s", f"{one}es", f"{one.removesuffix('y')}ies"} if plural else {one}


def _success(word: str, noun: str, headers: Node) -> Node:
    """What it answers; `headers` are those of its 304, which are those of the answer (RFC 9110, 15.4.5)."""
    status, said, answer = _ANSWERS[word]
    described: Node = {"description": said.format(_words(noun))} | ({"headers": headers} if headers else {})
    return {status: described | ({"content": _json(f"{noun}{answer}")} if answer else {})}


def _words(noun: str) -> str:
    return " ".join(_spelled(noun, plural=False)).replace("_", " ")


def _json(name: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"{COMPONENT}{name}"}}}


def _parameters(operation: Operation, shared: Node) -> list[Json]:
    """The parameters of a page that are not there; who says all else may leave `offset` out where there is `after`."""
    there = {each.get("name") for each in operation.parameters}
    wanted = [] if "limit" in there else ["Limit"]
    wanted += [] if "offset" in there or ("after" in there and _is_promised(operation)) else ["Offset"]
    return [{"$ref": f"#/components/parameters/{each}"} for each in wanted if each in shared]
