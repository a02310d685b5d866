"""What reads the reports that callers send, and finds the codes in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.extraction.reader import ReportReader
from app.services.study_plans_extraction import codes_in


@asynccontextmanager
async def read_reports(app: FastAPI) -> AsyncIterator[None]:
    """The limits are those of this process."""
    app.state.report_reader = ReportReader(app.state.settings)
    app.state.find_codes = codes_in
    yield
