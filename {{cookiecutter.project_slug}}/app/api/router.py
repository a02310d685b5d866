"""Table of contents of the API."""

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute

from app.api import health
from app.api.deps import limit_requests
from app.api.openapi import problems
from app.api.v1 import users
# {% if cookiecutter.example %}
from app.api.v1.study_plans import router as study_plans_router
# {% endif %}
from app.auth.guard import current_principal
from app.auth.provider import security

# The only operations that anybody may call. The service does not start when an operation is neither guarded nor named here.
PUBLIC = frozenset(
    {
        "GET /healthz",
        "GET /readyz",
        "GET /api/v1/health/healthz",
        "GET /api/v1/health/readyz",
    }
)


def build_router() -> APIRouter:
    """Every route of the service: health without sign-in, everything else behind the guard and the rate limit."""
    router = APIRouter()
    router.include_router(health.router)
    router.include_router(health.router, prefix="/api/v1/health", generate_unique_id_function=_versioned)
    router.include_router(_guarded(), prefix="/api/v1")
    return router


def _guarded() -> APIRouter:
    guarded = APIRouter(
        dependencies=[*security(), Depends(current_principal), Depends(limit_requests)],
        responses=problems(401, 429, 503),
    )
    guarded.include_router(users.router)
    # {% if cookiecutter.example %}
    guarded.include_router(study_plans_router)
    # {% endif %}
    return guarded


def _versioned(route: APIRoute) -> str:
    return f"{route.name}_v1"
