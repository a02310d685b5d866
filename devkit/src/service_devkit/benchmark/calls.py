"""Calls operations: makes what they are about, asks, and takes away what was made."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from service_devkit.benchmark.figures import Figures, figures
from service_devkit.benchmark.operations import PLAIN, Contract, Example, Known, Maker, Operation, Request, known_by
from service_devkit.benchmark.statements import recorded
from service_devkit.contract.responses import Response
from service_devkit.contract.values import Json, mapping

_DEPTH: Final = 8
_WARM: Final = 2
_COUNTED: Final = 2  # the fewer statements count: now and then a caller is looked up again
_SECONDS: Final = 30.0


class CallError(Exception):
    """An operation cannot be called; the message says why. `is_fault` is the service's own failure, 5xx; `status` its answer, 0 where it was not asked."""

    def __init__(self, message: str, *, is_fault: bool = False, status: int = 0) -> None:
        super().__init__(message)
        self.is_fault = is_fault
        self.status = status


@dataclass(frozen=True)
class Answered:
    """A request, its answer, and the seconds between."""

    request: Request
    status: int
    body: Json
    seconds: float

    def known(self, maker: Maker) -> Known:
        """What another operation needs."""
        return known_by(maker, self.request, self.body)


class Signed:
    """One connection to the service, and one way to sign in."""

    def __init__(self, url: str, authorization: str, hear: Callable[[Response], object]) -> None:
        self._hear = hear
        self._authorization = authorization
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=_SECONDS)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def send(self, operation: Operation, request: Request) -> Answered:
        """Send one request of an operation.

        Raises:
            CallError: nobody answers.
        """
        headers = dict(request.headers)
        if self._authorization and not operation.is_open:
            headers["Authorization"] = self._authorization
        content = request.content() if "Content-Type" in headers else None
        began = time.perf_counter()
        try:
            self._connection.request(request.method, request.path, content, headers)
            response = self._connection.getresponse()
            read = response.read()
        except OSError as error:
            self._connection.close()
            raise CallError(f"{request.method} {request.path}: {type(error).__name__} {error}", is_fault=True) from None
        seconds = time.perf_counter() - began
        headers_read = {name.lower(): value for name, value in response.getheaders()}
        self._hear(Response(request.method, urlsplit(request.path).path, response.status, headers_read, read))
        return Answered(request, response.status, _as_json(read), seconds)


class Caller:
    """Calls what a contract promises over one connection, signed in one way. A context manager.

    Args:
        hear: gets each answer, also those of requests that only make what another one is about.

    `others` make what this caller may not make itself.
    """

    others: "Sequence[Caller]" = ()

    def __init__(
        self, contract: Contract, url: str, authorization: str, hear: Callable[[Response], object] = id
    ) -> None:
        self._contract = contract
        self._connection = Signed(url, authorization, hear)

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def measure(self, operation: Operation, *, requests: int, log: Path) -> Figures:
        """The figures of an operation.

        Raises:
            CallError: an answer is another than success.
            NoExampleError: the contract does not say what could be sent.
        """
        for _ in range(_WARM):
            self._life(operation)
        counted = [self._statements(operation, log) for _ in range(_COUNTED)]
        seconds = [self._life(operation).seconds for _ in range(requests)]
        return figures(seconds, min(counted, key=len))

    def _statements(self, operation: Operation, log: Path) -> list[str]:
        with ExitStack() as stack:
            known = self.made(operation, stack)
            with recorded(log) as statements:
                answered = self._call(operation, known)
            self._remove_later(operation, answered, stack)
        return statements

    def try_out(self, operation: Operation, maker: "Caller", example: Example = PLAIN) -> int:
        """Call an operation once, on what somebody makes for it; the status.

        Raises:
            CallError: an answer is another than success.
            NoExampleError: the contract does not say what could be sent.
        """
        with ExitStack() as stack:
            answered = self._call(operation, maker.made(operation, stack), example)
            self._remove_later(operation, answered, stack)
        return answered.status

    def _life(self, operation: Operation) -> Answered:
        with ExitStack() as stack:
            answered = self._call(operation, self.made(operation, stack))
            self._remove_later(operation, answered, stack)
        return answered

    def made(self, operation: Operation, stack: ExitStack, depth: int = 0) -> Known:
        """Make what the operation is about; the stack takes it away again.

        Raises:
            CallError: an answer is another than success.
            NoExampleError: the contract does not say what could be sent.
        """
        maker = self._contract.maker(operation)
        if maker is None or depth == _DEPTH:
            return Known()
        first = self._contract.operations[maker.name]
        known = self.made(first, stack, depth + 1)
        try:
            return _made((self, *self.others), first, known, stack).known(maker)
        except CallError as error:
            said = f"{first.name}, which makes what it is about: {error}"
            raise CallError(
                said, is_fault=error.is_fault
            ) from None  # no status: it is not the answer to what was asked

    def _remove_later(self, made_by: Operation, answered: Answered, stack: ExitStack) -> None:
        """So that the next one of the same example meets no conflict. What is gone by then is no error."""
        if found := self._contract.remover(made_by):
            remover, maker = found
            known = answered.known(maker)
            stack.callback(lambda: self._connection.send(remover, remover.request(self._contract.schemas, known)))

    def _call(self, operation: Operation, known: Known, example: Example = PLAIN) -> Answered:
        answered = self._connection.send(operation, operation.request(self._contract.schemas, known, example))
        if not 200 <= answered.status < 400:  # noqa: PLR2004 - the bounds of success
            detail = mapping(answered.body).get("detail") or mapping(answered.body).get("title") or ""
            said = f"{operation.method} {answered.request.path} answered {answered.status} {detail}".rstrip()
            raise CallError(said, is_fault=answered.status >= 500, status=answered.status)  # noqa: PLR2004 - the service's own failures
        return answered


def _made(callers: Sequence[Caller], operation: Operation, known: Known, stack: ExitStack) -> Answered:
    """What the first one makes, or where that one may not, the first other one that may."""
    for caller in callers:
        try:
            answered = caller._call(operation, known)  # noqa: SLF001 - a half of it
        except CallError as error:
            if error.status != HTTPStatus.FORBIDDEN or caller is callers[-1]:
                raise
            continue
        caller._remove_later(operation, answered, stack)  # noqa: SLF001 - as above
        return answered
    raise CallError("nobody calls")


def _as_json(content: bytes) -> Json:
    try:
        value: Json = json.loads(content)
    except ValueError:
        return None
    return value


def in_order(operations: Sequence[Operation]) -> list[Operation]:
    """What deletes comes last: it might end the session of the caller."""
    return sorted(operations, key=lambda each: each.method == "DELETE")
