"""What each operation of an OpenAPI document promises, in a form in which equal means the same."""

from typing import Final, TypeAlias

from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, canonical, in_one_order, mapping, sequence

METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options", "trace")

Operations: TypeAlias = dict[str, Node]


def operations(document: Node) -> Operations:
    """The promises by `METHOD /path`."""
    schemas = Schemas(document)
    return {
        f"{method.upper()} {path}": _operation(schemas, mapping(item), mapping(mapping(item)[method]))
        for path, item in mapping(document.get("paths")).items()
        for method in METHODS
        if method in mapping(item)
    }


def _operation(schemas: Schemas, item: Node, operation: Node) -> Node:
    responses = mapping(operation.get("responses"))
    return {
        "operationId": operation.get("operationId"),
        "tags": in_one_order(operation.get("tags")),
        "deprecated": operation.get("deprecated", False),
        "parameters": {
            **_parameters(schemas, item.get("parameters")),
            **_parameters(schemas, operation.get("parameters")),
        },
        "request body": _body(schemas, operation.get("requestBody")),
        "responses": {status: _response(schemas, schemas.target(each)) for status, each in responses.items()},
        "security": _security(schemas, operation.get("security", schemas.document.get("security"))),
    }


def _parameters(schemas: Schemas, parameters: Json) -> Node:
    targets = [schemas.target(each) for each in sequence(parameters)]
    return {_parameter_name(each): _parameter(schemas, each) for each in targets}


def _parameter_name(parameter: Node) -> str:
    name, place = str(parameter.get("name")), str(parameter.get("in"))
    return f"{place} {name.lower() if place == 'header' else name}"


def _parameter(schemas: Schemas, parameter: Node) -> Node:
    style = parameter.get("style", "form" if parameter.get("in") in ("query", "cookie") else "simple")
    return {
        "required": parameter.get("required", False),
        "deprecated": parameter.get("deprecated", False),
        "style": style,
        "explode": parameter.get("explode", style == "form"),
        "schema": schemas.spell(parameter.get("schema", {})),
        "content": _content(schemas, parameter.get("content")),
    }


def _body(schemas: Schemas, body: Json) -> Json:
    if body is None:
        return None
    target = schemas.target(body)
    return {"required": target.get("required", False), "content": _content(schemas, target.get("content"))}


def _response(schemas: Schemas, response: Node) -> Node:
    headers = {name.lower(): schemas.target(each) for name, each in mapping(response.get("headers")).items()}
    return {
        "content": _content(schemas, response.get("content")),
        "headers": {
            name: {"required": header.get("required", False), "schema": schemas.spell(header.get("schema", {}))}
            for name, header in headers.items()
        },
    }


def _content(schemas: Schemas, content: Json) -> Node:
    return {
        media_type.lower().replace(" ", ""): schemas.spell(mapping(entry).get("schema", {}))
        for media_type, entry in mapping(content).items()
    }


def _security(schemas: Schemas, alternatives: Json) -> Json:
    """The alternatives, each with the schemes it needs: by what they ask of a client, not by their names."""
    known = mapping(mapping(schemas.document.get("components")).get("securitySchemes"))
    return sorted(
        (
            in_one_order([_scheme(schemas.target(known.get(name)), scopes) for name, scopes in mapping(each).items()])
            for each in sequence(alternatives)
        ),
        key=canonical,
    )


def _scheme(scheme: Node, scopes: Json) -> Node:
    known: Node = {key: value for key, value in scheme.items() if key in ("type", "scheme", "in", "name")}
    return {**known, "scopes": in_one_order(scopes)}
