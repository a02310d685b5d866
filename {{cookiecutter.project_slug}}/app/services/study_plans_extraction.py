"""Codes out of reports."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from app.core.errors import AppError
from app.core.i18n import ngettext
from app.extraction.reader import Kind, ReportReader
from app.schemas.study_plans import CodeCreate
from app.services.study_plans import MAX_CODES

MAX_LABEL: Final = 200
# A code as catalogues of courses have it: MATH-101, MATH101, CS-21B, and MATH 101 where the number has three digits. Make it that of yours.
_CODE: Final = re.compile(r"(?<![\w.-])([A-Z]{2,8})(?:-?([0-9]{2,4}[A-Z]?)| ([0-9]{3}[A-Z]?))(?![\w-])")
_LETTER: Final = re.compile(r"[^\W\d_]")
_END_OF_LABEL: Final = re.compile(r"\t|\.{3}| {3}|[\x00-\x1f\x7f]")


class TooManyCodes(AppError):
    """A report with more codes than a plan holds."""

    status = 422
    code = "too_many_codes"
    detail = ngettext("A plan holds at most {count} code.", "A plan holds at most {count} codes.", MAX_CODES)


# What finds the codes in the text that a caller has sent.
CodeFinder: TypeAlias = Callable[[str, UUID], Awaitable[list[CodeCreate]]]


@dataclass(slots=True)
class Found:
    """The codes of a report, in its order."""

    codes: list[CodeCreate]


async def codes_of(reader: ReportReader, find: CodeFinder, *, caller: UUID, kind: Kind, content: bytes) -> Found:
    """The codes that a report names. It is read in a child process, and nothing of it is kept.

    Raises:
        Unavailable: too many reports are being read.
        WrongType: the content is something else.
        UnreadableReport: it cannot be read, which the detail explains.
        TooManyCodes: it names more than a plan holds.
    """
    return Found(await find(await reader.text_of(kind, content), caller))


async def codes_in(text: str, _caller: UUID) -> list[CodeCreate]:
    """`find_codes`, in a thread: it may take a second."""
    return await asyncio.to_thread(find_codes, text)


def find_codes(text: str) -> list[CodeCreate]:
    """The codes that stand in a text, each once, as `MATH-101`, in the order of the text.

    What follows a code at the beginning of its line is its label, up to the next cell, dots or wide gap.

    Raises:
        TooManyCodes: there are more than a plan holds.
    """
    labels: dict[str, str] = {}
    for line in text.split("\n"):
        for code, label in _of_line(line):
            labels[code] = labels.get(code) or label
        if len(labels) > MAX_CODES:
            raise TooManyCodes
    return [CodeCreate(code=code, label=label) for code, label in labels.items()]


def _of_line(line: str) -> Iterator[tuple[str, str]]:
    found = list(_CODE.finditer(line))
    for place, each in enumerate(found):
        leads = place == 0 and not _LETTER.search(line, 0, each.start())
        end = found[1].start() if len(found) > 1 else len(line)
        yield f"{each[1]}-{each[2] or each[3]}", _label(line[each.end() : end]) if leads else ""


def _label(rest: str) -> str:
    """Empty where the sentence goes on: a label begins with a capital, or in a script that has none."""
    label = _END_OF_LABEL.split(rest.lstrip(" \t:,;|.-"), maxsplit=1)[0].strip(" ,;|-")
    return "" if label[:1].islower() else label[:MAX_LABEL].strip()
