"""Is the process alive, and can it do its work?"""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.api.openapi import problems
from app.core.i18n import gettext as _
from app.core.logging import get_logger
from app.core.problems import problem
from app.schemas.health import Health
from app.services.readiness import Check, Readiness

router = APIRouter(tags=["health"])
log = get_logger(__name__)


@router.get("/healthz")
async def healthz() -> Health:
    """Check that the process answers. Does no I/O, so that a database outage restarts nothing."""
    return Health(timestamp=datetime.now(UTC))


@router.get("/readyz", response_model=Health, responses=problems(503))
async def readyz(request: Request) -> Health | Response:
    """Check whether requests may be sent here: the database answers, its migrations are at head, and no shutdown is under way.

    A check that failed in a 200 is of something that the service goes on without.
    """
    readiness: Readiness = request.app.state.readiness
    checks = await readiness.check()
    if all(result is Check.OK for result in checks.values()):
        return Health(timestamp=datetime.now(UTC), checks={**checks, **await readiness.check_details()})
    log.warning("not ready", **checks, reason=readiness.reason)
    detail = _("The service cannot do its work right now.")
    return problem(
        request.scope, status=503, code="not_ready", detail=detail, headers={"Retry-After": "1"}, checks=checks
    )
