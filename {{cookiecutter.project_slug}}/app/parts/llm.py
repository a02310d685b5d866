"""The language model of the application, where a provider is set."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
from fastapi import FastAPI

from app.cache.cache import Cache
from app.cache.store import MemoryStore
from app.core.settings.llm import OPENAI, LlmSettings
from app.db.database import Database
from app.llm.client import ChatCompletions
from app.llm.model import LanguageModel


@asynccontextmanager
async def answer_with_a_model(app: FastAPI) -> AsyncIterator[None]:
    """Set the application's `llm`, None without a provider, and a cache for its answers unless another part shares one."""
    async with AsyncExitStack() as stack:
        app.state.llm = None
        if app.state.settings.has_llm:
            opened = language_model(app.state.settings, app.state.database)
            app.state.llm = await stack.enter_async_context(opened)
            app.state.counters = [
                ("model_tokens", "llm", "direction", app.state.llm.tokens)
            ]  # for metrics, where there are any
        if not hasattr(app.state, "cache"):
            app.state.cache = Cache(MemoryStore())
            stack.push_async_callback(app.state.cache.close)
        yield


@asynccontextmanager
async def language_model(settings: LlmSettings, database: Database) -> AsyncIterator[LanguageModel]:
    """The model of `LLM_BASE_URL`; with the SDK of a vendor, its adapter stands in place of `ChatCompletions`."""
    async with httpx2.AsyncClient(
        base_url=settings.llm_base_url or OPENAI,
        headers={"Accept-Encoding": "identity", **_authorization(settings)},
        timeout=httpx2.Timeout(settings.llm_seconds, connect=settings.llm_connect_seconds),
        limits=httpx2.Limits(max_connections=None),  # one for each answer, as many as callers may be connected
    ) as client:
        model = LanguageModel(ChatCompletions(settings, client), database, settings)
        try:
            yield model
        finally:
            await model.close()


def _authorization(settings: LlmSettings) -> dict[str, str]:
    key = settings.openai_api_key
    return {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
