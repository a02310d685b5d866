"""Work that outlives the request: each module holds the jobs of one noun. `docs/jobs.md`.

A job is an async function with `@job()` above it, whose first parameter is a `Context` and whose others are keyword-only. It is called by `await jobs.enqueue(session, send_welcome, user_id=user.id)`, as part of a transaction.
"""

from app.jobs.engine.port import Context, Job, enqueue, job
from app.jobs.engine.schedule import schedule

__all__ = ["Context", "Job", "enqueue", "job", "schedule"]
