"""A report on courses, in the manner of those that colleges printed, in each format that is read."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

CODES: Final[Mapping[str, str]] = {
    "MATH-101": "Analysis of the Infinite",
    "PHYS-204": "Optics, with Experiments",
    "CHEM-17B": "Qualitative Analysis",
    "HIST-310": "Institutions of the Ancients",
}
PROSE: Final = (
    "To the Trustees of the College: The Committee to which the courses of instruction were referred",
    "has the honor to report that each has been given throughout the year, and that the attendance",
    "has in no department been less than in the year before. The laboratory stands in want of room.",
)

WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PDF_TYPE: Final = "application/pdf"
DOCX_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def lines(pages: int = 3) -> list[list[str]]:
    """The lines of each page: prose, then the courses of the year."""
    courses = [f"{code} {label}" for code, label in CODES.items()]
    return [[f"Report of the Committee, page {number}", *PROSE * 8, *courses] for number in range(1, pages + 1)]


def as_text(pages: int = 3) -> bytes:
    """Plain text in UTF-8, as an editor of Windows begins it."""
    return "\r\n".join(line for page in lines(pages) for line in page).encode("utf-8-sig")


def as_csv(pages: int = 3) -> bytes:
    """A table with a column for the code and one for the title."""
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";")
    writer.writerow(["code", "title", "remarks"])
    for _ in range(pages):
        writer.writerows([code, label, "given\nthroughout the year"] for code, label in CODES.items())
    return table.getvalue().encode()


def as_pdf(pages: int = 3) -> bytes:
    """A page of the report on each page."""
    return pdf([content_of(page) for page in lines(pages)])


def as_docx(pages: int = 3) -> bytes:
    """Paragraphs, and the courses in a table."""
    prose = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for page in lines(pages) for line in page[:-4])
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    rows = "".join(f"<w:tr>{cell.format(code)}{cell.format(label)}</w:tr>" for code, label in CODES.items())
    return docx(f"{prose}<w:tbl>{rows}</w:tbl>")


def content_of(page: Iterable[str]) -> bytes:
    """What draws lines of text on a page of a PDF."""
    shown = [line.replace("(", r"\(").replace(")", r"\)").encode("latin-1") for line in page]
    return b"BT /F1 10 Tf 72 760 Td " + b"".join(b"(%b) Tj 0 -12 Td " % line for line in shown) + b"ET"


def pdf(contents: Sequence[bytes]) -> bytes:
    """A PDF with a page for each of the contents."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(contents)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, len(contents)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, content in enumerate(contents):
        rest = b"/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R" % (5 + 2 * number)
        stream = zlib.compress(content)
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]%b>>" % rest)
        objects.append(b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(stream), stream))
    return pdf_of(objects)


def pdf_of(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, of which the first is its catalogue."""
    file, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(objects) + 1, len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\n" % (size, table, size)
    return bytes(file + b"startxref\n%d\n%%%%EOF" % start)


def docx(body: str, *, before: str = "", files: Mapping[str, bytes] = {}) -> bytes:
    """A document of Word with this body, something before its root, and further files in its archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        document = f'<?xml version="1.0"?>{before}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
        for name, content in {"word/document.xml": document.encode(), **files}.items():
            writer.writestr(name, content)
    return archive.getvalue()
