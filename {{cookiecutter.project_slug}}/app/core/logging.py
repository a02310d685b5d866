"""Structured logs: one JSON object per line on standard output, from our code and from every library.

Each line carries the `request_id` of the request that it belongs to. Secrets are masked by the name of their field and by their shape.
"""

import json
import logging
import re
import sys
from functools import lru_cache
from typing import Literal

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from app.core.log_output import Output

LogFormat = Literal["json", "console"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

MASK = "***"
_SECRET_FIELD = re.compile(
    r"authorization|cookie|passw|pwd|secret|token|(api|private)_?key|credential|signature", re.IGNORECASE
)
_CREDENTIALS = re.compile(r"\b(bearer|basic)\s+[^\s\"',;]+", re.IGNORECASE)
_TOKENS = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+")  # a JWT, whatever stands before it
_SIGNATURES = re.compile(r"\b(hash|signature)=[^&\s\"']+")  # what is signed is worth nothing without them
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^\s]+@")
_COULD_HIDE_ONE = re.compile(r"[\s=:]|eyJ")  # what any of the four needs; most values have none of it
# Their start-up chatter says nothing that our own lines do not say.
_QUIET = ("uvicorn.error", "alembic.runtime.migration", "asyncio", "watchfiles.main")


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger whose keyword arguments become fields of the line."""
    logger: FilteringBoundLogger = structlog.get_logger(source=name)
    return logger


def configure_logging(*, level: LogLevel, log_format: LogFormat, output: Output | None = None) -> None:
    """Send every line of this process through one chain to `output`, standard output when absent; may be called again."""
    output = output or sys.stdout
    rendered: list[Processor] = [*_chain(), _renderer(log_format)]
    structlog.configure(
        processors=rendered,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=output),  # type: ignore[arg-type] # it writes and flushes, no more
        cache_logger_on_first_use=False,
    )
    _route_standard_library(level, _renderer(log_format), output)


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Processor: replace what looks like a secret, however deep it is nested."""
    for name, value in event.items():
        if type(value) is not str or _COULD_HIDE_ONE.search(value) or _is_secret(name):
            event[name] = _masked(name, value)
    return event


def _chain() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        mask_secrets,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _add_source(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["source"] = event["_record"].name
    return event


def _renderer(log_format: LogFormat) -> Processor:
    if log_format == "console":
        return structlog.dev.ConsoleRenderer(colors=sys.stdout is not None and sys.stdout.isatty())
    encode = json.JSONEncoder(default=str).encode  # made once: `json.dumps` would make one for each line
    return structlog.processors.JSONRenderer(serializer=lambda event, **_: encode(event))


def _route_standard_library(level: LogLevel, renderer: Processor, output: Output) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_add_source, *_chain()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


@lru_cache(maxsize=512)
def _is_secret(name: str) -> bool:
    return _SECRET_FIELD.search(name) is not None


def _masked(name: str, value: object) -> object:
    if value is not None and _is_secret(name):
        return MASK
    if isinstance(value, dict):
        return {key: _masked(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(name, item) for item in value]
    if isinstance(value, str) and _COULD_HIDE_ONE.search(value):
        value = _CREDENTIALS.sub(rf"\1 {MASK}", value)
        value = _TOKENS.sub(MASK, value)
        value = _SIGNATURES.sub(rf"\1={MASK}", value)
        return _URL_PASSWORD.sub(rf"\1:{MASK}@", value)
    return value
