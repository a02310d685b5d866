"""Table of contents of the API."""

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute

from app.api import health
from app.api.deps import get_current_user, limit_requests
from app.api.openapi import problems
from app.api.v1 import users
# {% if cookiecutter.auth == "jwt" %}
from app.api.v1.accounts import public_router as public_accounts_router, router as accounts_router
# {% endif %}
# {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
from app.api.v1.clerk import router as clerk_router
# {% endif %}
# {% if cookiecutter.auth == "jwt" %}
from app.api.v1.sessions import public_router as public_sessions_router, router as sessions_router
# {% endif %}
# {% if cookiecutter.example %}
from app.api.v1.study_plans import router as study_plans_router
# {% endif %}
# {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
from app.api.v1.telegram import router as telegram_router
# {% endif %}
from app.auth.guard import current_principal
from app.auth.provider import SECURITY

# The only operations that anybody may call. The service does not start when an operation is neither guarded nor named here.
PUBLIC = frozenset(
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
    }
)


def build_router() -> APIRouter:
    """Every route of the service: what is on the public list, and everything else behind the guard and the rate limit."""
    router = APIRouter()
    router.include_router(health.router)
    router.include_router(health.router, prefix="/api/v1/health", generate_unique_id_function=_versioned)
    # {% if cookiecutter.auth in ("telegram", "telegram+clerk") %}
    router.include_router(telegram_router, prefix="/api/v1")
    # {% endif %}
    # {% if cookiecutter.auth in ("clerk", "telegram+clerk") %}
    router.include_router(clerk_router, prefix="/api/v1")
    # {% endif %}
    # {% if cookiecutter.auth == "jwt" %}
    router.include_router(public_accounts_router, prefix="/api/v1")
    router.include_router(public_sessions_router, prefix="/api/v1")
    # {% endif %}
    router.include_router(guarded(), prefix="/api/v1")
    return router


def guarded() -> APIRouter:
    """The routes for people who have signed in and are not blocked; each call counts against its caller's limit."""
    router = APIRouter(
        dependencies=[*SECURITY, Depends(current_principal), Depends(limit_requests), Depends(get_current_user)],
        responses=problems(401, 403, 429, 503),
    )
    router.include_router(users.router)
    # {% if cookiecutter.auth == "jwt" %}
    router.include_router(accounts_router)
    router.include_router(sessions_router)
    # {% endif %}
    # {% if cookiecutter.example %}
    router.include_router(study_plans_router)
    # {% endif %}
    return router


def _versioned(route: APIRoute) -> str:
    return f"{route.name}_v1"
