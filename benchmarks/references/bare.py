"""Bare: FastAPI as a good tutorial writes it. ORM sessions and response models; no sign-in, no middleware."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from sqlalchemy.orm import Mapped, mapped_column

from benchmarks.parts import parts
from benchmarks.references.orm import Base, Owner, Session, create_engine, sessions_of


class User(Base):
    """A person."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    display_name: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Health(BaseModel):
    """It answers."""

    status: str = "healthy"
    timestamp: datetime


class UserRead(BaseModel):
    """What is shown of a person."""

    id: UUID
    display_name: str
    locale: str
    created_at: datetime
    updated_at: datetime


def create_app() -> FastAPI:
    """The application, with the routes of every domain that is there."""
    app = FastAPI(lifespan=_lifespan, telemetry={"tracing": False, "metrics": False, "logs": False})
    app.add_api_route("/healthz", healthz, response_model=Health)
    app.add_api_route("/api/v1/users/me", read_me, response_model=UserRead)
    for module in parts("benchmarks.references.bare_"):
        app.include_router(module.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = create_engine(os.environ["DATABASE_URL"])
    app.state.sessions = sessions_of(engine)
    yield
    await engine.dispose()


async def healthz() -> Health:
    """Check that the process answers."""
    return Health(timestamp=datetime.now(UTC))


async def read_me(owner: Owner, session: Session) -> User:
    """Show the caller."""
    user = await session.get(User, owner)
    if user is None:
        raise HTTPException(404)
    return user
