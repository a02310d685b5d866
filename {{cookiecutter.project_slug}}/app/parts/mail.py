"""People who register get a message, and so does the owner of an address that is taken."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.jobs.account_links import welcome


@asynccontextmanager
async def welcome_newcomers(app: FastAPI) -> AsyncIterator[None]:
    """Enqueue the message with the registration."""
    app.state.on_registration = [_enqueue_welcome]
    yield


async def _enqueue_welcome(session: AsyncSession, email: str, is_new: bool) -> None:
    await jobs.enqueue(session, welcome, email=email, is_new=is_new)
