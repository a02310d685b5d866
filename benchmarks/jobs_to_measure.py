"""A job that does nothing: what is left is what the queue costs."""

from app import jobs


@jobs.job()
async def nothing(context: jobs.Context) -> None:
    """Do nothing."""
