"""The service with the public list of docs/redis.md, as the page has it: `python -m tests.mechanism.redis_page serve`."""

from functools import partial
from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import func, select

from app.api import resources
from app.api.deps import Session, get_database
from app.cli import main
from app.db.after_commit import after_commit
from app.db.database import Reader
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
_, _, section = (ROOT / "docs" / "redis.md").read_text(encoding="utf-8").partition("## Cache\n")
exec(section.split("```python\n")[1].split("```")[0], PAGE)  # noqa: S102 - our own page


@router.post("", status_code=204)
async def change_courses(request: Request, session: Session) -> None:
    """Make a change visible, as the page says."""
    after_commit(session, partial(request.app.state.cache.forget, "courses"))


if __name__ == "__main__":
    resources.PUBLIC_RESOURCES.append(router)
    resources.PUBLIC_OPERATIONS |= {"GET /api/v1/courses", "POST /api/v1/courses"}
    main()
