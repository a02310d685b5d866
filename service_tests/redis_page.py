"""The service with the lists of docs/redis.md, as the page has them: `python -m tests.mechanism.redis_page serve`.

Whatever the provider, each credentials are a session of their own, which a request can end.
"""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Annotated, Final
from uuid import NAMESPACE_OID, UUID, uuid5

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import Integer, Uuid, column, func, insert, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import resources
from app.api.deps import Session, get_current_user, get_database
from app.auth import provider
from app.auth.guard import current_principal
from app.auth.principal import Authenticator, Principal
from app.auth.provider import build_authenticator
from app.cli import main
from app.core.settings import Settings
from app.db.after_commit import after_commit
from app.db.database import Reader
from app.db.notify import SESSION_ENDED, Notification, notify
from app.services.users import Caller
from tests.plugins.environment import ROOT

# Both are counted by the database, which all processes share. A computation waits while the test holds the lock.
ARRIVED: Final = select(func.nextval("arrivals"))
COMPUTED: Final = select(func.nextval("computations").label("number")).select_from(func.pg_advisory_xact_lock_shared(1))


class CourseRead(BaseModel):
    """A course that is called what the computation is."""

    number: int


async def read_all(reader: Reader) -> list[dict[str, object]]:
    """Compute."""
    return [{"number": row.number} for row in await reader.rows(COMPUTED)]


async def arrive(request: Request) -> None:
    """Count a caller before the list is looked for."""
    await get_database(request).reader.rows(ARRIVED)


router = APIRouter(prefix="/courses", dependencies=[Depends(arrive)])
PAGE: Final[dict[str, object]] = {
    "APIRouter": APIRouter,
    "Request": Request,
    "Response": Response,
    "CourseRead": CourseRead,
    "courses": SimpleNamespace(read_all=read_all),
    "router": router,
}


class Value(BaseModel):
    """A reading, as it is sent and shown."""

    value: int


class ReadingSummary(BaseModel):
    """The sum of the readings, and which computation has found it."""

    total: int
    computed: int


class Readings:
    """The service of a caller's own readings."""

    table = table("readings", column("owner_id", Uuid()), column("value", Integer()))

    async def summarise(self, reader: Reader, *, owner_id: UUID) -> ReadingSummary:
        """Add up."""
        added = select(func.coalesce(func.sum(self.table.c.value), 0), func.nextval("computations"))
        ((total, computed),) = await reader.rows(added.where(self.table.c.owner_id == owner_id))
        return ReadingSummary(total=total, computed=computed)

    async def create(self, session: AsyncSession, *, owner_id: UUID, data: Value) -> Value:
        """Note one."""
        await session.execute(insert(self.table).values(owner_id=owner_id, value=data.value))
        return data


own_router = APIRouter(prefix="/readings")
OWN: Final[dict[str, object]] = {
    "MayRead": Annotated[Caller, Depends(get_current_user)],
    "MayWrite": Annotated[Caller, Depends(get_current_user)],
    **dict.fromkeys(("Reading", "ReadingCreate", "ReadingRead"), Value),
    "ReadingSummary": ReadingSummary,
    "Session": Session,
    "readings": Readings(),
    "router": own_router,
}
_, _, section = (ROOT / "docs" / "redis.md").read_text(encoding="utf-8").partition("## Cache\n")
everybodys, callers_own = (block.split("```")[0] for block in section.split("```python\n")[1:3])
exec(everybodys, PAGE)  # noqa: S102 - our own page
exec(callers_own, PAGE | OWN)  # noqa: S102 - as above


@router.post("", status_code=204)
async def change_courses(request: Request, session: Session) -> None:
    """Make a change visible, as the page says."""
    after_commit(session, partial(request.app.state.cache.forget, "courses"))


@router.delete("", status_code=204)
async def sign_out(request: Request, session: Session) -> None:
    """End the caller's session, as signing out of a service's own accounts does."""
    principal = await current_principal(request)
    await notify(session, Notification(SESSION_ENDED, UUID(principal.session), None))


class InSessions(Authenticator):
    """The provider of the service, and a session of each credentials."""

    def __init__(self, settings: Settings) -> None:
        self._provider = build_authenticator(settings)
        self.schemes = self._provider.schemes
        self.running = self._provider.running  # type: ignore[method-assign] # the same

    async def authenticate(self, authorization: list[str]) -> Principal:
        """Whom the provider finds, in a session."""
        principal = await self._provider.authenticate(authorization)
        return replace(principal, session=str(uuid5(NAMESPACE_OID, repr(authorization))))


if __name__ == "__main__":
    provider.build_authenticator = InSessions
    resources.PUBLIC_RESOURCES.append(router)
    resources.RESOURCES.append(own_router)
    resources.PUBLIC_OPERATIONS |= {f"{method} /api/v1/courses" for method in ("GET", "POST", "DELETE")}
    main()
