"""The service with a route that enqueues a job: `python -m tests.mechanism.jobs_traced serve`, and `worker`."""

import httpx2
from fastapi import APIRouter
from sqlalchemy import text

from app import jobs
from app.api import resources
from app.api.deps import Session
from app.cli import main

router = APIRouter(prefix="/calls")


@jobs.job()
async def call(context: jobs.Context, *, url: str) -> None:
    """Ask the database and another service, then leave the rest to another job."""
    async with context.database.session() as session:
        await session.execute(text("SELECT 1"))
        await jobs.enqueue(session, fail_for_good)
    async with httpx2.AsyncClient() as client:
        await client.post(url)


@jobs.job(retries=0)
async def fail_for_good(context: jobs.Context) -> None:
    """End as a dead letter."""
    del context
    raise RuntimeError("visibly private")


@router.post("", status_code=202)
async def call_later(url: str, session: Session) -> None:
    """Enqueue."""
    await jobs.enqueue(session, call, url=url)


if __name__ == "__main__":
    resources.PUBLIC_RESOURCES.append(router)
    resources.PUBLIC_OPERATIONS |= {"POST /api/v1/calls"}
    main()
