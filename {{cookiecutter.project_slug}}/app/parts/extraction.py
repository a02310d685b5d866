"""What reads the reports that callers send."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.extraction.reader import ReportReader


@asynccontextmanager
async def read_reports(app: FastAPI) -> AsyncIterator[None]:
    """The limits are those of this process."""
    app.state.report_reader = ReportReader(app.state.settings)
    yield
