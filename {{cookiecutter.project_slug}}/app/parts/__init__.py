"""What runs beside the routes: each part opens after the database and closes before it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.settings import Settings
# {% if cookiecutter.mail %}
from app.parts.mail import welcome_newcomers
# {% endif %}
# {% if cookiecutter.redis %}
from app.parts.redis import announce_through_redis, share_through_redis
# {% endif %}
# {% if cookiecutter.telemetry %}
from app.parts.telemetry import observe, trace_worker
# {% endif %}

PARTS: list[Callable[[FastAPI], AbstractAsyncContextManager[None]]] = []
# What a worker wraps each piece of its work in, by the name and by what was stored with it.
Around = Callable[[str, Mapping[str, str]], AbstractContextManager[None]]
WORKER_PARTS: list[Callable[[Settings, AsyncEngine], AbstractAsyncContextManager[Around]]] = []
# {% if cookiecutter.redis %}
PARTS.append(share_through_redis)
# {% endif %}
# {% if cookiecutter.telemetry %}
PARTS.append(observe)
WORKER_PARTS.append(trace_worker)
# {% endif %}
# {% if cookiecutter.mail %}
PARTS.append(welcome_newcomers)
# {% endif %}

# What commands need that change data, `set-role` for one.
COMMAND_PARTS: list[Callable[[Settings], AbstractAsyncContextManager[None]]] = []
# {% if cookiecutter.redis %}
COMMAND_PARTS.append(announce_through_redis)
# {% endif %}
