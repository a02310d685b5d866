"""A job that does nothing: what is left is what the queue costs. And one that waits, as for an answer of another service."""

import asyncio

from app import jobs


@jobs.job()
async def nothing(context: jobs.Context) -> None:
    """Do nothing."""


@jobs.job()
async def wait(context: jobs.Context, *, milliseconds: int) -> None:  # noqa: ARG001 - what a job takes
    """Leave the core to others for so long."""
    await asyncio.sleep(milliseconds / 1000)
