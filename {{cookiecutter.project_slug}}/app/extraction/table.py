"""CSV: the cells of a row parted by tabs, as those of a table in a document."""

import csv
import io
from collections.abc import Iterator

from app.extraction.limits import Limits
from app.extraction.text import decoded


def read(content: bytes, limits: Limits) -> Iterator[str]:
    """Row after row; commas, semicolons or tabs part the cells, whichever the first line has most of."""
    text = decoded(content)
    first = text[: limits.characters].partition("\n")[0]
    csv.field_size_limit(limits.characters)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count)):
        yield "\t".join(" ".join(cell.split()) for cell in row) + "\n"
