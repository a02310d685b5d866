"""The application: the one place where all parts meet."""

import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI

from app.api import docs
from app.api.errors import add_error_handlers
from app.api.openapi import document, operation_id
from app.api.router import OVERRIDES, PUBLIC, ROUTER, UPLOADS
from app.api.routes import RouteTable
from app.auth.guard import ENDED_SECONDS, require_guards
from app.auth.principal import Authenticator
from app.auth.provider import build_authenticator
from app.core import project
from app.core.log_output import server_output
from app.core.logging import configure_logging
from app.core.middleware.body_limit import BodyLimitMiddleware
from app.core.middleware.cors import ProblemCorsMiddleware
from app.core.middleware.head import HeadMiddleware
from app.core.middleware.request_context import REQUEST_ID_HEADER, RequestContextMiddleware
from app.core.middleware.security_headers import SecurityHeadersMiddleware
from app.core.middleware.server_errors import ServerErrorsMiddleware
from app.core.rate_limit import RateLimiter
from app.core.settings import Settings, get_settings
from app.core.shutdown import drain_on_signal
from app.core.ttl_cache import TTLCache
from app.db.database import Database
from app.db.engine import create_pooled_engine, create_single_use_engine
from app.db.revisions import read_revisions
from app.parts import LEAVES_OUT, PARTS
from app.services.readiness import TIMEOUT_SECONDS, Readiness


def create_app(
    settings: Settings | None = None, *, database: Database | None = None, authenticator: Authenticator | None = None
) -> FastAPI:
    """Build the application. It touches no network before its lifespan begins, and needs no setting to be built in development.

    Tests hand in their own settings, database and provider.
    """
    settings = settings or get_settings()
    app = FastAPI(
        title=project.TITLE,
        description=project.DESCRIPTION,
        version=project.VERSION,
        routes=[*ROUTER.routes],
        openapi_url=None,
        redirect_slashes=False,  # the address of the redirect would be made of whatever the client sent as Host
        generate_unique_id_function=operation_id,
        lifespan=_lifespan,
        telemetry={"logs": False, "operation_spans": False, "auto_configure": False, "exclude": LEAVES_OUT},
    )
    OVERRIDES.clear()
    app.dependency_overrides = OVERRIDES
    app.state.settings = settings
    app.state.database = database
    app.state.authenticator = authenticator or build_authenticator(settings)
    app.state.rate_limiter = RateLimiter(requests=settings.rate_limit, failed_sign_ins=settings.rate_limit_sign_in)
    app.state.principals = TTLCache(ttl=settings.caller_known_seconds)
    app.state.callers = TTLCache(ttl=settings.caller_known_seconds)
    app.state.ended_sessions = TTLCache(ttl=ENDED_SECONDS)
    if settings.has_docs:
        app.include_router(docs.router)
    app.openapi = lambda: document(app)  # type: ignore[method-assign] # the documented way to change the document
    require_guards(app.routes, public=PUBLIC | docs.PUBLIC if settings.has_docs else PUBLIC)
    app.state.route_table = RouteTable(app.routes)
    add_error_handlers(app)
    _add_middleware(app, settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
    settings: Settings = app.state.settings
    app.state.database = app.state.database or Database(create_pooled_engine(settings, debug=settings.debug))
    app.state.readiness = Readiness(
        create_single_use_engine(settings, timeout=TIMEOUT_SECONDS), revisions=read_revisions()
    )
    if not structlog.is_configured():  # a worker, or a server that was not started by our command line
        configure_logging(level=settings.log_level, log_format=settings.log_format, output=server_output())
    try:
        async with AsyncExitStack() as parts, app.state.authenticator.running():
            for part in PARTS:
                await parts.enter_async_context(part(app))
            with drain_on_signal(settings.drain_seconds):
                async with ROUTER.lifespan_context(app) as state:
                    yield state  # type: ignore[misc] # or None: FastAPI takes either, and its type asks for one of them
    finally:
        await app.state.readiness.dispose()
        await app.state.database.dispose()


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """From the inside out: each one added wraps those before it."""
    app.add_middleware(HeadMiddleware, methods_of=app.state.route_table.methods_of)
    uploads = {operation: max_bytes(settings) for operation, max_bytes in UPLOADS.items()}
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes, uploads=uploads)
    app.add_middleware(ServerErrorsMiddleware)
    app.add_middleware(
        ProblemCorsMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", REQUEST_ID_HEADER, *settings.cors_headers],
        expose_headers=[REQUEST_ID_HEADER, "Location", "Retry-After", *settings.cors_exposed_headers],
    )
    app.add_middleware(SecurityHeadersMiddleware, https=settings.is_deployed)
    app.add_middleware(
        RequestContextMiddleware,
        route_of=app.state.route_table.template_of,
        pseudonym_key=settings.pseudonym_key,
    )


def __getattr__(name: str) -> FastAPI:
    """`app`, which servers look for, built when it is asked for: importing this module needs no settings."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    app: FastAPI = globals().setdefault(name, create_app())
    gc.freeze()  # what the start has made is no garbage: the collector need not look through it again and again
    return app
