"""The database of the bare reference: a session for each request."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request
from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Base of the models."""

    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy declares it so


def create_engine(url: str) -> AsyncEngine:
    """The engine with its default options, and a pool of the service's size: a smaller one would open and close connections under load."""
    address = url.replace("postgresql://", "postgresql+asyncpg://", 1)
    return create_async_engine(address, pool_size=10, max_overflow=5)


def sessions_of(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """What makes sessions."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """A session that is closed after the request."""
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
Owner = Annotated[UUID, Header(alias="X-Owner")]
