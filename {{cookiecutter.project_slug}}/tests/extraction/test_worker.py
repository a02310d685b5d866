"""What is read of reports, without the process that it happens in."""

from hashlib import shake_128

import pytest

from app.extraction.limits import Limits, Unreadable
from app.extraction.worker import outcome, text_of
from tests.extraction import reports

NOISE = shake_128(b"report").digest(3000).replace(b"\0", b"")
LIMITS = Limits(pages=5, characters=20_000, seconds=5, memory=400)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("pdf", reports.as_pdf()),
        ("docx", reports.as_docx()),
        ("table", reports.as_csv()),
        ("text", reports.as_text()),
    ],
)
def test_report_is_read_in_each_format(kind: str, content: bytes) -> None:
    text = text_of(kind, content, LIMITS)

    for code, label in reports.CODES.items():
        assert [
            line for line in text.splitlines() if line.split() == [code, *label.split()]
        ] or f"{code}\t{label}" in text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("café".encode(), "café"),
        ("\ufeffcafé".encode(), "café"),
        ("Les élèves de l'école étudient à l'université. ".encode("cp1252") * 9, "Les élèves"),
        ("MATH\u2011101, MATH\u2212102".encode(), "MATH-101, MATH-102"),
        ("MA\u00adTH-\u200b10\u202e1".encode(), "MATH-101"),
        ("".join(chr(ord(letter) + 0xFEE0) for letter in "MATH-101").encode(), "MATH-101"),
        ("e\u0301".encode(), "é"),
        (b"", ""),
        (b"a\n\xf0\x9f\x8e\x93", "a\n\U0001f393"),
    ],
)
def test_text_has_one_form_whatever_wrote_it(content: bytes, text: str) -> None:
    assert text_of("text", content, LIMITS).startswith(text)


def test_cells_are_parted_by_tabs_and_what_breaks_a_cell_does_not_break_its_row() -> None:
    table = text_of("table", b'MATH-101,"Analysis,\nand more",6\n', LIMITS)
    document = text_of("docx", reports.docx("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/></w:r></w:p>"), LIMITS)

    assert table == "MATH-101\tAnalysis, and more\t6\n"
    assert document == "a\tb\n\n"


@pytest.mark.parametrize(
    ("kind", "content", "fault"),
    [
        ("pdf", b"MATH-101", "wrong_type"),
        ("pdf", reports.as_docx(), "wrong_type"),
        ("docx", reports.as_pdf(), "wrong_type"),
        ("text", b"MATH-101\0", "wrong_type"),
        ("table", NOISE, "wrong_type"),
        ("pdf", reports.as_pdf()[:2000], "damaged"),
        ("docx", reports.as_docx()[:-30], "damaged"),
        ("pdf", reports.as_pdf(6), "too_many_pages"),
        ("text", b"a" * 20_001, "too_many_characters"),
        ("text", "\ufdfa".encode() * 2000, "too_many_characters"),
        ("pdf", reports.pdf([b""] * 3), "no_text"),
        ("docx", reports.docx("<w:p/>"), "no_text"),
    ],
)
def test_what_cannot_be_read_has_a_reason(kind: str, content: bytes, fault: str) -> None:
    assert outcome(kind, content, LIMITS) == {"fault": fault}


def test_more_than_a_text_may_have_is_not_read_to_its_end() -> None:
    with pytest.raises(Unreadable, match="too_many_characters"):
        text_of("table", b"a\n" * 1_000_000, LIMITS)
