"""Declare a job, and enqueue it: all that the rest of the service knows of the engine."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import Concatenate, Final, Generic, ParamSpec

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import get_contextvars

from app.core.middleware.request_context import request_state
from app.core.settings import Settings
from app.db.database import Database
from app.jobs.engine.queue import SessionDriver, queries_on

P = ParamSpec("P")
# Parameters of `enqueue` itself.
_TAKEN: Final = frozenset({"session", "job", "key", "after"})
JOBS: "Final[dict[str, Job[...]]]" = {}


class WrongArguments(Exception):
    """The arguments of a job are not those of its signature. To try again helps nobody."""


@dataclass(frozen=True)
class Context:
    """What every job is given. `job_id` is the same on each attempt: a key for what must not happen twice elsewhere."""

    database: Database
    settings: Settings
    job_id: int
    attempt: int = 1


@dataclass(frozen=True)
class Options:
    """How a job is run; the parameters of `job`."""

    retries: int
    backoff: timedelta
    timeout: timedelta
    queue: str
    priority: int


class Job(Generic[P]):
    """A function that a worker runs. Calling it is for tests: `await send_welcome(context, user_id=...)`."""

    def __init__(self, function: Callable[Concatenate[Context, P], Awaitable[None]], options: Options) -> None:
        self.function = function
        self.options = options
        self.name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        self.__doc__ = function.__doc__
        self._parameters = _parameters_of(function, self.name)

    async def __call__(self, context: Context, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run it, here and now."""
        await self.function(context, *args, **kwargs)

    def encode(self, arguments: dict[str, object]) -> bytes:
        """The arguments as JSON.

        Raises:
            ValidationError: the signature does not take them.
            TypeError: they would not come back from JSON as they are, a `SecretStr` say.
        """
        given = self._parameters.model_validate(arguments)
        payload = given.model_dump_json(exclude_unset=True).encode()
        if self._parameters.model_validate_json(payload) != given:
            raise TypeError(f"the arguments of {self.name} do not survive JSON: enqueue ids, and plain values")
        return payload

    async def run(self, context: Context, payload: bytes | None) -> None:
        """Run it with the arguments that were enqueued.

        Raises:
            WrongArguments: they are of another release, whose signature was another.
        """
        try:
            given = self._parameters.model_validate_json(payload or b"{}")
        except ValidationError as error:
            raise WrongArguments(str(error)) from error
        await self.function(context, **{name: getattr(given, name) for name in given.model_fields_set})  # type: ignore[call-arg] # validated


def job(
    *,
    retries: int = 5,
    backoff: timedelta = timedelta(seconds=1),
    timeout: timedelta = timedelta(minutes=1),
    queue: str = "default",
    priority: int = 0,
) -> Callable[[Callable[Concatenate[Context, P], Awaitable[None]]], Job[P]]:
    """Make a job of an async function of a module in `app/jobs`: its first parameter is the `Context`, the others are keyword-only.

    It runs once or, where a worker dies, more than once: what it does must bear that. `retries` come after `backoff`, twice that, and so on, an
    hour at most, each up to a half earlier; then it is a dead letter. A worker can be started for one `queue` only; the higher `priority` comes first.
    """
    options = Options(retries, backoff, timeout, queue, priority)

    def register(function: Callable[Concatenate[Context, P], Awaitable[None]]) -> Job[P]:
        made = Job(function, options)
        if made.name in JOBS:
            raise TypeError(f"two jobs are called {made.name}")
        JOBS[made.name] = made
        return made

    return register


async def enqueue(
    session: AsyncSession,
    job: Job[P],
    /,
    key: str | None = None,
    after: timedelta | datetime | None = None,
    *args: P.args,
    **kwargs: P.kwargs,
) -> int | None:
    """Have a worker run `job` with these arguments, once the transaction of `session` is committed; never when it is rolled back.

    Args:
        key: while a job of this kind with this key waits or runs, nothing is enqueued, and the answer is None.
        after: how long to wait, or until when.

    Returns:
        The id of the job, by which `python -m app jobs show` knows it.
    """
    if args:
        raise TypeError(f"{job.name} takes keyword arguments only")
    delay = after - datetime.now(UTC) if isinstance(after, datetime) else after
    [made] = await queries_on(SessionDriver(session)).enqueue(
        job.name,
        job.encode(dict(kwargs)),
        job.options.priority,
        execute_after=delay,
        dedupe_key=None if key is None else f"{job.name}:{key}",
        headers=_origin() or None,
        on_conflict="skip",
    )
    return made


def _origin() -> dict[str, str]:
    """Where a job comes from, as its lines in the log name it: the request, and the language of the person who sent it."""
    known = request_state.get()
    found = {
        "request_id": get_contextvars().get("request_id"),
        "language": known.get("locale"),
        "traceparent": known.get("traceparent"),
    }
    return {name: str(value) for name, value in found.items() if value}


def load_jobs() -> "dict[str, Job[...]]":
    """Every job there is: those of all modules of `app.jobs`."""
    package = import_module("app.jobs")
    for module in iter_modules(package.__path__, "app.jobs."):
        import_module(module.name)
    return JOBS


def _parameters_of(function: Callable[..., object], name: str) -> type[BaseModel]:
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"{name} must be an async function: blocking work goes into asyncio.to_thread")
    _, *others = inspect.signature(function, eval_str=True).parameters.values()
    for parameter in others:
        if parameter.kind is not parameter.KEYWORD_ONLY:
            raise TypeError(f"{name}: put a `*` before {parameter.name}; only keyword arguments are enqueued")
        if parameter.name in _TAKEN:
            raise TypeError(f"{name}: {parameter.name} is a parameter of enqueue; call it otherwise")
    fields = {each.name: (each.annotation, ... if each.default is each.empty else each.default) for each in others}
    made: type[BaseModel] = create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)  # type: ignore[call-overload] # of any names
    return made
