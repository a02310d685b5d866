"""PDF, by pypdf: pure Python, with bounds of its own on what a stream may become."""

import io
from collections.abc import Iterator

from pypdf import PdfReader
from pypdf.errors import LimitReachedError

from app.extraction.limits import Limits, Unreadable


def read(content: bytes, limits: Limits) -> Iterator[str]:
    """The text of each page."""
    if not content.startswith(b"%PDF-"):
        raise Unreadable("wrong_type")
    try:
        yield from _pages(PdfReader(io.BytesIO(content)), limits)
    except LimitReachedError as error:
        raise Unreadable("too_expensive") from error


def _pages(reader: PdfReader, limits: Limits) -> Iterator[str]:
    if reader.is_encrypted:
        raise Unreadable("encrypted")
    if len(reader.pages) > limits.pages:
        raise Unreadable("too_many_pages")
    for page in reader.pages:
        yield page.extract_text() + "\n"
