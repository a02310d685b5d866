"""People who register get a message, and so do the owner of a taken address and a person with a new password."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.jobs.account_links import send_notice, welcome


@asynccontextmanager
async def welcome_newcomers(app: FastAPI) -> AsyncIterator[None]:
    """Enqueue the message with the registration, and with the change."""
    app.state.on_registration = [_enqueue_welcome]
    app.state.on_password_change = [_enqueue_notice]
    yield


async def _enqueue_welcome(session: AsyncSession, email: str, is_new: bool) -> None:
    await jobs.enqueue(session, welcome, email=email, is_new=is_new)


async def _enqueue_notice(session: AsyncSession, *, email: str, locale: str) -> None:
    await jobs.enqueue(session, send_notice, notice="password_changed", email=email, locale=locale)
