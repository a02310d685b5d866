"""Reads reports: each in a child process, so many at once, and so many that wait."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from app.core.errors import AppError, Unavailable
from app.core.i18n import Text, gettext as _
from app.core.settings.extraction import ExtractionSettings
from app.extraction.limits import Limits

Kind = Literal["pdf", "docx", "table", "text"]

# Isolated (-I), so that neither the working directory nor a variable says what is imported; it writes no bytecode either (-B).
_CHILD: Final = "import sys; sys.path.append(sys.argv.pop()); from app.extraction.worker import main; main()"
_ROOT: Final = str(Path(__file__).parents[2])


class WrongType(AppError):
    """The content is not of the type that the caller says, or of none that is read."""

    status = 415
    code = "unsupported_media_type"
    detail = _("The content is not of the type that Content-Type names.")


class UnreadableReport(AppError):
    """The content is of the right type, and cannot be read."""

    status = 422
    code = "unreadable"


class ReportReader:
    """Reads reports. `place` first, which holds the memory for one; then `text_of`."""

    def __init__(self, settings: ExtractionSettings) -> None:
        self._limits = Limits(
            pages=settings.extract_max_pages,
            characters=settings.extract_max_characters,
            seconds=settings.extract_seconds,
            memory=settings.extract_memory,
        )
        self._wait_seconds = settings.extract_wait_seconds
        self._turn = asyncio.Semaphore(settings.extract_concurrency)
        self._places = settings.extract_concurrency + settings.extract_waiting

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for one report, from before its body is taken.

        Raises:
            Unavailable: there is none.
        """
        if not self._places:
            raise self._busy()
        self._places -= 1
        try:
            yield
        finally:
            self._places += 1

    async def text_of(self, kind: Kind, content: bytes) -> str:
        """The text of a report. The child ends with this, however it ends.

        Raises:
            Unavailable: its turn did not come in time.
            WrongType: the content is something else.
            UnreadableReport: it cannot be read, which the detail explains.
        """
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise self._busy() from None
        try:
            found = await _outcome(kind, content, self._limits)
        finally:
            self._turn.release()
        if "text" in found:
            return found["text"]
        raise _refusal(found["fault"], self._limits)

    def _busy(self) -> Unavailable:
        return Unavailable(retry_after=self._wait_seconds, reason="too many reports at once")


async def _outcome(kind: Kind, content: bytes, limits: Limits) -> Mapping[str, str]:
    """What a child says; one that takes too long, or that the system ends, says nothing."""
    arguments = (kind, json.dumps(limits._asdict()), _ROOT)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-B", "-c", _CHILD, *arguments),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,  # a parser might repeat there what it reads
        env={},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limits.seconds):
            output, _error = await child.communicate(content)
    except TimeoutError:
        output = b""
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    said: Mapping[str, str] = json.loads(output) if output and child.returncode == 0 else {"fault": "too_expensive"}
    return said


def _refusal(fault: str, limits: Limits) -> AppError:
    if fault == "wrong_type":
        return WrongType()
    reasons: Mapping[str, Text] = {
        "encrypted": _("The report is encrypted. Send it without a password."),
        "damaged": _("The report is damaged."),
        "no_text": _("There is no text in the report. Pictures of text are not read."),
        "too_many_pages": _("The report may have at most {pages} pages.", pages=limits.pages),
        "too_many_characters": _("The report may have at most {size} characters of text.", size=limits.characters),
        "too_expensive": _("Reading the report takes too much time or memory."),
    }
    return UnreadableReport(reasons[fault])
