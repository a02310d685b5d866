"""What a worker wraps each job in: each part opens after the database and closes before it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.settings import Settings
from app.jobs.engine.runner import Around
# {% if cookiecutter.telemetry %}
from app.parts.telemetry import trace_worker
# {% endif %}

WORKER_PARTS: list[Callable[[Settings, AsyncEngine], AbstractAsyncContextManager[Around]]] = []
# {% if cookiecutter.telemetry %}
WORKER_PARTS.append(trace_worker)
# {% endif %}
