"""Writes into the contract what it implies, so that nobody has to: errors that follow from the rest, and ids in paths."""

from collections.abc import Iterator
from dataclasses import dataclass

from service_devkit.contract.document import ContractError, Fault, Source, parse
from service_devkit.contract.edit import Edit
from service_devkit.contract.implied import (
    RESPONSES,
    id_parameter,
    location_header,
    missing_ids,
    missing_of_callers,
    missing_of_requests,
    shared_responses,
)
from service_devkit.contract.operation import Operation, operations_of
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, mapping, plain, sequence

# The rules of lint that tell of what is missing here.
RULES = {"is_public_only_on_purpose": missing_of_callers, "declares_its_errors": missing_of_requests}


@dataclass(frozen=True)
class Filled:
    """The text with what was implied, and where something was put."""

    text: str
    added: list[Fault]


def fill(given: Source, text: str, *, without: frozenset[str] = frozenset()) -> Filled:
    """What the text becomes; rules of lint that a service goes without imply nothing.

    Raises:
        ContractError: an alias stands where something belongs, or there is no shared response to refer to.
    """
    wanted = plain(given.document)  # a copy, without aliases
    edit = Edit(text, name=given.name)
    added = [*_ids(given.document, mapping(wanted), edit), *_locations(given.document, mapping(wanted), edit)]
    added += _errors(given, mapping(wanted), edit, without)
    filled = edit.text()
    if parse(filled, name=given.name) != wanted:
        raise ContractError(f"{given.name}: cannot be filled in: write aliases and anchors out, and try again")
    return Filled(filled, added)


def _ids(document: Node, wanted: Node, edit: Edit) -> Iterator[Fault]:
    missing: dict[str, list[str]] = {}
    for operation in operations_of(Schemas(document)):
        names = missing.setdefault(operation.path, [])
        names += [each for each in missing_ids(operation) if each not in names]
    for path, names in missing.items():
        item, declared = mapping(mapping(wanted["paths"])[path]), [id_parameter(document, each) for each in names]
        if given := sequence(item.get("parameters")):
            for each in declared:
                edit.append(("paths", path, "parameters"), each)
            item["parameters"] = [*given, *declared]
        elif names:
            edit.put(("paths", path), {"parameters": [*declared]})
            item["parameters"] = [*declared]
        yield from (Fault(("paths", path), f"{path}: {{{each}}}") for each in names)


def _locations(document: Node, wanted: Node, edit: Edit) -> Iterator[Fault]:
    """What makes one of a collection says where it is (RFC 9110, 15.3.2), as the routes of `devkit scaffold` do; `headers: {}` is a word against it."""
    for operation in operations_of(Schemas(document)):
        made = mapping(mapping(operation.node.get("responses")).get("201"))
        if operation.makes_one and made and not made.keys() & {"headers", "$ref"}:
            headers = {"Location": location_header(document)}
            edit.put((*operation.where, "responses", "201"), {"headers": headers}, after=next(iter(made)))
            node = mapping(mapping(mapping(wanted["paths"])[operation.path])[operation.method])
            node["responses"] = {**mapping(node.get("responses")), "201": {**made, "headers": {**headers}}}
            yield Fault(operation.where, f"{operation.name}: Location")


def _errors(given: Source, wanted: Node, edit: Edit, without: frozenset[str]) -> Iterator[Fault]:
    shared = shared_responses(given.document)
    for operation in operations_of(Schemas(given.document)):
        statuses = sorted(
            {
                status
                for rule, missing in RULES.items()
                if rule not in without
                for _, found in missing(operation)
                for status in found
            }
        )
        if lost := next((status for status in statuses if status not in shared), None):
            said = f"{operation.name} can answer {lost}: write {RESPONSES[lost]} into components > responses first"
            raise ContractError(given.line_of(Fault(operation.where, said)))
        if statuses:
            _put(operation, {status: shared[status] for status in statuses}, edit)
            node = mapping(mapping(mapping(wanted["paths"])[operation.path])[operation.method])
            node["responses"] = {**mapping(node.get("responses")), **{each: shared[each] for each in statuses}}
            yield Fault(operation.where, f"{operation.name}: {', '.join(statuses)}")


def _put(operation: Operation, responses: dict[str, Json], edit: Edit) -> None:
    """Put each after the last that is less; all of them, where there are none."""
    if "responses" not in operation.node:
        edit.put(operation.where, {"responses": responses}, after=[*operation.node][-1])
        return
    there = [*mapping(operation.node["responses"])][::-1]
    places = {status: next((each for each in there if each < status), None) for status in responses}
    for after in dict.fromkeys(places.values()):
        members = {status: responses[status] for status, place in places.items() if place == after}
        edit.put((*operation.where, "responses"), members, after=after)
