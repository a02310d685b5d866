"""Table of contents of the API."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from fastapi import APIRouter, Depends, params
from fastapi.routing import APIRoute

from app.api import health
from app.api.deps import authenticate, limit_address
from app.api.openapi import operation_id, problems
from app.api.resources import PUBLIC_OPERATIONS, PUBLIC_RESOURCES, RESOURCES
from app.api.routes import in_order
from app.api.v1 import users
# {% if cookiecutter.mail %}
from app.api.v1.account_links import public_router as public_account_links_router, router as account_links_router
# {% endif %}
# {% if cookiecutter.auth == "jwt" %}
from app.api.v1.accounts import public_router as public_accounts_router, router as accounts_router
# {% endif %}
# {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
from app.api.v1.clerk import router as clerk_router
# {% endif %}
# {% if cookiecutter.auth != "none" %}
from app.api.v1.live import router as live_router
# {% endif %}
# {% if cookiecutter.example and cookiecutter.llm %}
from app.api.v1.plan_summaries import router as plan_summaries_router
# {% endif %}
# {% if cookiecutter.auth == "jwt" %}
from app.api.v1.sessions import public_router as public_sessions_router, router as sessions_router
# {% endif %}
# {% if cookiecutter.example %}
from app.api.v1.study_plans import router as study_plans_router
from app.api.v1.study_plans_extraction import router as study_plans_extraction_router
# {% endif %}
# {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
from app.api.v1.telegram import router as telegram_router
# {% endif %}
from app.core.settings import Settings

# The only operations that anybody may call. The service does not start when an operation is neither guarded nor named here or in
# `app/api/resources.py`.
PUBLIC = PUBLIC_OPERATIONS | frozenset(
    {
        "GET /healthz",
        "GET /readyz",
        "GET /api/v1/health/healthz",
        "GET /api/v1/health/readyz",
        # {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
        "POST /api/v1/auth/telegram",
        # {% endif %}
        # {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
        "POST /api/v1/webhooks/clerk",
        # {% endif %}
        # {% if cookiecutter.auth == "jwt" %}
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/logout",
        # {% endif %}
        # {% if cookiecutter.mail %}
        "POST /api/v1/auth/email/confirm",
        "POST /api/v1/auth/password/forgot",
        "POST /api/v1/auth/password/reset",
        # {% endif %}
    }
)


# For people who have signed in and are not blocked.
GUARDED: list[APIRouter] = [*RESOURCES]
# {% if cookiecutter.example %}
GUARDED.append(study_plans_router)
GUARDED.append(study_plans_extraction_router)
# {% endif %}
# {% if cookiecutter.example and cookiecutter.llm %}
GUARDED.append(plan_summaries_router)
# {% endif %}
GUARDED.append(users.router)
# {% if cookiecutter.auth != "none" %}
GUARDED.append(live_router)
# {% endif %}
# {% if cookiecutter.auth == "jwt" %}
GUARDED.append(accounts_router)
GUARDED.append(sessions_router)
# {% endif %}
# {% if cookiecutter.mail %}
GUARDED.append(account_links_router)
# {% endif %}

# For anybody: each operation is named above.
PUBLIC_ROUTERS: list[APIRouter] = []
# {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
PUBLIC_ROUTERS.append(telegram_router)
# {% endif %}
# {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
PUBLIC_ROUTERS.append(clerk_router)
# {% endif %}
# {% if cookiecutter.auth == "jwt" %}
PUBLIC_ROUTERS.append(public_accounts_router)
PUBLIC_ROUTERS.append(public_sessions_router)
# {% endif %}
# {% if cookiecutter.mail %}
PUBLIC_ROUTERS.append(public_account_links_router)
# {% endif %}

# The operations with a limit of their own on their bodies, in place of MAX_BODY_BYTES.
UPLOADS: dict[str, Callable[[Settings], int]] = {}
# {% if cookiecutter.example %}
UPLOADS["POST /api/v1/study-plans/extract"] = lambda settings: settings.extract_max_bytes
# {% endif %}


def _versioned(route: APIRoute) -> str:
    return f"{route.name}_v1"


# What `app.dependency_overrides` is: replaced dependencies, for tests. A new application begins without any.
OVERRIDES: dict[Callable[..., Any], Callable[..., Any]] = {}


def _router() -> APIRouter:
    """Every route of the service: what is on the public list, and everything else behind the guard and the rate limit.

    Each router stands on the application itself: every level of routers in between would be matched once more for each request.
    """
    provider = SimpleNamespace(dependency_overrides=OVERRIDES)
    router = APIRouter(generate_unique_id_function=operation_id, dependency_overrides_provider=provider)
    router.include_router(health.router)
    routers = [*GUARDED, *PUBLIC_ROUTERS, *PUBLIC_RESOURCES]
    rules: list[tuple[params.Depends | None, dict[int | str, dict[str, Any]]]]
    rules = [(Depends(authenticate), problems(401, 403, 429, 503))] * len(GUARDED)
    rules += [(None, {})] * len(PUBLIC_ROUTERS)
    rules += [(Depends(limit_address), problems(429, 503))] * len(PUBLIC_RESOURCES)
    for number, included in in_order(routers):
        dependency, responses = rules[number]
        router.include_router(
            included, prefix="/api/v1", dependencies=[dependency] if dependency else [], responses=responses
        )
    router.include_router(health.router, prefix="/api/v1/health", generate_unique_id_function=_versioned)
    return router


# Made once for all applications of a process: FastAPI needs 30 ms to work out every operation, and each test has an application of its own.
ROUTER = _router()
