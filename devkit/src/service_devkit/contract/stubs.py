"""Operations that nobody has written yet: `devkit scaffold` left a route that answers with an error, and says so by its code."""

import inspect
from typing import Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from service_devkit.contract.operations import METHODS
from service_devkit.contract.values import Node, mapping

# What a stub of scaffold raises: `AppError(..., code="not_implemented")`.
CODE: Final = "not_implemented"


def stubs_of(app: FastAPI) -> list[str]:
    """The operations, as `METHOD /path`, whose function is still what scaffold left."""
    return sorted(
        f"{method} {route.path_format}"
        for route in iter_route_contexts(app.routes)
        if route.endpoint is not None and _is_stub(route.endpoint)
        for method in route.methods or ()
    )


def ids_of(document: Node, operations: list[str]) -> list[str]:
    """Their operationIds."""
    items = {path: mapping(each) for path, each in mapping(document.get("paths")).items()}
    found = [
        mapping(items.get(path, {}).get(method.lower()))
        for method, _, path in (each.partition(" ") for each in operations)
    ]
    return [str(each["operationId"]) for each in found if "operationId" in each]


def without(document: Node, operations: list[str]) -> Node:
    """The document without these operations."""
    paths: Node = {
        path: {
            key: value
            for key, value in mapping(item).items()
            if key not in METHODS or f"{key.upper()} {path}" not in operations
        }
        for path, item in mapping(document.get("paths")).items()
    }
    return {**document, "paths": paths}


def _is_stub(endpoint: object) -> bool:
    code = getattr(inspect.unwrap(endpoint) if callable(endpoint) else endpoint, "__code__", None)
    return inspect.iscode(code) and CODE in code.co_consts
