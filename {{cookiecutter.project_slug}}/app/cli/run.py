"""Run one piece of asynchronous work with the database of the settings."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.settings import load_settings
from app.db.database import Database
from app.db.engine import create_pooled_engine
from app.db.ownership import refuse_foreign
from app.db.revisions import read_revisions

Result = TypeVar("Result")


def run_with_session(work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """The result of `work`, which runs in one transaction, in a database of this service.

    Raises:
        WrongDatabase: it belongs to another one, or lacks migrations; nothing was written.
    """
    return asyncio.run(_run(work))


async def _run(work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    database = Database(create_pooled_engine(load_settings()))
    try:
        async with database.session() as session:
            await (await session.connection()).run_sync(refuse_foreign, read_revisions())
            return await work(session)
    finally:
        await database.dispose()
