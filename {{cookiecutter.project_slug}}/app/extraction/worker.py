"""The child: a report on its standard input, its text on its standard output, and nothing else of the world.

`app/extraction/reader.py` starts it. What a report does to its parser happens here, within limits that the process cannot raise again.
"""

import json
import math
import resource
import sys
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final

from app.extraction.limits import Limits, Unreadable

# Dashes of all kinds, and characters that show nothing: soft hyphens, joiners, marks of direction.
_DASHES: Final = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")
_INVISIBLE: Final = dict.fromkeys(
    [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
_WITH_PICTURES: Final = {"pdf", "docx"}  # which may hold all that a report says: an empty text only says nothing
_PLAIN: Final = {**_DASHES, **_INVISIBLE}


def main() -> None:
    """Read the report of the kind in the first argument within the limits in the second."""
    kind, limits = sys.argv[1], Limits(**json.loads(sys.argv[2]))
    restrict(limits)
    json.dump(outcome(kind, sys.stdin.buffer.read(), limits), sys.stdout)


def restrict(limits: Limits) -> None:
    """Take from this process what it does not need: it may write no file, and beyond its memory and CPU it ends.

    Where the machine has no memory left, this process goes, not the server. A limit around the service may end it as a whole (docs/extraction.md).
    """
    with suppress(OSError):  # on other systems than Linux
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    seconds, memory = math.ceil(limits.seconds), limits.memory << 20
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if sys.platform != "darwin":  # which refuses such a limit, or does not hold it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def outcome(kind: str, content: bytes, limits: Limits) -> dict[str, str]:
    """The `text`, or the `fault` that is in its way."""
    try:
        return {"text": text_of(kind, content, limits)}
    except Unreadable as error:
        return {"fault": error.fault}
    except (MemoryError, RecursionError):
        return {"fault": "too_expensive"}
    except Exception:  # noqa: BLE001 - whatever a parser stumbles over, the report is at fault
        return {"fault": "damaged"}


def text_of(kind: str, content: bytes, limits: Limits) -> str:
    """The text in one form: NFKC, each dash a hyphen, nothing invisible, nothing that cannot be stored.

    Raises:
        Unreadable: there is no text, or too much of it.
    """
    read: Callable[[bytes, Limits], Iterable[str]] = import_module(f"app.extraction.{kind}").read
    parts: list[str] = []
    left = limits.characters
    for part in read(content, limits):
        parts.append(part)
        if (left := left - len(part)) < 0:
            raise Unreadable("too_many_characters")
    text = unicodedata.normalize("NFKC", "".join(parts).translate(_PLAIN))
    if kind in _WITH_PICTURES and not text.strip():
        raise Unreadable("no_text")
    if len(text) > limits.characters:  # one character may become eighteen
        raise Unreadable("too_many_characters")
    return text.encode("utf-8", "replace").decode()
