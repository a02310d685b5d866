"""Reports that were made to do harm, or that only look as if: each with the kind that it claims to be and what becomes of it."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from hashlib import shake_128
from typing import Final, NamedTuple

from pypdf import PdfReader, PdfWriter

from tests.extraction import reports

TEXT: Final = "text"  # it is read, and does nobody any harm


class Hostile(NamedTuple):
    """One report; `outcome` is the fault that is found, or `TEXT`."""

    kind: str
    outcome: str
    make: Callable[[], bytes]


def paragraph(text: str) -> str:
    """A paragraph of a document."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def encrypted_pdf() -> bytes:
    """A PDF with a password."""
    writer, file = PdfWriter(clone_from=PdfReader(io.BytesIO(reports.as_pdf()))), io.BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(file)
    return file.getvalue()


def pages_of(pages: bytes) -> bytes:
    """A PDF with this object where the pages are listed."""
    return reports.pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", pages])


def table_before_itself() -> bytes:
    """A PDF whose table of contents says that itself comes before it."""
    file = reports.as_pdf()
    return file.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %b" % file.split()[-2])


def flate_bomb(times: int = 1) -> bytes:
    """A page of 120 MiB in 120 kB, or in less where it is compressed again."""
    stream = zlib.compress(bytes(120 << 20), 9)
    for _ in range(times - 1):
        stream = zlib.compress(stream, 9)
    return reports.pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</Font<<>>>>/Contents 4 0 R>>",
            b"<</Filter[%b]/Length %d>>stream\n%b\nendstream" % (b"/FlateDecode" * times, len(stream), stream),
        ]
    )


def endless_operators(pages: int) -> bytes:
    """Pages that take a second each, and are a hundred bytes each."""
    return reports.pdf([b"BT /F1 9 Tf " + b"(x) Tj " * 100_000 + b"ET"] * pages)


def laughs() -> str:
    """Entities that become a billion."""
    steps = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    return f'<!DOCTYPE l [<!ENTITY a "ha">{steps}]>'


def archive(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return file.getvalue()


def nested_archives() -> bytes:
    """Archives in archives, the innermost of which is a bomb."""
    content = bytes(10 << 20)
    for _ in range(6):
        content = archive({f"{number}.zip": content for number in range(8)})
    return content


def with_flag(document: bytes, flag: int) -> bytes:
    """A document whose archive says something else of its files."""
    place = document.index(b"PK\x01\x02") + 8
    return document[:place] + struct.pack("<H", flag) + document[place + 2 :]


def with_size(document: bytes, size: int) -> bytes:
    """A document whose archive lies about the size of its first file."""
    place = document.index(b"PK\x01\x02") + 24
    return document[:place] + struct.pack("<I", size) + document[place + 4 :]


def letter_under_accents() -> bytes:
    """A letter under so many accents that to bring them into their order takes minutes."""
    return ("a" + "\u0323\u0301" * 200_000).encode()


NOISE: Final = shake_128(b"report").digest(3000).replace(b"\0", b"")
REPORT: Final = reports.as_docx()
ENTITY: Final = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
CORPUS: Final[Mapping[str, Hostile]] = {
    "pdf: a page of 120 MiB": Hostile("pdf", "too_expensive", flate_bomb),
    "pdf: the same, compressed twice": Hostile("pdf", "too_expensive", lambda: flate_bomb(2)),
    "pdf: nothing but a beginning": Hostile("pdf", "damaged", lambda: b"%PDF-1.7\n" + b"\xff" * 1000),
    "pdf: cut off": Hostile("pdf", "damaged", lambda: reports.as_pdf()[:2000]),
    "pdf: encrypted": Hostile("pdf", "encrypted", encrypted_pdf),
    "pdf: pages that hold themselves": Hostile(
        "pdf", "damaged", lambda: pages_of(b"<</Type/Pages/Kids[2 0 R]/Count 5>>")
    ),
    "pdf: a billion pages that are not there": Hostile(
        "pdf", "no_text", lambda: pages_of(b"<</Type/Pages/Kids[]/Count 999999999>>")
    ),
    "pdf: a table of contents before itself": Hostile("pdf", TEXT, table_before_itself),
    "pdf: arrays in arrays": Hostile("pdf", "too_expensive", lambda: pages_of(b"[" * 200_000)),
    "pdf: scanned pages": Hostile("pdf", "no_text", lambda: reports.pdf([b"q 9 0 0 9 0 0 cm /Im0 Do Q"] * 9)),
    "pdf: too many pages": Hostile("pdf", "too_many_pages", lambda: reports.pdf([b""] * 301)),
    "pdf: an archive behind it": Hostile("pdf", TEXT, lambda: reports.as_pdf() + REPORT),
    "pdf: a document of Word": Hostile("pdf", "wrong_type", lambda: REPORT),
    "docx: a million paragraphs": Hostile(
        "docx", "too_many_characters", lambda: reports.docx(paragraph("x") * 1_000_000)
    ),
    "docx: one paragraph of 50 MB": Hostile(
        "docx", "too_many_characters", lambda: reports.docx(paragraph("x" * 50_000_000))
    ),
    "docx: a million elements in each other": Hostile("docx", "damaged", lambda: reports.docx("<w:a>" * 1_000_000)),
    "docx: a billion laughs": Hostile("docx", "damaged", lambda: reports.docx(paragraph("&j;"), before=laughs())),
    "docx: a file of this machine": Hostile("docx", "damaged", lambda: reports.docx(paragraph("&a;"), before=ENTITY)),
    "docx: archives in archives": Hostile("docx", "wrong_type", nested_archives),
    "docx: an archive as its text": Hostile(
        "docx", "damaged", lambda: archive({"word/document.xml": nested_archives()})
    ),
    "docx: a table of Excel": Hostile("docx", "wrong_type", lambda: archive({"xl/workbook.xml": b"<a/>"})),
    "docx: 50,000 files": Hostile(
        "docx", "wrong_type", lambda: archive({f"{n}": b"" for n in range(50_000)} | {"word/document.xml": b"<a/>"})
    ),
    "docx: encrypted as an archive": Hostile("docx", "encrypted", lambda: with_flag(REPORT, 1)),
    "docx: encrypted by Word": Hostile("docx", "encrypted", lambda: b"\xd0\xcf\x11\xe0" + bytes(600)),
    "docx: cut off": Hostile("docx", "damaged", lambda: REPORT[:-30]),
    "docx: a size that is a lie": Hostile("docx", "damaged", lambda: with_size(REPORT, 10)),
    "docx: a PDF": Hostile("docx", "wrong_type", reports.as_pdf),
    "table: ten million rows": Hostile("table", "too_many_characters", lambda: b"\n" * 10_000_000),
    "table: a cell without an end": Hostile("table", "damaged", lambda: b'"' + b"a" * 9_000_000),
    "table: five million columns": Hostile("table", "too_many_characters", lambda: b"," * 5_000_000),
    "text: a program": Hostile("text", "wrong_type", lambda: b"\x7fELF\0\0"),
    "text: bytes by chance": Hostile("text", "wrong_type", lambda: NOISE),
    "text: from right to left and back": Hostile(
        "text", TEXT, lambda: "\u202eMATH-101\u202c \u05d0\u05d1".encode() * 99
    ),
    "text: letters that become words": Hostile("text", "too_many_characters", lambda: "\ufdfa".encode() * 900_000),
}
