"""Run one piece of asynchronous work with the database of the settings."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.settings import load_settings
from app.db.database import Database
from app.db.engine import create_pooled_engine
from app.db.ownership import refuse_foreign
from app.db.revisions import read_revisions
from app.parts import COMMAND_PARTS

Result = TypeVar("Result")


def run_with_session(work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """The result of `work`, which runs in one transaction, in a database of this service.

    Raises:
        WrongDatabase: it belongs to another one, or lacks migrations; nothing was written.
    """
    return asyncio.run(_run(work))


async def _run(work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    settings = load_settings()
    async with AsyncExitStack() as parts:
        database = Database(create_pooled_engine(settings))
        parts.push_async_callback(database.dispose)
        for part in COMMAND_PARTS:
            await parts.enter_async_context(part(settings))
        async with database.session() as session:
            await (await session.connection()).run_sync(refuse_foreign, read_revisions())
            return await work(session)
