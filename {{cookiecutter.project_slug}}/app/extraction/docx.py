"""DOCX, by the standard library: one file of a ZIP archive, read as a stream, so that no tree of it is ever in memory."""

import io
import zipfile
from collections.abc import Iterator
from typing import Final, NoReturn
from xml.etree.ElementTree import XMLParser

from app.extraction.limits import Limits, Unreadable

DOCUMENT: Final = "word/document.xml"
MAX_FILES: Final = 10_000
PIECE: Final = 65_536
_OLE: Final = b"\xd0\xcf\x11\xe0"  # what Word wraps a document with a password in
_IS_ENCRYPTED: Final = 0x1
_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# What stands for the end of an element: cells are parted by tabs, rows and paragraphs by line breaks.
_ENDS: Final = {f"{_WORD}{name}": text for name, text in {"tab": "\t", "br": "\n", "tc": "\t", "tr": "\n"}.items()}


def read(content: bytes, _limits: Limits) -> Iterator[str]:
    """The text of the document, without headers, footers and notes."""
    if content.startswith(_OLE):
        raise Unreadable("encrypted")
    if not content.startswith(b"PK\x03\x04"):
        raise Unreadable("wrong_type")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {each.filename: each for each in archive.infolist()[:MAX_FILES]}
        if (document := files.get(DOCUMENT)) is None:
            raise Unreadable("wrong_type")
        if document.flag_bits & _IS_ENCRYPTED:
            raise Unreadable("encrypted")
        target = _Text()
        parser = XMLParser(target=target)  # noqa: S314 - what the rule is about, entities, is refused
        with archive.open(document) as stream:
            while piece := stream.read(PIECE):
                parser.feed(piece)
                yield from target.taken()
        parser.close()
        yield from target.taken()


class _Text:
    """What the parser reports to."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._cells = 0
        self._is_text = False

    def taken(self) -> list[str]:
        """The text since the last time."""
        found, self._found = self._found, []
        return found

    def doctype(self, _name: str, _public: str, _system: str) -> NoReturn:
        """No document of Word has one: it could declare entities, a billion laughs among them."""
        raise Unreadable("damaged")

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        """An element begins."""
        self._is_text = tag == f"{_WORD}t"
        self._cells += tag == f"{_WORD}tc"

    def data(self, text: str) -> None:
        """Text of an element."""
        if self._is_text:
            self._found.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._is_text = False
        self._cells -= tag == f"{_WORD}tc"
        if tag == f"{_WORD}p":  # in a cell the row goes on
            self._found.append(" " if self._cells else "\n")
        elif tag in _ENDS:
            self._found.append(_ENDS[tag])

    def close(self) -> None:
        """The document ends."""
