"""What runs beside the routes: each part opens after the database and closes before it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
# {% if cookiecutter.redis %}

from app.parts.redis import share_through_redis
# {% endif %}

PARTS: list[Callable[[FastAPI], AbstractAsyncContextManager[None]]] = []
# {% if cookiecutter.redis %}
PARTS.append(share_through_redis)
# {% endif %}
