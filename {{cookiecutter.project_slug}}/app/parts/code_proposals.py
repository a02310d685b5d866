"""The language model among what finds codes in reports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from app.services.code_proposals import codes_in


@asynccontextmanager
async def propose_codes(app: FastAPI) -> AsyncIterator[None]:
    """Ask it about each report, where `EXTRACT_ASKS_MODEL` says so and a provider is named."""
    if app.state.llm and app.state.settings.extract_asks_model:
        app.state.find_codes = partial(codes_in, app.state.llm)
    yield
