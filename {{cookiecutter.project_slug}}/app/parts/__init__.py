"""What runs beside the routes: each part opens after the database and closes before it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from starlette.types import Scope

from app.core.settings import Settings
# {% if cookiecutter.example and cookiecutter.llm %}
from app.parts.code_proposals import propose_codes
# {% endif %}
# {% if cookiecutter.example %}
from app.parts.extraction import read_reports
# {% endif %}
# {% if cookiecutter.llm %}
from app.parts.llm import answer_with_a_model
# {% endif %}
# {% if cookiecutter.mail %}
from app.parts.mail import welcome_newcomers
# {% endif %}
# {% if cookiecutter.redis %}
from app.parts.redis import announce_through_redis, share_through_redis
# {% endif %}
# {% if cookiecutter.telemetry %}
from app.parts.telemetry import has_no_span, observe
# {% endif %}

PARTS: list[Callable[[FastAPI], AbstractAsyncContextManager[None]]] = []
# {% if cookiecutter.redis %}
PARTS.append(share_through_redis)
# {% endif %}
# {% if cookiecutter.llm %}
PARTS.append(answer_with_a_model)  # its answers are kept in the cache that is there by now
# {% endif %}
# {% if cookiecutter.telemetry %}
PARTS.append(observe)
# {% endif %}
# {% if cookiecutter.mail %}
PARTS.append(welcome_newcomers)
# {% endif %}
# {% if cookiecutter.example %}
PARTS.append(read_reports)
# {% endif %}
# {% if cookiecutter.example and cookiecutter.llm %}
PARTS.append(propose_codes)
# {% endif %}

# Which requests the framework makes no span for, where it makes any.
LEAVES_OUT: Callable[[Scope], bool] | None = None
# {% if cookiecutter.telemetry %}
LEAVES_OUT = has_no_span
# {% endif %}

# What commands need that change data, `set-role` for one.
COMMAND_PARTS: list[Callable[[Settings], AbstractAsyncContextManager[None]]] = []
# {% if cookiecutter.redis %}
COMMAND_PARTS.append(announce_through_redis)
# {% endif %}
