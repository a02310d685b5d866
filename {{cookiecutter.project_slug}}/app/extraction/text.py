"""Plain text: UTF-8, or whatever else it seems to be encoded in."""

from collections.abc import Iterator
from typing import Final

from charset_normalizer import from_bytes

from app.extraction.limits import Limits, Unreadable

SAMPLE: Final = 65_536  # by which the encoding is guessed


def read(content: bytes, _limits: Limits) -> Iterator[str]:
    """All of it."""
    yield decoded(content)


def decoded(content: bytes) -> str:
    """The content as text; what has a NUL in it is none."""
    if b"\0" in content:
        raise Unreadable("wrong_type")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        guess = from_bytes(content[:SAMPLE]).best()
    if guess is None:
        raise Unreadable("wrong_type")
    return content.decode(guess.encoding, "replace")
