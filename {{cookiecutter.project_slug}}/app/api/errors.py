"""Every error as a problem document (RFC 9457)."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.api.deps import limit_address, limit_requests
from app.api.routes import RouteTable
from app.core.catalogues import catalogues
from app.core.errors import AppError, Conflict, Unavailable
from app.core.i18n import Text, gettext as _, validation_text
from app.core.languages import language_of
from app.core.logging import get_logger
from app.core.problems import problem
from app.db.errors import is_foreign_key_violation, refused_value, unavailable

log = get_logger(__name__)

MAX_ERRORS = 20
MAX_POINTER = 200
# Code and sentence of the errors that the framework raises.
_FRAMEWORK_ERRORS = {
    400: ("malformed_body", _("The body could not be read.")),
    404: ("not_found", _("There is nothing here.")),
    405: ("method_not_allowed", _("This address does not answer to that method.")),
    413: ("body_too_large", _("The body is too large.")),
}


def add_error_handlers(app: FastAPI) -> None:
    """Register the handlers. `app.state.route_table` must be set before the first request."""
    handlers: dict[type[Exception], Callable[..., Awaitable[Response]]] = {
        AppError: answer_app_error,
        HTTPException: answer_http_exception,
        RequestValidationError: answer_validation_error,
        ClientDisconnect: answer_disconnect,
        PoolTimeoutError: answer_database_error,
        DBAPIError: answer_database_error,
    }
    catalogues()  # one that cannot be read must not wait for the first error
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def answer_app_error(request: Request, error: AppError) -> Response:
    """An error that we raised on purpose; why something does not answer is for the line of the request in the log."""
    if isinstance(error, Unavailable):
        request.state.cause = error.reason or error.detail
    return problem(request.scope, status=error.status, code=error.code, detail=error.detail, headers=error.headers)


async def answer_disconnect(request: Request, _error: ClientDisconnect) -> Response:
    """The client went away while its body was read: nobody receives the answer, and it is not an error of the service."""
    return await answer_http_exception(request, HTTPException(HTTPStatus.BAD_REQUEST))


async def answer_database_error(request: Request, error: PoolTimeoutError | DBAPIError) -> Response:
    """What no service looked for: no connection came free, an id of nothing, a row that others refer to, or a value that cannot be stored.

    In the last case no schema has refused the value: the request is wrong, and so is the schema, which the log says.
    """
    if isinstance(error, PoolTimeoutError):
        return await answer_app_error(request, unavailable(error))
    if is_foreign_key_violation(error) and request.method != "DELETE":
        detail = _("The request names something that does not exist.")
        return problem(request.scope, status=422, code="validation_failed", detail=detail)
    if isinstance(error, IntegrityError):
        return await answer_app_error(request, Conflict())
    if (kind := refused_value(error)) is None:
        raise error
    log.warning("a value that the contract allows was refused by the database", kind=kind)
    detail = _("The request has a value that cannot be stored or looked for.")
    return problem(request.scope, status=422, code="validation_failed", detail=detail)


async def answer_http_exception(request: Request, error: HTTPException) -> Response:
    """An error that the framework raised."""
    if error.status_code == HTTPStatus.BAD_REQUEST and (refusal := await _refusal(request, unread=True)):
        return await answer_app_error(request, refusal)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        routes: RouteTable = request.app.state.route_table
        methods = routes.methods_of(request.scope)
        headers["Allow"] = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    code, detail = _FRAMEWORK_ERRORS.get(error.status_code, ("error", Text(error.detail)))
    return problem(request.scope, status=error.status_code, code=code, detail=detail, headers=headers)


async def answer_validation_error(request: Request, error: RequestValidationError) -> Response:
    """A request that does not fit the contract: 422, or 400 and 415 where the body could not even be read."""
    errors = error.errors()
    unread = errors[0]["type"] == "json_invalid"
    if refusal := await _refusal(request, unread=unread):
        return await answer_app_error(request, refusal)
    if unread:
        return problem(request.scope, status=400, code="malformed_body", detail=_("The body is not valid JSON."))
    if isinstance(error.body, bytes):  # the framework parses only what is declared as JSON
        detail = _("Send the body as application/json.")
        return problem(request.scope, status=415, code="unsupported_media_type", detail=detail)
    detail = _("The request has values that cannot be accepted.")
    language = language_of(request.scope)
    fields = [
        _field_error(
            item["loc"], item["type"], validation_text(language, item["type"], item["msg"], item.get("ctx", {}))
        )
        for item in errors[:MAX_ERRORS]
    ]
    return problem(request.scope, status=422, code="validation_failed", detail=detail, errors=fields)


async def _refusal(request: Request, *, unread: bool = False) -> AppError | None:
    """What the guard and the rate limit say to a request whose body was wrong: bodies are read before they are asked.

    A public operation counts by itself, unless its body could not even be read.
    """
    routes: RouteTable = request.app.state.route_table
    if hasattr(request.state, "principal"):
        return None
    try:
        if routes.is_guarded(request.scope):
            await limit_requests(request)
        elif unread:
            await limit_address(request)
    except AppError as refusal:
        return refusal
    return None


def _field_error(location: Sequence[str | int], code: str, detail: str) -> dict[str, str]:
    where, *path = location or ("body",)
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return {"location": str(where), "pointer": pointer[:MAX_POINTER], "code": code, "detail": detail}
