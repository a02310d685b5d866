"""`chat/completions` of OpenAI, or of any server that speaks it: https://platform.openai.com/docs/api-reference/chat.

Answers are always streamed: a model that has fallen silent is noticed, and one that nobody waits for any more is let go of.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, contextmanager
from itertools import product
from typing import Final

import httpx2
from pydantic import BaseModel, ValidationError

from app.core.logging import get_logger
from app.core.settings.llm import LlmSettings
from app.llm.circuit import OPEN_SECONDS, Circuit
from app.llm.completion import AnswerCutOff, Message, ModelUnavailable, Spent

log = get_logger(__name__)

MAX_EVENT_BYTES: Final = 64 * 1024
MAX_CHARACTERS_OF_A_TOKEN: Final = 16
WHOLE: Final = frozenset({"stop", "length"})
OK: Final = 200
SERVER_ERROR: Final = 500
BUSY: Final = 429
PAUSE_SECONDS: Final = 0.5


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int


class _Chunk(BaseModel):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: object = None


class _Failed(Exception):
    """One attempt has failed; the reason is for operators and holds nothing that came from the model or from the caller.

    `taken` says whether the provider may have worked on the question, and charges for it.
    """

    def __init__(self, reason: str, *, may_retry: bool = False, after: float | None = None, taken: bool = True) -> None:
        super().__init__(reason)
        self.may_retry, self.after, self.taken = may_retry, after, taken


class ChatCompletions:
    """The models of `LLM_MODELS`, in that order: the next is asked when one fails before its first token, never after it."""

    def __init__(self, settings: LlmSettings, client: httpx2.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._circuits = {model: Circuit() for model in settings.llm_models}

    async def stream(
        self, messages: Sequence[Message], *, spent: Spent, as_json: bool = False
    ) -> AsyncGenerator[str, None]:
        """The parts of an answer: see `Completion`."""
        deadline = _now() + self._settings.llm_seconds
        failed: dict[str, _Failed] = {}
        for model, tried in product(self._circuits, range(1 + self._settings.llm_retries)):
            if not await self._may_try(model, tried, failed.get(model), deadline):
                continue
            spent.model = model
            try:
                async with aclosing(self._attempt(self._body(model, messages, as_json), spent, deadline)) as texts:
                    async for text in texts:
                        yield text
            except _Failed as failure:
                failed[model] = failure
                self._note(model, failure, spent)
            else:
                self._circuits[model].succeeded()
                return
        reasons = ", ".join(f"{model}: {failure}" for model, failure in failed.items()) or "every circuit is open"
        raise ModelUnavailable(reason=f"no language model, {reasons}", retry_after=OPEN_SECONDS)

    async def _may_try(self, model: str, tried: int, last: _Failed | None, deadline: float) -> bool:
        """Whether to ask a model now; where it is to be asked again, after a pause that spreads those who wait."""
        if tried and (last is None or not last.may_retry):
            return False
        pause = 0.0 if last is None else last.after or PAUSE_SECONDS * 2**tried * random.uniform(0.5, 1)  # noqa: S311 - no secret
        if pause > self._settings.llm_retry_after_seconds or _now() + pause >= deadline:
            return False
        await asyncio.sleep(pause)
        return self._circuits[model].lets_through()

    def _note(self, model: str, failure: _Failed, spent: Spent) -> None:
        log.warning("language model failed", model=model, reason=str(failure), characters=spent.characters)
        if failure.may_retry or failure.taken:  # else the question was refused, and another may not be
            self._circuits[model].failed()
        if not failure.taken:
            spent.model = ""
        if spent.characters:
            raise AnswerCutOff(reason=str(failure)) from failure

    def _body(self, model: str, messages: Sequence[Message], as_json: bool) -> dict[str, object]:
        return {
            "model": model,
            "messages": [{"role": each.role, "content": each.content} for each in messages],
            "max_completion_tokens": self._settings.llm_answer_tokens,
            "stream": True,
            **({"stream_options": {"include_usage": True}} if self._settings.llm_says_usage else {}),
            **({"response_format": {"type": "json_object"}} if as_json else {}),
        }

    async def _attempt(self, body: dict[str, object], spent: Spent, deadline: float) -> AsyncGenerator[str, None]:
        """Ask one model once."""
        limit = min(deadline, _now() + self._settings.llm_first_token_seconds)
        finish = ""
        async with AsyncExitStack() as opened:
            opened.enter_context(_failures_named())
            async with asyncio.timeout_at(limit):
                response = await opened.enter_async_context(self._client.stream("POST", "chat/completions", json=body))
            _check(response)
            events = aiter(httpx2.EventSource(response, max_event_size=MAX_EVENT_BYTES))
            while (chunk := await _next_chunk(events, limit)) is not None:
                if chunk.usage:
                    spent.tokens_in, spent.tokens_out = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
                for choice in chunk.choices[:1]:
                    finish = choice.finish_reason or finish
                    if text := choice.delta.content:
                        self._count(spent, text)
                        yield text
                        limit = min(deadline, _now() + self._settings.llm_token_seconds)
        _check_end(finish, spent)

    def _count(self, spent: Spent, text: str) -> None:
        spent.characters += len(text)
        if spent.characters > MAX_CHARACTERS_OF_A_TOKEN * self._settings.llm_answer_tokens:
            raise _Failed("an answer longer than was asked for")


async def _next_chunk(events: AsyncIterator[httpx2.ServerSentEvent], limit: float) -> _Chunk | None:
    """The next event, if it comes before the limit; None at the end. The limit ends with the call: what the caller does meanwhile is not counted."""
    async with asyncio.timeout_at(limit):
        async for event in events:
            if event.data == "[DONE]":
                return None
            chunk = _Chunk.model_validate_json(event.data)
            if chunk.error:
                raise _Failed("an error in the stream")
            return chunk
    return None


def _check(response: httpx2.Response) -> None:
    status = response.status_code
    if status != OK:
        seconds = response.headers.get("retry-after", "")
        after = float(seconds) if seconds.isascii() and seconds.isdigit() else None
        may_retry = status == BUSY or status >= SERVER_ERROR
        raise _Failed(f"status {status}", may_retry=may_retry, after=after, taken=False)
    if "content-encoding" in response.headers:  # a small body could be a large text
        raise _Failed("a compressed answer")


def _check_end(finish: str, spent: Spent) -> None:
    if finish not in WHOLE:
        raise _Failed("ended with another finish_reason" if finish else "ended without a finish_reason")
    if not spent.characters:
        raise _Failed("an empty answer")
    spent.is_whole = True


@contextmanager
def _failures_named() -> Iterator[None]:
    """Whatever the network or a strange answer raises, as a failure; of the answer itself nothing is repeated."""
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise _Failed(type(error).__name__, may_retry=True, taken=False) from error
    except TimeoutError as error:
        raise _Failed("no token in time") from error
    except ValidationError:
        raise _Failed("an event that is no chunk of an answer") from None
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise _Failed(type(error).__name__) from error


def _now() -> float:
    return asyncio.get_running_loop().time()
