"""The application in this process, and a client that speaks HTTP to it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import FastAPI
from service_devkit.fixtures.contract import keep_promises

from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app

BASE_URL = "http://service.test"


@pytest.fixture
def settings(database_url: str, sign_in_settings: dict[str, str]) -> Settings:
    """The settings of the application under test."""
    return Settings.model_validate({"database_url": database_url, "rate_limit": "10000/minute", **sign_in_settings})


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """The application on the database that is rolled back after the test."""
    return create_app(settings, database=database)


@asynccontextmanager
async def open_client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application whose lifespan runs; what the application answers is held to the contract."""
    transport = httpx2.ASGITransport(app=app, client=("192.0.2.1", 40_000))
    hooks = {"response": [keep_promises]}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url=BASE_URL, event_hooks=hooks) as client,
    ):
        yield client


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without credentials."""
    async with open_client(app) as client:
        yield client


@pytest.fixture
async def client(anonymous: httpx2.AsyncClient, sign_in: Callable[[str], dict[str, str]]) -> httpx2.AsyncClient:
    """A client signed in as Ada."""
    anonymous.headers.update(sign_in("Ada"))
    return anonymous
