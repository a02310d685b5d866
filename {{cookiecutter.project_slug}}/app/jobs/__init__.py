"""Work that outlives the request: each module holds the jobs of one noun. `docs/jobs.md`.

    @jobs.job(retries=5)
    async def send_welcome(context: jobs.Context, *, user_id: UUID) -> None: ...

    await jobs.enqueue(session, send_welcome, user_id=user.id)
"""

from app.jobs.engine.port import Context, Job, enqueue, job

__all__ = ["Context", "Job", "enqueue", "job"]
