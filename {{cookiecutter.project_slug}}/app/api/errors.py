"""Every error as a problem document (RFC 9457)."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.api.deps import limit_address, limit_requests
from app.api.routes import RouteTable
from app.core.errors import AppError, Conflict, Unavailable
from app.core.logging import get_logger
from app.core.problems import FieldError, problem
from app.db.errors import refused_value, unavailable

Kind = TypeVar("Kind", bound=Exception)

log = get_logger(__name__)

MAX_ERRORS = 20
MAX_POINTER = 200
# Code and sentence of the errors that the framework raises.
_FRAMEWORK_ERRORS = {
    400: ("malformed_body", "The body could not be read."),
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "This address does not answer to that method."),
    413: ("body_too_large", "The body is too large."),
}


def add_error_handlers(app: FastAPI) -> None:
    """Register the handlers. `app.state.route_table` must be set before the first request."""
    _register(app, AppError, answer_app_error)
    _register(app, Unavailable, answer_unavailable)
    _register(app, HTTPException, answer_http_exception)
    _register(app, RequestValidationError, answer_validation_error)
    _register(app, PoolTimeoutError, answer_pool_timeout)
    _register(app, IntegrityError, answer_integrity_error)
    _register(app, DBAPIError, answer_database_error)
    _register(app, ClientDisconnect, answer_disconnect)


async def answer_app_error(request: Request, error: AppError) -> Response:
    """An error that we raised on purpose."""
    return problem(request.scope, status=error.status, code=error.code, detail=error.detail, headers=error.headers)


async def answer_pool_timeout(request: Request, error: PoolTimeoutError) -> Response:
    """No connection came free in time."""
    return await answer_unavailable(request, unavailable(error))


async def answer_unavailable(request: Request, error: Unavailable) -> Response:
    """Something does not answer: callers get a sentence, the line of the request in the log the cause."""
    request.state.cause = error.reason or error.detail
    return await answer_app_error(request, error)


async def answer_disconnect(request: Request, _error: ClientDisconnect) -> Response:
    """The client went away while its body was read: nobody receives the answer, and it is not an error of the service."""
    refusal = await _refusal(request, unread=True)
    return (
        await answer_app_error(request, refusal)
        if refusal
        else problem(request.scope, status=400, code="malformed_body", detail="The body did not arrive.")
    )


async def answer_integrity_error(request: Request, _error: IntegrityError) -> Response:
    """A constraint that no service looked for: the row that was referred to has just gone, for example."""
    return await answer_app_error(request, Conflict())


async def answer_database_error(request: Request, error: DBAPIError) -> Response:
    """A value that the database cannot take, and that no schema refused: the request is wrong, and so is the schema, which the log says."""
    kind = refused_value(error)
    if kind is None:
        raise error
    log.warning("a value that the contract allows was refused by the database", kind=kind)
    return problem(
        request.scope,
        status=422,
        code="validation_failed",
        detail="The request has a value that cannot be stored or looked for.",
    )


async def answer_http_exception(request: Request, error: HTTPException) -> Response:
    """An error that the framework raised."""
    if error.status_code == HTTPStatus.BAD_REQUEST and (refusal := await _refusal(request, unread=True)):
        return await answer_app_error(request, refusal)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = _route_table(request).methods_of(request.scope)
        headers["Allow"] = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    code, detail = _FRAMEWORK_ERRORS.get(error.status_code, ("error", error.detail))
    return problem(request.scope, status=error.status_code, code=code, detail=detail, headers=headers)


async def answer_validation_error(request: Request, error: RequestValidationError) -> Response:
    """A request that does not fit the contract: 422, or 400 and 415 where the body could not even be read."""
    errors = error.errors()
    unread = errors[0]["type"] == "json_invalid"
    if refusal := await _refusal(request, unread=unread):
        return await answer_app_error(request, refusal)
    if unread:
        return problem(request.scope, status=400, code="malformed_body", detail="The body is not valid JSON.")
    if isinstance(error.body, bytes):  # the framework parses only what is declared as JSON
        return problem(
            request.scope, status=415, code="unsupported_media_type", detail="Send the body as application/json."
        )
    return problem(
        request.scope,
        status=422,
        code="validation_failed",
        detail="The request has values that cannot be accepted.",
        errors=[_field_error(item["loc"], item["type"], item["msg"]) for item in errors[:MAX_ERRORS]],
    )


def _register(app: FastAPI, kind: type[Kind], handler: Callable[[Request, Kind], Awaitable[Response]]) -> None:
    # Starlette types every handler as taking any exception, though it calls each with its own kind only.
    app.add_exception_handler(kind, handler)  # type: ignore[arg-type]


async def _refusal(request: Request, *, unread: bool = False) -> AppError | None:
    """What the guard and the rate limit say to a request whose body was wrong: bodies are read before they are asked.

    A public operation counts by itself, unless its body could not even be read.
    """
    if hasattr(request.state, "principal"):
        return None
    try:
        if _route_table(request).is_guarded(request.scope):
            await limit_requests(request)
        elif unread:
            await limit_address(request)
    except AppError as refusal:
        return refusal
    return None


def _route_table(request: Request) -> RouteTable:
    table: RouteTable = request.app.state.route_table
    return table


def _field_error(location: Sequence[str | int], code: str, detail: str) -> FieldError:
    where, *path = location or ("body",)
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return {"location": str(where), "pointer": pointer[:MAX_POINTER], "code": code, "detail": detail}
