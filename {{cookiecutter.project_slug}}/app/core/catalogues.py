"""The translations, as translators write them: `locales/LANGUAGE/LC_MESSAGES/*.po`.

The standard library reads catalogues that a tool has compiled. Here each is compiled in memory when the service starts, which takes milliseconds: there is
no step to forget, no file that is older than its source, and nothing to be written in an image that cannot be written to.
"""

import ast
import re
import struct
from collections.abc import Iterator, Mapping
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

LOCALES = Path(__file__).parents[2] / "locales"
_LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s+)?(".*")\s*')
_FUZZY = re.compile(r"^#,.*\bfuzzy\b", re.MULTILINE)
_MAGIC = 0x950412DE


@cache
def catalogues(folder: Path = LOCALES) -> Mapping[str, GNUTranslations]:
    """The languages besides English, by their tags, with what they say. Each is a folder, such as `fr` or `pt_BR`; its files add up.

    Raises:
        ValueError: a file is no catalogue.
    """
    found: dict[str, GNUTranslations] = {}
    for path in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        tag, catalogue = path.parts[-3].replace("_", "-"), read_catalogue(path)
        if tag in found:
            found[tag].add_fallback(catalogue)
        found.setdefault(tag, catalogue)
    return found


def read_catalogue(path: Path) -> GNUTranslations:
    """One file; messages that are not translated, or marked as fuzzy, are left out.

    Raises:
        ValueError: it is no catalogue.
    """
    try:
        return GNUTranslations(BytesIO(_compile(dict(_messages(path.read_text(encoding="utf-8"))))))
    except (ValueError, SyntaxError, KeyError) as error:
        raise ValueError(f"{path} is no catalogue: {error}") from error


def _messages(text: str) -> Iterator[tuple[str, str]]:
    """Key and translation of each message: parts of a key are joined by EOT, forms of the plural by NUL."""
    for paragraph in re.split(r"\n\s*\n", text):
        parts = _parts(line for line in paragraph.split("\n") if line.strip() and not line.startswith("#"))
        translated = [value for name, value in parts.items() if name.startswith("msgstr")]
        if not parts or not all(translated) or (parts["msgid"] and _FUZZY.search(paragraph)):
            continue
        key = "\0".join(parts[name] for name in ("msgid", "msgid_plural") if name in parts)
        yield f"{parts['msgctxt']}\4{key}" if "msgctxt" in parts else key, "\0".join(translated)


def _parts(lines: Iterator[str]) -> dict[str, str]:
    parts: dict[str, str] = {}
    name = ""
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None or match[1] in parts or not (match[1] or name):
            raise ValueError(f"{line!r} is not expected here; messages are parted by empty lines")
        name = match[1] or name
        parts[name] = parts.get(name, "") + ast.literal_eval(match[2])
    return parts


def _compile(messages: Mapping[str, str]) -> bytes:
    """The binary form: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html"""
    rows = sorted((key.encode(), value.encode()) for key, value in messages.items())
    head, tables, texts = 28, b"", b""
    begin = head + 16 * len(rows)
    for text in (*(key for key, _ in rows), *(value for _, value in rows)):
        tables += struct.pack("<2I", len(text), begin + len(texts))
        texts += text + b"\0"
    return struct.pack("<7I", _MAGIC, 0, len(rows), head, head + 8 * len(rows), 0, begin) + tables + texts
