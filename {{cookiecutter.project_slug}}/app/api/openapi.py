"""The OpenAPI document: what FastAPI derives from the routes, with every error as the problem document that it is."""

from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import compile_path

from app.auth.guard import is_guarded
from app.auth.provider import SECURITY
from app.core.problems import MEDIA_TYPE, title_of
from app.schemas.problems import Problem

Responses = dict[int | str, dict[str, object]]

BODY_ERRORS = (400, 413, 415, 422)
_SCHEMAS = "#/components/schemas/"
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
_CHALLENGE = {"WWW-Authenticate": {"description": "How to sign in", "schema": {"type": "string"}}}
_HEADERS = {401: _CHALLENGE, 429: _RETRY_AFTER, 503: _RETRY_AFTER}


def problems(*statuses: int) -> Responses:
    """`responses=` of a route that can answer these errors."""
    return {status: _problem(status) for status in statuses}


def created() -> Responses:
    """`responses=` of a route that makes something and says where it is."""
    location = {"Location": {"description": "Where the new object is", "schema": {"type": "string"}}}
    return {201: {"description": "Created", "headers": location}}


def operation_id(route: APIRoute) -> str:
    """The handler's name, which clients generated from the document show to their users."""
    return route.name


def document(app: FastAPI) -> dict[str, object]:
    """The document of an application, with the schemas that error responses refer to."""
    if app.openapi_schema is None:
        derived = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        definitions = Problem.model_json_schema(ref_template=_SCHEMAS + "{model}")
        nested = definitions.pop("$defs", {})
        derived.setdefault("components", {}).setdefault("schemas", {}).update(Problem=definitions, **nested)
        if SECURITY:
            _add_security(app, derived)
        app.openapi_schema = derived
    return app.openapi_schema


def _add_security(app: FastAPI, document: dict[str, Any]) -> None:
    """Say how to sign in to what the guard stands before. As dependencies the schemes would cost time in each request, and check nothing."""
    schemes = {scheme.scheme_name: scheme.model for scheme in SECURITY}
    document["components"]["securitySchemes"] = {
        name: jsonable_encoder(model, by_alias=True, exclude_none=True) for name, model in schemes.items()
    }
    for route in filter(is_guarded, iter_route_contexts(app.routes)):
        operations = document["paths"].get(compile_path(route.path or "")[1], {})  # not there: hidden on purpose
        for method in {method.lower() for method in route.methods or ()} & operations.keys():
            operations[method]["security"] = [{name: []} for name in schemes]


def _problem(status: int) -> dict[str, object]:
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    return {"description": title_of(status), "content": content, **headers}
